//! Offsets that are committed with a transaction.

use super::*;
use crate::wire::messages::{
    TxnOffsetCommitRequestData, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};

const PRODUCER: i64 = 11;

/// By nobody, as producers before version 3 do.
fn request(topic: &str, offset: i64) -> TxnOffsetCommitRequestData {
    let partition = TxnOffsetCommitRequestPartition {
        partition_index: 0,
        committed_offset: offset,
        ..Default::default()
    };
    let topic =
        TxnOffsetCommitRequestTopic { name: text(topic), partitions: vec![partition], ..Default::default() };
    TxnOffsetCommitRequestData {
        group_id: text(GROUP),
        producer_id: PRODUCER,
        generation_id: -1,
        topics: vec![topic],
        ..Default::default()
    }
}

fn commit(desk: &mut Desk, request: &TxnOffsetCommitRequestData) -> ErrorCode {
    let response = desk.act(|it, now, _, _, out| it.commit_in_transaction(now, request, out)).1;
    code(response.topics[0].partitions[0].error_code)
}

fn end(desk: &mut Desk, end: TransactionEnd) {
    desk.act(|it, _, _, _, out| it.end_transaction(PRODUCER, end, out));
}

#[test]
fn an_offset_counts_when_its_transaction_is_committed() {
    let mut desk = Desk::new();
    desk.commit(&Commit::simple("orders", 1));
    assert_eq!(commit(&mut desk, &request("orders", 2)), ErrorCode::None);
    assert_eq!(
        code(desk.committed_with("orders", KafkaUuid::ZERO).error_code),
        ErrorCode::UnstableOffsetCommit
    );
    assert_eq!(desk.committed_unstable("orders"), 1);
    end(&mut desk, TransactionEnd::Committed);
    assert_eq!(desk.committed("orders"), 2);
    let event =
        GroupEvent::Committed { group: GROUP.into(), topic: "orders".into(), partition: 0, offset: 2 };
    assert_eq!(desk.events.last(), Some(&event));
}

#[test]
fn an_offset_does_not_count_when_its_transaction_is_aborted() {
    let mut desk = Desk::new();
    desk.commit(&Commit::simple("orders", 1));
    commit(&mut desk, &request("orders", 2));
    end(&mut desk, TransactionEnd::Aborted);
    assert_eq!(desk.committed("orders"), 1);
    assert_eq!(desk.committed_with("orders", KafkaUuid::ZERO).error_code, 0);
}

#[test]
fn a_commit_after_that_of_the_transaction_stays() {
    let mut desk = Desk::new();
    commit(&mut desk, &request("orders", 5));
    desk.commit(&Commit::simple("orders", 3));
    end(&mut desk, TransactionEnd::Committed);
    assert_eq!(desk.committed("orders"), 3);
}

#[test]
fn the_end_of_another_transaction_changes_nothing() {
    let mut desk = Desk::new();
    commit(&mut desk, &request("orders", 5));
    desk.act(|it, _, _, _, out| it.end_transaction(PRODUCER + 1, TransactionEnd::Committed, out));
    assert_eq!(desk.committed_unstable("orders"), -1);
}

#[test]
fn who_says_neither_member_nor_generation_may_commit_to_an_active_group() {
    let mut desk = Desk::new();
    let (waiter, _) = desk.join_twice(Joining::named("a"));
    let generation_id = desk.join_answer(waiter).generation_id;
    assert_eq!(desk.state(), "CompletingRebalance");
    assert_eq!(commit(&mut desk, &request("orders", 5)), ErrorCode::None);
    let member = TxnOffsetCommitRequestData {
        member_id: desk.join_answer(waiter).member_id,
        generation_id,
        ..request("orders", 6)
    };
    assert_eq!(commit(&mut desk, &member), ErrorCode::None, "even before the assignment");
    let stale = TxnOffsetCommitRequestData { generation_id: generation_id - 1, ..member.clone() };
    assert_eq!(commit(&mut desk, &stale), ErrorCode::IllegalGeneration);
    let stranger = TxnOffsetCommitRequestData { member_id: text("nobody"), ..member.clone() };
    assert_eq!(commit(&mut desk, &stranger), ErrorCode::UnknownMemberId);
    let fixed = TxnOffsetCommitRequestData { group_instance_id: Some(text("desk-1")), ..member };
    assert_eq!(commit(&mut desk, &fixed), ErrorCode::UnknownMemberId);
}

#[test]
fn an_unknown_group_is_made_for_nobody_only() {
    let mut desk = Desk::new();
    let member = TxnOffsetCommitRequestData { generation_id: 1, ..request("orders", 5) };
    assert_eq!(commit(&mut desk, &member), ErrorCode::IllegalGeneration);
    let unnamed = TxnOffsetCommitRequestData { group_id: text(""), ..request("orders", 5) };
    assert_eq!(commit(&mut desk, &unnamed), ErrorCode::InvalidGroupId);
    assert_eq!(desk.state(), "Dead");
    assert_eq!(commit(&mut desk, &request("orders", 5)), ErrorCode::None);
    assert_eq!(desk.state(), "Empty");
}

#[test]
fn a_group_with_an_open_transaction_does_not_expire_and_outlives_a_move() {
    let mut desk = Desk::new();
    desk.commit(&Commit::simple("orders", 1));
    commit(&mut desk, &request("orders", 5));
    desk.act(|it, now, _, _, out| it.moved(now, out));
    desk.pass(8 * 24 * 60 * 60 * 1000);
    assert_eq!(desk.committed_unstable("orders"), 1);
    end(&mut desk, TransactionEnd::Aborted);
    desk.pass(600_000);
    assert_eq!(desk.state(), "Dead");
}

#[test]
fn with_a_topic_what_transactions_committed_for_it_goes() {
    let mut desk = Desk::new();
    commit(&mut desk, &request("orders", 5));
    desk.coordinator.topic_deleted("orders", KafkaUuid::from_parts(7, 1));
    end(&mut desk, TransactionEnd::Committed);
    assert_eq!(desk.committed("orders"), -1);
}
