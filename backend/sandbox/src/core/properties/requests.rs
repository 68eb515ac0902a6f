//! What the clients ask for.

use super::{Asked, GROUP, Member, OFFSETS, Sent, TOPICS, To, World, is_idempotent};
use crate::core::TopicPartition;
use crate::core::log::PartitionLog;
use crate::core::log::testing::BatchBuilder;
use crate::core::testing::produce_request;
use crate::wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsRequestData, DeleteRecordsTopic,
};
use crate::wire::messages::fetch_request::{FetchPartition, FetchRequestData, FetchTopic};
use crate::wire::messages::heartbeat_request::HeartbeatRequestData;
use crate::wire::messages::join_group_request::{JoinGroupRequestData, JoinGroupRequestProtocol};
use crate::wire::messages::leave_group_request::{LeaveGroupRequestData, MemberIdentity};
use crate::wire::messages::offset_commit_request::{
    OffsetCommitRequestData, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use crate::wire::messages::sync_group_request::SyncGroupRequestData;
use crate::wire::{Api, Request, text};

impl World {
    pub(super) fn produce(
        &mut self,
        producer: usize,
        (topic, partition): (usize, u8),
        to: To,
        acks: i16,
        records: usize,
    ) {
        let Some(id) = self.some_partition(topic, partition) else { return };
        let unsettled = self.producers[producer].unsettled.clone();
        let sent = unsettled.unwrap_or_else(|| self.new_batch(producer, id, acks, records));
        let Some(broker) = self.asked_broker(to, sent.to) else { return };
        let mut request = produce_request("", sent.acks, 15_000, [(sent.to.partition, sent.batch.clone())]);
        request.topics[0].id = sent.to.topic;
        let asking = self.asking(sent.to, broker);
        let asked = if sent.acks == 0 { Asked::Forgotten } else { Asked::Produce(sent, asking) };
        self.ask(broker, Api::Produce, 13, Request::Produce(request), asked);
    }

    pub(super) fn new_batch(
        &mut self,
        producer: usize,
        to: TopicPartition,
        acks: i16,
        records: usize,
    ) -> Sent {
        let now = self.cluster.now.wall_ms;
        let mut batch = BatchBuilder { base_timestamp: now, ..Default::default() };
        for _ in 0..records {
            self.sent += 1;
            batch = batch.record(Some("key"), Some(&format!("value {}", self.sent)), now);
        }
        if !is_idempotent(producer) {
            return Sent { producer, to, acks, batch: batch.build() };
        }
        let id = 1_000 + i64::try_from(producer).expect("few");
        let (epoch, sequence) = self.producers[producer].sequences.entry(to).or_default();
        let batch = batch.producer(id, *epoch, *sequence).build();
        *sequence += i32::try_from(records).expect("few");
        let sent = Sent { producer, to, acks: -1, batch };
        self.producers[producer].unsettled = Some(sent.clone());
        sent
    }

    pub(super) fn fetch(&mut self, (topic, partition): (usize, u8), to: To, from: u8, wait_ms: i32) {
        let Some(id) = self.some_partition(topic, partition) else { return };
        let Some(broker) = self.asked_broker(to, id) else { return };
        let end = self.log(id, broker).map_or(0, PartitionLog::end_offset);
        let request = FetchRequestData {
            replica_id: -1,
            max_wait_ms: wait_ms,
            min_bytes: 1,
            max_bytes: 1 << 20,
            topics: vec![FetchTopic {
                topic_id: id.topic,
                partitions: vec![FetchPartition {
                    partition: id.partition,
                    current_leader_epoch: -1,
                    fetch_offset: i64::from(from) % (end + 2),
                    last_fetched_epoch: -1,
                    log_start_offset: -1,
                    partition_max_bytes: 1 << 20,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let asked = Asked::Fetch(id, self.asking(id, broker));
        self.ask(broker, Api::Fetch, 13, Request::Fetch(request), asked);
    }

    pub(super) fn delete_records(&mut self, (topic, partition): (usize, u8), to: To, part: u8) {
        let Some(id) = self.some_partition(topic, partition) else { return };
        let Some(broker) = self.asked_broker(to, id) else { return };
        let end = self.log(id, broker).map_or(0, PartitionLog::end_offset);
        // -1 is the high watermark, which is not after the end.
        let offset = if part < 64 { -1 } else { end * i64::from(part) / 256 };
        let before = if offset < 0 { end } else { offset };
        let deleted = self.deleted.entry(id).or_default();
        *deleted = before.max(*deleted);
        let request = DeleteRecordsRequestData {
            topics: vec![DeleteRecordsTopic {
                name: text(TOPICS[topic]),
                partitions: vec![DeleteRecordsPartition {
                    partition_index: id.partition,
                    offset,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            timeout_ms: 1_000,
            ..Default::default()
        };
        let asked = Asked::DeleteRecords(offset);
        self.ask(broker, Api::DeleteRecords, 2, Request::DeleteRecords(request), asked);
    }

    pub(super) fn commit(&mut self, offset: i64) {
        let Some(broker) = self.coordinator(OFFSETS) else { return };
        let request = OffsetCommitRequestData {
            group_id: text(OFFSETS),
            generation_id_or_member_epoch: -1,
            topics: vec![OffsetCommitRequestTopic {
                name: text(TOPICS[0]),
                partitions: vec![OffsetCommitRequestPartition {
                    committed_offset: offset,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        // Until it is answered, it may have been carried out or not.
        let number = self.committed.last_key_value().map_or(0, |(number, _)| number + 1);
        self.committed.insert(number, offset);
        self.ask(broker, Api::OffsetCommit, 8, Request::OffsetCommit(request), Asked::Commit(number));
    }

    pub(super) fn join(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        self.forget_requests_of(member);
        let request = JoinGroupRequestData {
            group_id: text(GROUP),
            session_timeout_ms: 10_000,
            rebalance_timeout_ms: 20_000,
            member_id: text(self.members[member].id.clone()),
            protocol_type: text("test"),
            protocols: vec![JoinGroupRequestProtocol { name: text("range"), ..Default::default() }],
            ..Default::default()
        };
        self.ask(broker, Api::JoinGroup, 5, Request::JoinGroup(request), Asked::Join(member));
    }

    pub(super) fn sync(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        self.forget_requests_of(member);
        let Member { id, generation } = &self.members[member];
        let request = SyncGroupRequestData {
            group_id: text(GROUP),
            generation_id: *generation,
            member_id: text(id.clone()),
            ..Default::default()
        };
        self.ask(broker, Api::SyncGroup, 3, Request::SyncGroup(request), Asked::Sync(member));
    }

    pub(super) fn heartbeat(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        let Member { id, generation } = &self.members[member];
        let request = HeartbeatRequestData {
            group_id: text(GROUP),
            generation_id: *generation,
            member_id: text(id.clone()),
            ..Default::default()
        };
        self.ask(broker, Api::Heartbeat, 3, Request::Heartbeat(request), Asked::Other);
    }

    pub(super) fn leave(&mut self, member: usize) {
        let Some(broker) = self.coordinator(GROUP) else { return };
        self.forget_requests_of(member);
        let id = std::mem::take(&mut self.members[member].id);
        let request = LeaveGroupRequestData {
            group_id: text(GROUP),
            members: vec![MemberIdentity { member_id: text(id), ..Default::default() }],
            ..Default::default()
        };
        self.ask(broker, Api::LeaveGroup, 3, Request::LeaveGroup(request), Asked::Other);
    }

    /// A member has one request under way: a broker answers the last one.
    pub(super) fn forget_requests_of(&mut self, member: usize) {
        for asked in self.pending.values_mut() {
            if matches!(asked, Asked::Join(other) | Asked::Sync(other) if *other == member) {
                *asked = Asked::Forgotten;
            }
        }
    }
}
