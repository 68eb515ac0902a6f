#!/usr/bin/env python3
"""Reads airports as a member of a consumer group and commits after each one. Ctrl-C leaves the group."""

import json

from helpers import arguments, get_kafka_consumer, is_unknown_topic


def main():
    parser = arguments(__doc__)
    parser.add_argument("--topic", default="airports-data")
    parser.add_argument("--group", default="east-coast-dpt")
    options = parser.parse_args()

    consumer = get_kafka_consumer(options.bootstrap_servers, options.group)
    consumer.subscribe([options.topic])
    try:
        while True:
            # One record, one error, or nothing within a second.
            message = consumer.poll(1.0)
            if message is None:
                continue
            if message.error():
                print("Consumer error:", message.error())
                if is_unknown_topic(message.error()):
                    break
                continue
            airport = json.loads(message.value())
            print(f"partition {message.partition()} offset {message.offset()}: {airport['iata']} {airport['name']}")
            # All that poll() has handed out. After the work, so a crash in between repeats this airport and loses
            # none: at least once.
            consumer.commit(asynchronous=False)
    except KeyboardInterrupt:
        pass
    finally:
        # Without close() the group would count on this member until its session times out.
        consumer.close()


if __name__ == "__main__":
    main()
