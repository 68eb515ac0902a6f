//! What is too much for one batch, or for a record.

use super::*;

/// So many bytes a batch may have.
const MOST: usize = 1_000;
const PARTITIONS: i32 = 40;

/// A cluster in which a group has committed more than can be forgotten with one batch.
fn cluster_with_much_committed(configs: &[(&str, &str)]) -> (TestCluster, i32) {
    let configs = [&[AT_ONCE, ("message.max.bytes", "1000")], configs].concat();
    let mut cluster = TestCluster::new(3, &configs);
    cluster.core.begin_with_topic("orders", 40, 1).unwrap();
    find(&mut cluster, 1);
    let broker = coordinator(&mut cluster);
    for first in (0..PARTITIONS).step_by(10) {
        let indexes: Vec<i32> = (first..first + 10).collect();
        let said = commit(&mut cluster, broker, &[("orders", &indexes)]);
        assert!(said.iter().all(|(_, _, error)| *error == 0), "{said:?}");
    }
    assert_eq!(committed(&mut cluster, broker).1.len(), 40);
    (cluster, broker)
}

/// The sizes of the batches that forget offsets.
fn batches_of_tombstones(cluster: &TestCluster, broker: i32) -> Vec<usize> {
    let topic = cluster.core.image.topic("__consumer_offsets").unwrap();
    let partition = crate::core::group::partition_for(GROUP, 50);
    let id = TopicPartition { topic: topic.id, partition };
    let log = &cluster.core.partitions[&id].replica(broker).unwrap().log;
    let batches = log.batches_from(log.start_offset());
    let batches = batches.filter(|batch| batch.keyed_records().any(|record| record.value.is_none()));
    // The length is counted from behind itself.
    batches.map(|batch| 12 + usize::try_from(batch.header().unwrap().length).unwrap()).collect()
}

#[test]
fn however_many_offsets_of_a_deleted_topic_are_forgotten() {
    let (mut cluster, broker) = cluster_with_much_committed(&[]);
    let request = DeleteTopicsRequestData {
        topic_names: vec![text("orders")],
        timeout_ms: 1_000,
        ..Default::default()
    };
    assert_eq!(ask!(cluster, 1, DeleteTopics, 5, request).responses[0].error_code, 0);
    assert_eq!(committed(&mut cluster, broker), (0, vec![]));
    let batches = batches_of_tombstones(&cluster, broker);
    assert!(batches.len() > 1 && batches.iter().all(|bytes| *bytes <= MOST), "{batches:?}");
}

#[test]
fn however_many_offsets_expire_are_forgotten() {
    let expiry = [("offsets.retention.minutes", "1"), ("offsets.retention.check.interval.ms", "1000")];
    let (mut cluster, broker) = cluster_with_much_committed(&expiry);
    cluster.advance(59_000);
    assert_eq!(state(&mut cluster, broker).1, "Empty");
    cluster.advance(2_000);
    assert_eq!(state(&mut cluster, broker).1, "Dead");
    let batches = batches_of_tombstones(&cluster, broker);
    assert!(batches.len() > 1 && batches.iter().all(|bytes| *bytes <= MOST), "{batches:?}");
}

#[test]
fn names_too_long_for_a_record_are_refused() {
    let mut cluster = cluster();
    let name = "g".repeat(32_768);
    let request =
        FindCoordinatorRequestData { coordinator_keys: vec![text(name.clone())], ..Default::default() };
    let broker = ask!(cluster, 1, FindCoordinator, 4, request).coordinators[0].node_id;
    let request = OffsetCommitRequestData { group_id: text(name), ..commit_request(&[("orders", &[0])]) };
    let response = ask!(cluster, broker, OffsetCommit, 9, request);
    let error = ErrorCode::from(response.topics[0].partitions[0].error_code);
    assert_eq!(error, ErrorCode::UnknownServerError);
    let topic = cluster.core.image.topic("__consumer_offsets").unwrap().id;
    let its = cluster.core.partitions.iter().filter(|(id, _)| id.topic == topic);
    assert!(its.flat_map(|(_, it)| it.replicas()).all(|replica| replica.log.end_offset() == 0));
}
