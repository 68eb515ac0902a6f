#!/usr/bin/env python3
"""Deletes a topic with all its records, and lists the topics before and after."""

from helpers import arguments, delete_topic, list_topics


def main():
    parser = arguments(__doc__)
    parser.add_argument("--topic", default="airports-data")
    options = parser.parse_args()

    print("Topics before:", list_topics(options.bootstrap_servers))
    print(delete_topic(options.bootstrap_servers, options.topic))
    print("Topics after:", list_topics(options.bootstrap_servers))


if __name__ == "__main__":
    main()
