//! Offsets: committed, fetched, deleted with their topics.

use super::*;

#[test]
fn a_commit_names_what_does_not_exist_and_keeps_the_rest() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let said = commit(&mut cluster, broker, &[("orders", &[0, 7]), ("nothing", &[0])]);
    assert_eq!(
        said,
        [("orders".to_owned(), 7, unknown), ("orders".to_owned(), 0, 0), ("nothing".to_owned(), 0, unknown)]
    );
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 0, 5)]));
}

#[test]
fn a_commit_of_nothing_that_exists_needs_no_coordinator() {
    let mut cluster = cluster();
    let wrong = other_than(coordinator(&mut cluster));
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let said = commit(&mut cluster, wrong, &[("nothing", &[0])]);
    assert_eq!(said, [("nothing".to_owned(), 0, unknown)]);
}

#[test]
fn topics_are_committed_and_fetched_by_their_ids() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let id = cluster.core.image.topic("orders").unwrap().id;
    let strange = KafkaUuid::from_parts(1, 2);
    let mut request = commit_request(&[("", &[0]), ("", &[0])]);
    request.topics[0].topic_id = strange;
    request.topics[1].topic_id = id;
    let response = ask!(cluster, broker, OffsetCommit, 10, request);
    let said: Vec<_> =
        response.topics.iter().map(|topic| (topic.topic_id, topic.partitions[0].error_code)).collect();
    assert_eq!(said, [(strange, ErrorCode::UnknownTopicId.code()), (id, 0)]);

    let topic =
        |topic_id| OffsetFetchRequestTopics { topic_id, partition_indexes: vec![0], ..Default::default() };
    for topics in [Some(vec![topic(strange), topic(id)]), None] {
        let all = topics.is_none();
        let group = OffsetFetchRequestGroup { group_id: text(GROUP), topics, ..Default::default() };
        let request = OffsetFetchRequestData { groups: vec![group], ..Default::default() };
        let response = ask!(cluster, broker, OffsetFetch, 10, request);
        let fetched: Vec<_> = response.groups[0]
            .topics
            .iter()
            .map(|topic| {
                let partition = &topic.partitions[0];
                (topic.topic_id, partition.committed_offset, partition.error_code)
            })
            .collect();
        let unknown = (strange, -1, ErrorCode::UnknownTopicId.code());
        assert_eq!(fetched, if all { vec![(id, 5, 0)] } else { vec![(id, 5, 0), unknown] });
    }
}

#[test]
fn deleting_a_topic_deletes_its_offsets_and_leaves_the_group() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    cluster.core.begin_with_topic("returns", 1, 3).unwrap();
    commit(&mut cluster, broker, &[("orders", &[0]), ("returns", &[0])]);
    let request = DeleteTopicsRequestData {
        topic_names: vec![text("orders")],
        timeout_ms: 1_000,
        ..Default::default()
    };
    assert_eq!(ask!(cluster, 1, DeleteTopics, 5, request).responses[0].error_code, 0);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("returns".to_owned(), 0, 5)]));
    assert_eq!(state(&mut cluster, broker), (0, "Empty".to_owned(), 0));
}

#[test]
fn deleting_the_topic_of_the_groups_deletes_them_and_answers_who_waits() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    group_of_one(&mut cluster, broker);
    let two = cluster.connect(broker);
    assert_eq!(join_on(&mut cluster, two, ""), None);
    let request = DeleteTopicsRequestData {
        topic_names: vec![text("__consumer_offsets")],
        timeout_ms: 1_000,
        ..Default::default()
    };
    assert_eq!(ask!(cluster, 1, DeleteTopics, 5, request).responses[0].error_code, 0);
    let told = joined(cluster.answer(two).expect("who waits is answered"));
    assert_eq!(told.error_code, ErrorCode::NotCoordinator.code());
    assert_eq!(find(&mut cluster, 1).0, ErrorCode::CoordinatorNotAvailable.code());
    let broker = coordinator(&mut cluster);
    assert_eq!(state(&mut cluster, broker), (0, "Dead".to_owned(), 0));
}
