//! That a request is judged before it is found that nothing can be written.

use super::*;

/// Java's hash code of it is that of [`GROUP`].
const BESIDE: &str = "sFaders";

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
