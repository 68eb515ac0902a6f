#!/usr/bin/env python3
"""Creates a topic, and lists the topics before and after."""

from helpers import arguments, create_topic, list_topics


def main():
    parser = arguments(__doc__)
    parser.add_argument("--topic", default="airports-data")
    parser.add_argument("--partitions", type=int, default=3, help="-1 leaves it to the broker (default: %(default)s)")
    parser.add_argument(
        "--replication-factor", type=int, default=-1, help="-1 leaves it to the broker (default: %(default)s)"
    )
    options = parser.parse_args()

    print("Topics before:", list_topics(options.bootstrap_servers))
    print(create_topic(options.bootstrap_servers, options.topic, options.partitions, options.replication_factor))
    print("Topics after:", list_topics(options.bootstrap_servers))


if __name__ == "__main__":
    main()
