//! Topics that are made because a client asked about them.

use crate::core::End;
use crate::core::testing::{TestCluster, ask};
use crate::wire::messages::metadata_request::{MetadataRequestData, MetadataRequestTopic};
use crate::wire::messages::metadata_response::MetadataResponseTopic;
use crate::wire::{ErrorCode, text};

/// What the first broker says of a topic, which it may make.
fn asked(cluster: &mut TestCluster, topic: &str) -> MetadataResponseTopic {
    let request = MetadataRequestData {
        topics: Some(vec![MetadataRequestTopic { name: Some(text(topic)), ..Default::default() }]),
        allow_auto_topic_creation: true,
        ..Default::default()
    };
    ask!(cluster, 1, Metadata, 12, request).topics.remove(0)
}

#[test]
fn a_topic_that_can_not_be_made_is_unknown_to_whoever_asks() {
    let configs = [("default.replication.factor", "3"), ("offsets.topic.replication.factor", "3")];
    let mut cluster = TestCluster::new(2, &configs);
    for topic in ["t", "__consumer_offsets"] {
        for _ in 0..2 {
            assert_eq!(asked(&mut cluster, topic).error_code, ErrorCode::UnknownTopicOrPartition.code());
        }
    }
}

#[test]
fn a_topic_is_made_with_replicas_on_brokers_that_are_down() {
    let mut cluster = TestCluster::new(3, &[("default.replication.factor", "3")]);
    cluster.end(3, End::Controlled);
    assert_eq!(asked(&mut cluster, "t").error_code, ErrorCode::UnknownTopicOrPartition.code());
    let topic = asked(&mut cluster, "t");
    assert_eq!(topic.error_code, 0);
    let partition = &topic.partitions[0];
    assert_eq!((partition.replica_nodes.len(), partition.isr_nodes.len()), (3, 2));
    assert_eq!(partition.offline_replicas, [3]);
}
