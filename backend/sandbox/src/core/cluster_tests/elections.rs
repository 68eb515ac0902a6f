//! The rules by which the controller changes a partition (`PartitionChangeBuilder`, KIP-966).

use crate::core::BrokerId;
use crate::core::election::{Change, Election, change};
use crate::core::image::PartitionRegistration;

/// Replicas 1, 2, 3 with this in-sync set, led by its first.
fn partition(isr: &[BrokerId]) -> PartitionRegistration {
    PartitionRegistration {
        replicas: vec![1, 2, 3],
        isr: isr.to_vec(),
        elr: Vec::new(),
        last_known_elr: Vec::new(),
        leader: isr.first().copied(),
        leader_epoch: 7,
        partition_epoch: 20,
    }
}

/// A change that comes of an election among `live` brokers, with two in sync as the minimum.
fn elect(
    partition: &PartitionRegistration,
    isr: &[BrokerId],
    election: Election,
    live: &[BrokerId],
) -> Option<PartitionRegistration> {
    let wanted = Change { isr: isr.to_vec(), unclean: &[], election, min_isr: 2 };
    change(partition, wanted, |broker| live.contains(&broker))
}

/// The same where the broker `unclean` has come back after an unclean end.
fn come_back_unclean(partition: &PartitionRegistration, unclean: BrokerId) -> Option<PartitionRegistration> {
    let isr = partition.isr.iter().copied().filter(|&broker| broker != unclean).collect();
    let wanted = Change { isr, unclean: &[unclean], election: Election::Online, min_isr: 2 };
    change(partition, wanted, |broker| broker != unclean)
}

#[test]
fn nothing_changes_when_the_leader_may_stay() {
    assert_eq!(elect(&partition(&[2, 1, 3]), &[2, 1, 3], Election::Online, &[1, 2, 3]), None);
}

#[test]
fn a_leader_stays_though_the_preferred_replica_is_in_sync() {
    let before = partition(&[2, 1, 3]);
    let after = elect(&before, &[2, 1], Election::Online, &[1, 2]).expect("the in-sync set shrinks");
    assert_eq!((after.leader, after.leader_epoch, after.partition_epoch), (Some(2), 7, 21));
    assert_eq!(after.isr, [2, 1]);
}

#[test]
fn the_next_leader_is_the_first_live_replica_in_sync_in_the_order_of_assignment() {
    let after = elect(&partition(&[1, 3, 2]), &[3, 2], Election::Online, &[2, 3]).expect("a leader is lost");
    assert_eq!((after.leader, after.leader_epoch, after.partition_epoch), (Some(2), 8, 21));
    let after = elect(&partition(&[1, 3, 2]), &[3, 2], Election::Online, &[3]).expect("a leader is lost");
    assert_eq!(after.leader, Some(3));
}

#[test]
fn a_replica_that_is_not_in_sync_does_not_lead() {
    let after = elect(&partition(&[1]), &[], Election::Online, &[2, 3]).expect("a leader is lost");
    assert_eq!((after.leader, after.leader_epoch), (None, 8));
    assert_eq!((after.isr, after.elr, after.last_known_elr), (vec![], vec![1], vec![1]));
}

#[test]
fn a_preferred_election_brings_back_the_first_replica_if_it_is_in_sync() {
    let before = partition(&[2, 3, 1]);
    let after = elect(&before, &[2, 3, 1], Election::Preferred, &[1, 2, 3]).expect("another leader");
    assert_eq!((after.leader, after.leader_epoch), (Some(1), 8));
    assert_eq!(after.isr, [2, 3, 1]);

    let before = partition(&[2, 3]);
    assert_eq!(elect(&before, &[2, 3], Election::Preferred, &[1, 2, 3]), None);
    let before = partition(&[2, 3, 1]);
    assert_eq!(elect(&before, &[2, 3, 1], Election::Preferred, &[2, 3]), None);
}

#[test]
fn a_preferred_election_finds_another_leader_where_there_is_none() {
    let before = PartitionRegistration { leader: None, ..partition(&[3]) };
    let after = elect(&before, &[3], Election::Preferred, &[1, 2, 3]).expect("a leader");
    assert_eq!(after.leader, Some(3));
}

#[test]
fn who_leaves_an_in_sync_set_below_the_minimum_stays_eligible() {
    let after = elect(&partition(&[1, 2]), &[1], Election::Online, &[1]).expect("the set shrinks");
    assert_eq!((after.leader, after.isr.clone(), after.elr.clone()), (Some(1), vec![1], vec![2]));
    assert!(after.last_known_elr.is_empty());

    let after = elect(&after, &[], Election::Online, &[]).expect("the set shrinks");
    assert_eq!((after.leader, after.isr, after.elr), (None, vec![], vec![1, 2]));
    assert_eq!(after.last_known_elr, [1]);
}

