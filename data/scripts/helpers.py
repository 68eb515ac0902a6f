"""What the workshop's scripts share: one function for each thing they ask of Kafka.

Every script takes the address of a broker as `--bootstrap-servers`, or from the environment variable
KAFKA_BOOTSTRAP_SERVERS; without either it is localhost:29092.
"""

import argparse
import os

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

BOOTSTRAP_SERVERS = "localhost:29092"
TIMEOUT_S = 10


def arguments(description):
    """A parser with the option that all scripts have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--bootstrap-servers",
        default=os.environ.get("KAFKA_BOOTSTRAP_SERVERS", BOOTSTRAP_SERVERS),
        help="host:port of one broker or more, separated by commas (default: %(default)s)",
    )
    return parser


def get_admin_client(bootstrap_servers):
    """A client for topics, configurations and groups.

    Asking about a topic must not create it, so auto-creation is off on this side, whatever the brokers allow.
    """
    return AdminClient({"bootstrap.servers": bootstrap_servers, "allow.auto.create.topics": False})


def list_topics(bootstrap_servers):
    """The names of all topics, sorted."""
    return sorted(get_admin_client(bootstrap_servers).list_topics(timeout=TIMEOUT_S).topics)


def create_topic(bootstrap_servers, topic, partitions=-1, replication_factor=-1, configs=None):
    """Creates a topic. With -1 the broker's own default decides."""
    new_topic = NewTopic(
        topic, num_partitions=partitions, replication_factor=replication_factor, config=configs or {}
    )
    admin = get_admin_client(bootstrap_servers)  # kept until the answer is there: it goes away with its last name
    futures = admin.create_topics([new_topic])
    return outcome(futures[topic], f"Topic {topic} created")


def delete_topic(bootstrap_servers, topic):
    """Deletes a topic with all its records."""
    admin = get_admin_client(bootstrap_servers)
    futures = admin.delete_topics([topic])
    return outcome(futures[topic], f"Topic {topic} deleted")


def outcome(future, success):
    """Waits for a future. It is a concurrent.futures.Future: it has result(), and `await` does not take it."""
    try:
        future.result(timeout=TIMEOUT_S)
    except KafkaException as failure:
        error = failure.args[0]
        return f"{error.name()}: {error.str()}"
    return success


def get_metadata_topic(bootstrap_servers, topic):
    """Leader, replicas and in-sync replicas of each partition, and its watermarks.

    The first three are in the cluster's metadata; the watermarks are asked of each partition's leader.
    """
    found = get_admin_client(bootstrap_servers).list_topics(topic, timeout=TIMEOUT_S).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    # Any group id will do: this client never joins the group.
    reader = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "get-metadata-topic"})
    try:
        partitions = {}
        for number, partition in sorted(found.partitions.items()):
            low, high = reader.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_S)
            partitions[number] = {
                "leader": partition.leader,
                "replicas": partition.replicas,
                "in_sync": partition.isrs,
                "log_start": low,
                "high_watermark": high,
            }
        return partitions
    finally:
        reader.close()


def get_kafka_producer(bootstrap_servers):
    """A producer with the client's defaults."""
    return Producer({"bootstrap.servers": bootstrap_servers})


def delivery_report(error, message):
    """Called from poll() or flush(), once for each record: it arrived, or it did not and never will."""
    if error is not None:
        print(f"Not delivered: {error}")
    else:
        print(f"Delivered to partition {message.partition()} at offset {message.offset()}")


def get_kafka_consumer(bootstrap_servers, group):
    """A consumer that starts at the oldest record where its group has committed nothing, and commits only by hand."""
    return Consumer({
        "bootstrap.servers": bootstrap_servers,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })


def is_unknown_topic(error):
    """Whether an error says that a topic is not there (yet)."""
    return error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
