//! That a request is judged before it is found that nothing can be written; and which error each of several groups has.

use super::*;
use crate::core::group::partition_for;

/// Java's hash code of it is that of [`GROUP`].
const BESIDE: &str = "sFaders";
const NOT_STABLE: ErrorCode = ErrorCode::NotCoordinator;

fn delete(cluster: &mut TestCluster, on: ConnectionId, groups: &[&str]) -> Option<Vec<(String, ErrorCode)>> {
    let groups_names = groups.iter().map(|name| text(*name)).collect();
    let request = DeleteGroupsRequestData { groups_names, ..Default::default() };
    let answer = cluster.ask_on(on, Api::DeleteGroups, 2, Request::DeleteGroups(request))?;
    Some(deleted(answer))
}

fn deleted(answer: Response) -> Vec<(String, ErrorCode)> {
    let Response::DeleteGroups(response) = answer else { panic!("no answer to DeleteGroups: {answer:?}") };
    let results = response.results.iter();
    results.map(|it| (it.group_id.as_str().to_owned(), ErrorCode::from(it.error_code))).collect()
}

/// A group on another partition of `__consumer_offsets` with the same coordinator.
fn neighbour(cluster: &TestCluster, broker: i32) -> String {
    let topic = cluster.core.image.topic("__consumer_offsets").unwrap();
    let its = |name: &String| {
        let index = partition_for(name, 50);
        let leader = topic.partition(index).unwrap().leader;
        index != partition_for(GROUP, 50) && leader == Some(broker)
    };
    (0..100).map(|number| format!("group-{number}")).find(its).expect("every broker has several partitions")
}

#[test]
fn a_wrong_request_is_called_wrong_even_where_nothing_can_be_written() {
    let configs = [AT_ONCE, ("offsets.topic.replication.factor", "2"), ("min.insync.replicas", "2")];
    let mut cluster = TestCluster::new(2, &configs);
    cluster.core.begin_with_topic("orders", 1, 2).unwrap();
    find(&mut cluster, 1);
    let broker = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, broker);
    cluster.end(other_than(broker), End::Controlled);
    for (member, generation, error) in [
        ("nobody", 1, ErrorCode::UnknownMemberId),
        (&*member, 0, ErrorCode::IllegalGeneration),
        (&*member, 1, ErrorCode::CoordinatorNotAvailable),
    ] {
        let request = OffsetCommitRequestData {
            member_id: text(member),
            generation_id_or_member_epoch: generation,
            ..commit_request(&[("orders", &[0])])
        };
        let response = ask!(cluster, broker, OffsetCommit, 7, request);
        assert_eq!(ErrorCode::from(response.topics[0].partitions[0].error_code), error);
    }
    let on = cluster.connect(broker);
    for (group, error) in [(BESIDE, ErrorCode::GroupIdNotFound), (GROUP, ErrorCode::NonEmptyGroup)] {
        assert_eq!(delete(&mut cluster, on, &[group]), Some(vec![(group.to_owned(), error)]));
    }
    let request = OffsetDeleteRequestData { group_id: text(BESIDE), ..Default::default() };
    let response = ask!(cluster, broker, OffsetDelete, 0, request);
    assert_eq!(ErrorCode::from(response.error_code), ErrorCode::GroupIdNotFound);
}

#[test]
fn only_groups_whose_offsets_are_not_committed_in_time_have_no_stable_ones() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let other = neighbour(&cluster, broker);
    let request =
        OffsetCommitRequestData { group_id: text(other.clone()), ..commit_request(&[("orders", &[0])]) };
    ask!(cluster, broker, OffsetCommit, 7, request);
    cluster.delay(other_than(broker), 0, 60_000);
    let committing = cluster.connect(broker);
    assert!(commit_on(&mut cluster, committing, 6).is_none());
    let group =
        |name: &str| OffsetFetchRequestGroup { group_id: text(name), topics: None, ..Default::default() };
    let request = OffsetFetchRequestData {
        groups: vec![group(GROUP), group(&other)],
        require_stable: true,
        ..Default::default()
    };
    let several = cluster.connect(broker);
    assert!(cluster.ask_on(several, Api::OffsetFetch, 8, Request::OffsetFetch(request)).is_none());
    let request = OffsetFetchRequestData {
        group_id: text(GROUP),
        topics: None,
        require_stable: true,
        ..Default::default()
    };
    let single = cluster.connect(broker);
    assert!(cluster.ask_on(single, Api::OffsetFetch, 7, Request::OffsetFetch(request)).is_none());
    cluster.advance(5_000);
    assert_eq!(commit_error(cluster.answer(committing)), Some(ErrorCode::CoordinatorNotAvailable));
    let Some(Response::OffsetFetch(response)) = cluster.answer(single) else { panic!("its time is over") };
    assert_eq!(ErrorCode::from(response.error_code), NOT_STABLE);
    let Some(Response::OffsetFetch(response)) = cluster.answer(several) else { panic!("its time is over") };
    let groups = response.groups.iter();
    let said: Vec<_> = groups
        .map(|group| {
            let offsets: Vec<_> = group.topics.iter().map(|it| it.partitions[0].committed_offset).collect();
            (group.group_id.as_str(), ErrorCode::from(group.error_code), offsets)
        })
        .collect();
    assert_eq!(said, [(GROUP, NOT_STABLE, vec![]), (&*other, ErrorCode::None, vec![5])]);
}

#[test]
fn groups_of_one_partition_are_deleted_together_or_not() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    assert_eq!(partition_for(BESIDE, 50), partition_for(GROUP, 50));
    let other = neighbour(&cluster, broker);
    commit(&mut cluster, broker, &[("orders", &[0])]);
    cluster.delay(other_than(broker), 0, 60_000);
    let on = cluster.connect(broker);
    assert_eq!(delete(&mut cluster, on, &[GROUP, BESIDE, &other]), None);
    cluster.advance(5_000);
    let mut said = deleted(cluster.answer(on).expect("its time is over"));
    said.sort_by(|one, other| one.0.cmp(&other.0));
    let late = ErrorCode::CoordinatorNotAvailable;
    let expected = [(other, ErrorCode::GroupIdNotFound), (GROUP.to_owned(), late), (BESIDE.to_owned(), late)];
    assert_eq!(said, expected);
}
