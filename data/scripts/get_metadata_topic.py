#!/usr/bin/env python3
"""Shows each partition of a topic: its leader, replicas, in-sync replicas and watermarks."""

from confluent_kafka import KafkaException

from helpers import arguments, get_metadata_topic


def main():
    parser = arguments(__doc__)
    parser.add_argument("--topic", default="airports-data")
    options = parser.parse_args()

    try:
        partitions = get_metadata_topic(options.bootstrap_servers, options.topic)
    except KafkaException as failure:
        parser.exit(1, f"{options.topic}: {failure.args[0].str()}\n")
    for number, partition in partitions.items():
        print(f"partition {number}:", ", ".join(f"{name} {value}" for name, value in partition.items()))


if __name__ == "__main__":
    main()