#[test]
fn who_leaves_a_set_that_stays_large_enough_is_not_eligible() {
    let after = elect(&partition(&[1, 2, 3]), &[1, 2], Election::Online, &[1, 2]).expect("the set shrinks");
    assert_eq!((after.isr, after.elr), (vec![1, 2], vec![]));
}

#[test]
fn nobody_is_eligible_beside_enough_in_sync() {
    let before = PartitionRegistration { elr: vec![2, 3], ..partition(&[1]) };
    let after = elect(&before, &[1, 3], Election::Online, &[1, 3]).expect("the set grows");
    assert_eq!((after.isr, after.elr, after.leader_epoch), (vec![1, 3], vec![], 7));
}

#[test]
fn one_who_joins_a_set_that_stays_below_the_minimum_is_no_longer_merely_eligible() {
    let before = PartitionRegistration { elr: vec![2, 3], ..partition(&[1]) };
    let wanted = Change { isr: vec![1, 3], unclean: &[], election: Election::Online, min_isr: 3 };
    let after = change(&before, wanted, |_| true).expect("the set grows");
    assert_eq!((after.isr, after.elr), (vec![1, 3], vec![2]));
}

#[test]
fn an_eligible_replica_leads_only_while_nobody_is_in_sync() {
    let leaderless = PartitionRegistration { elr: vec![2, 3], last_known_elr: vec![1], ..partition(&[]) };
    let after = elect(&leaderless, &[], Election::Online, &[1, 3]).expect("an eligible replica is live");
    assert_eq!((after.leader, after.leader_epoch), (Some(3), 8));
    assert_eq!((after.isr, after.elr, after.last_known_elr), (vec![3], vec![2], vec![]));

    let waits_for_its_leader = PartitionRegistration { leader: None, elr: vec![2], ..partition(&[3]) };
    assert_eq!(elect(&waits_for_its_leader, &[3], Election::Online, &[1, 2]), None);
}

#[test]
fn the_last_leader_is_elected_again_when_nobody_is_eligible() {
    let leaderless = PartitionRegistration { last_known_elr: vec![2], ..partition(&[]) };
    assert_eq!(elect(&leaderless, &[], Election::Online, &[1, 3]), None);
    let after = elect(&leaderless, &[], Election::Online, &[1, 2, 3]).expect("the last leader is live");
    assert_eq!((after.leader, after.isr, after.last_known_elr), (Some(2), vec![2], vec![]));
}

#[test]
fn the_last_leader_is_remembered_until_there_is_another() {
    let leaderless = elect(&partition(&[3]), &[], Election::Online, &[]).expect("a leader is lost");
    assert_eq!(leaderless.last_known_elr, [3]);
    let unclean = come_back_unclean(&leaderless, 3).expect("it is not eligible any more");
    assert_eq!((unclean.leader, unclean.elr, unclean.last_known_elr), (None, vec![], vec![3]));
    assert_eq!((unclean.leader_epoch, unclean.partition_epoch), (8, 22));
}

#[test]
fn an_unclean_end_costs_a_place_among_the_in_sync_and_the_eligible() {
    let before = PartitionRegistration { elr: vec![3], ..partition(&[1]) };
    let after = come_back_unclean(&before, 3).expect("it is not eligible any more");
    assert_eq!((after.leader, after.isr, after.elr), (Some(1), vec![1], vec![]));

    let after = come_back_unclean(&partition(&[1, 2]), 1).expect("it is not in sync any more");
    assert_eq!((after.leader, after.leader_epoch), (Some(2), 8));
    assert_eq!((after.isr, after.elr), (vec![2], vec![]));
}

#[test]
fn an_unclean_election_takes_any_live_replica_and_forgets_all_others() {
    let before = PartitionRegistration { elr: vec![2], ..partition(&[1]) };
    let after = elect(&before, &[], Election::Unclean, &[3]).expect("a leader is lost");
    assert_eq!((after.leader, after.leader_epoch), (Some(3), 8));
    assert_eq!((after.isr, after.elr, after.last_known_elr), (vec![3], vec![], vec![]));
}

#[test]
fn an_unclean_election_is_clean_where_it_can_be() {
    let before = PartitionRegistration { elr: vec![3], ..partition(&[]) };
    let after = elect(&before, &[], Election::Unclean, &[1, 2, 3]).expect("an eligible replica is live");
    assert_eq!((after.leader, after.isr), (Some(3), vec![3]));

    let after = elect(&partition(&[1, 3]), &[3], Election::Unclean, &[2, 3]).expect("a leader is lost");
    assert_eq!((after.leader, after.isr), (Some(3), vec![3]));
}

#[test]
fn no_live_replica_is_no_leader_even_uncleanly() {
    let after = elect(&partition(&[1]), &[], Election::Unclean, &[]).expect("a leader is lost");
    assert_eq!((after.leader, after.elr, after.last_known_elr), (None, vec![1], vec![1]));
}
