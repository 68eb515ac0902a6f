#!/usr/bin/env python3
"""Writes airports to a topic, each as JSON, and prints what became of each record."""

import itertools
import json
import pathlib

from helpers import arguments, delivery_report, get_kafka_producer

AIRPORTS = pathlib.Path(__file__).parent.parent / "airports.json"


def main():
    parser = arguments(__doc__)
    parser.add_argument("--topic", default="airports-data")
    parser.add_argument("--count", type=int, help="how many airports (default: all)")
    parser.add_argument("--key", help="the airport's field that becomes the key, such as country (default: no key)")
    options = parser.parse_args()

    airports = json.loads(AIRPORTS.read_text(encoding="utf-8"))
    producer = get_kafka_producer(options.bootstrap_servers)
    for airport in itertools.islice(itertools.cycle(airports), options.count or len(airports)):
        # Runs the callbacks that are due by now. The network has a thread of its own and does not wait for this.
        producer.poll(0)
        while True:
            try:
                producer.produce(
                    options.topic,
                    key=airport[options.key] if options.key else None,
                    value=json.dumps(airport),
                    on_delivery=delivery_report,
                )
                break
            except BufferError:
                # The queue holds 100,000 records (queue.buffering.max.messages). Wait until some are reported.
                producer.poll(0.1)

    # Without this the records still in the queue would be lost with the process.
    unreported = producer.flush(60)
    print(f"{unreported} records without a report")


if __name__ == "__main__":
    main()
