//! Groups listed, described, deleted.

use super::*;

#[test]
fn groups_are_listed_described_and_deleted() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    let member = group_of_one(&mut cluster, broker);
    let listed = ask!(cluster, broker, ListGroups, 5, ListGroupsRequestData::default());
    let listed: Vec<_> =
        listed.groups.iter().map(|it| (it.group_id.as_str(), it.group_state.as_str())).collect();
    assert_eq!(listed, [(GROUP, "Stable")]);
    let nowhere = ask!(cluster, other_than(broker), ListGroups, 5, ListGroupsRequestData::default());
    assert_eq!(nowhere.groups, []);
    for (include_authorized_operations, operations) in [(false, i32::MIN), (true, 3400)] {
        let groups = vec![text(GROUP)];
        let request =
            DescribeGroupsRequestData { groups, include_authorized_operations, ..Default::default() };
        let described = ask!(cluster, broker, DescribeGroups, 6, request);
        assert_eq!(described.groups[0].authorized_operations, operations);
        assert_eq!(described.groups[0].members[0].client_host.as_str(), "/127.0.0.1");
    }
    let request = LeaveGroupRequestData {
        group_id: text(GROUP),
        members: vec![MemberIdentity { member_id: text(member), ..Default::default() }],
        ..Default::default()
    };
    assert_eq!(ask!(cluster, broker, LeaveGroup, 5, request).members[0].error_code, 0);
    let request =
        DeleteGroupsRequestData { groups_names: vec![text(GROUP), text(GROUP)], ..Default::default() };
    let deleted = ask!(cluster, broker, DeleteGroups, 2, request);
    assert_eq!(deleted.results.iter().map(|it| it.error_code).collect::<Vec<_>>(), [0]);
    assert_eq!(state(&mut cluster, broker), (0, "Dead".to_owned(), 0));
}

#[test]
fn offsets_are_deleted_by_partition() {
    let mut cluster = cluster();
    let broker = coordinator(&mut cluster);
    commit(&mut cluster, broker, &[("orders", &[0, 1])]);
    let partition = |partition_index| OffsetDeleteRequestPartition { partition_index, ..Default::default() };
    let request = OffsetDeleteRequestData {
        group_id: text(GROUP),
        topics: vec![OffsetDeleteRequestTopic {
            name: text("orders"),
            partitions: vec![partition(0), partition(9)],
            ..Default::default()
        }],
        ..Default::default()
    };
    let deleted = ask!(cluster, broker, OffsetDelete, 0, request);
    let said: Vec<_> =
        deleted.topics[0].partitions.iter().map(|it| (it.partition_index, it.error_code)).collect();
    assert_eq!(said, [(9, ErrorCode::UnknownTopicOrPartition.code()), (0, 0)]);
    assert_eq!(committed(&mut cluster, broker), (0, vec![("orders".to_owned(), 1, 5)]));
}

#[test]
fn several_groups_are_answered_for_in_the_order_of_apache_kafka_s_table() {
    let mut cluster = TestCluster::new(1, &[("offsets.topic.replication.factor", "1")]);
    find(&mut cluster, 1);
    // Partitions 0 to 3: (31 * (31 + partition) + hash of the name), spread, modulo 16.
    let groups: Vec<_> = ["d", "e", "f", "g", "e"].map(text).into();
    let partitions: Vec<_> =
        groups.iter().map(|group| crate::core::group::partition_for(group.as_str(), 50)).collect();
    assert_eq!(partitions, [0, 1, 2, 3, 1]);
    let request = DescribeGroupsRequestData { groups, ..Default::default() };
    let described = ask!(cluster, 1, DescribeGroups, 6, request);
    let order: Vec<_> = described.groups.iter().map(|group| group.group_id.as_str()).collect();
    assert_eq!(order, ["d", "g", "e", "e", "f"]);
}
