//! What must be true.

use bytes::Bytes;

use super::{Asked, OFFSETS, Occurrence, Partitions, TOPICS, World};
use crate::core::image::PartitionRegistration;
use crate::core::log::PartitionLog;
use crate::core::{BrokerId, TopicPartition};
use crate::wire::messages::offset_fetch_request::{OffsetFetchRequestData, OffsetFetchRequestTopic};
use crate::wire::{Api, Request, Response, text};

impl World {
    pub(super) fn log(&self, id: TopicPartition, broker: BrokerId) -> Option<&PartitionLog> {
        Some(&self.cluster.core.partitions.get(&id)?.replica(broker)?.log)
    }

    /// Looks what has become of the partitions since the last time. Where one leads that was neither in sync nor eligible
    /// nor the last that was, there was an unclean election, by `cause`: what was acknowledged and seen may be lost.
    pub(super) fn note_changes(&mut self, cause: Occurrence) {
        let mut now = Partitions::new();
        for topic in self.cluster.core.image.topics() {
            for (index, registration) in (0..).zip(&topic.partitions) {
                now.insert(TopicPartition { topic: topic.id, partition: index }, registration.clone());
            }
        }
        let before = std::mem::replace(&mut self.before, now);
        self.counts.compare(&before, &self.before);
        let left = self.errors_left();
        self.counts.note(Occurrence::ErrorInjected, self.errors_before.saturating_sub(left));
        self.errors_before = left;

        for (id, after) in self.before.clone() {
            let (Some(before), Some(leader)) = (before.get(&id), after.leader) else { continue };
            let clean = [&before.isr, &before.elr, &before.last_known_elr];
            if before.leader != Some(leader) && !clean.iter().any(|brokers| brokers.contains(&leader)) {
                let topic = self.cluster.core.image.topic_by_id(id.topic).expect("it is there");
                let is_wanted = topic.settings.unclean_leader_election_enable;
                let is_asked_for = cause == Occurrence::UncleanElectionByRequest;
                assert!(
                    is_wanted || is_asked_for,
                    "nobody wanted an unclean election: {before:?}, {after:?}"
                );
                self.counts.note(cause, 1);
                self.lose(id, leader);
            }
        }
    }

    fn lose(&mut self, id: TopicPartition, leader: BrokerId) {
        let end = self.log(id, leader).map_or(0, PartitionLog::end_offset);
        let lost = self.durable.keys().filter(|(other, offset)| *other == id && *offset >= end).count();
        self.counts.note(Occurrence::RecordLost, lost);
        self.durable.retain(|(other, _), _| *other != id);
        self.seen.retain(|(other, _), _| *other != id);
        self.unclean.insert(id, self.moment);
    }

    pub(super) fn check(&mut self) {
        let core = &self.cluster.core;
        for topic in core.image.topics() {
            for (index, registration) in (0..).zip(&topic.partitions) {
                let id = TopicPartition { topic: topic.id, partition: index };
                check_registration(registration);
                let epochs = (registration.leader_epoch, registration.partition_epoch);
                let before = self.epochs.insert(id, epochs).unwrap_or(epochs);
                assert!(before.0 <= epochs.0 && before.1 <= epochs.1, "{before:?} then {epochs:?}");
                for replica in core.partitions[&id].replicas() {
                    check_log(&replica.log);
                    let deleted = self.deleted.get(&id).copied().unwrap_or(0);
                    assert!(replica.log.start_offset() <= deleted, "nobody wanted more to go than {deleted}");
                    assert!(replica.high_watermark <= replica.log.end_offset());
                    if let Some(leading) = &replica.leading {
                        let key = (id, replica.broker, leading.epoch);
                        let before = self.high_watermarks.insert(key, replica.high_watermark);
                        assert!(before.is_none_or(|before| before <= replica.high_watermark));
                    }
                }
            }
        }
        self.check_durable();
    }

    /// What was acknowledged by all in sync is in the leader's log, unless somebody wanted it to go.
    pub(super) fn check_durable(&self) {
        for (&(id, offset), expected) in &self.durable {
            let Some(log) = self.leader(id).and_then(|leader| self.log(id, leader)) else { continue };
            if !self.is_deleted(id, offset) {
                let stored = log.batches_from(offset).next().expect("an acknowledged record is there");
                assert_eq!(stored.base_offset(), offset, "an acknowledged record stays where it is");
                assert_eq!(&payload(&log.read(offset, i64::MAX, 1, true).pieces[0]), expected);
            }
        }
    }

    /// Whether clients have wanted the record at an offset to go.
    pub(super) fn is_deleted(&self, id: TopicPartition, offset: i64) -> bool {
        self.deleted.get(&id).is_some_and(|deleted| offset < *deleted)
    }

    /// Mends everything, lets time pass, and looks whether all is well again.
    pub(super) fn end_well(&mut self) {
        self.cluster.core.clear_errors();
        self.errors_before = 0;
        for broker in 1..=BrokerId::from(self.brokers) {
            self.cluster.start(broker);
            self.cluster.cut_off(broker, false);
            self.cluster.delay(broker, 0, 0);
            self.happened(Occurrence::UncleanElectionByConfig);
        }
        self.pass(1_000_000);
        for (connection, asked) in &self.pending {
            let is_open = self.cluster.core.connections.contains_key(connection);
            let is_settled = !is_open || self.cluster.is_closed(*connection);
            assert!(is_settled || matches!(asked, Asked::Forgotten), "{asked:?} is never answered");
        }
        for topic in self.cluster.core.image.topics() {
            for (index, registration) in (0..).zip(&topic.partitions) {
                self.check_whole(TopicPartition { topic: topic.id, partition: index }, registration);
            }
        }
        self.check_offsets();
    }

    pub(super) fn check_whole(&self, id: TopicPartition, registration: &PartitionRegistration) {
        let mut isr = registration.isr.clone();
        let mut replicas = registration.replicas.clone();
        isr.sort_unstable();
        replicas.sort_unstable();
        assert_eq!(isr, replicas, "all are in sync");
        assert_eq!(registration.leader, registration.replicas.first().copied(), "the preferred one leads");
        assert!(registration.elr.is_empty() && registration.last_known_elr.is_empty());

        let replicas = self.cluster.core.partitions[&id].replicas();
        let start = replicas.iter().map(|replica| replica.log.start_offset()).max().expect("a replica");
        let bytes = |log: &PartitionLog| log.read(start, i64::MAX, usize::MAX, true).pieces.concat();
        let whole = bytes(&replicas[0].log);
        for replica in replicas {
            assert_eq!(bytes(&replica.log), whole, "all have the same");
            assert_eq!(replica.high_watermark, replica.log.end_offset(), "all is committed");
        }
        let log = &replicas[0].log;
        for batch in log.batches_from(start) {
            let bytes = &log.read(batch.base_offset(), i64::MAX, 1, true).pieces[0];
            assert!(!self.refused.contains(&payload(bytes)), "what was answered with an error is not there");
        }
        let mut idempotent: Vec<_> = log
            .batches_from(start)
            .map(|batch| batch.header().expect("a header"))
            .filter(|header| header.producer_id >= 0)
            .map(|header| (header.producer_id, header.producer_epoch, header.base_sequence))
            .collect();
        let count = idempotent.len();
        idempotent.sort_unstable();
        idempotent.dedup();
        assert_eq!(idempotent.len(), count, "what an idempotent producer sent is there once");
    }

    pub(super) fn check_offsets(&mut self) {
        let Some(broker) = self.coordinator(OFFSETS) else { return };
        let request = OffsetFetchRequestData {
            group_id: text(OFFSETS),
            topics: Some(vec![OffsetFetchRequestTopic {
                name: text(TOPICS[0]),
                partition_indexes: vec![0],
                ..Default::default()
            }]),
            ..Default::default()
        };
        let answer = self.cluster.ask(broker, Api::OffsetFetch, 5, Request::OffsetFetch(request));
        let Some(Response::OffsetFetch(response)) = answer else { panic!("{answer:?}") };
        let offset = response.topics[0].partitions[0].committed_offset;
        let is_known = self.committed.values().any(|committed| *committed == offset);
        assert!(is_known, "{offset} was not committed, but {:?}", self.committed);
    }
}

fn check_registration(partition: &PartitionRegistration) {
    assert!(partition.leader.is_none_or(|leader| partition.isr.contains(&leader)), "{partition:?}");
    assert!(partition.isr.iter().all(|broker| partition.replicas.contains(broker)), "{partition:?}");
    assert!(partition.elr.iter().all(|broker| partition.replicas.contains(broker)), "{partition:?}");
    assert!(partition.elr.iter().all(|broker| !partition.isr.contains(broker)), "{partition:?}");
}

/// Offsets are consecutive, from the batch in which the log starts to its end.
fn check_log(log: &PartitionLog) {
    let mut next = None;
    for batch in log.batches_from(log.start_offset()) {
        let header = batch.header().expect("a header");
        assert!(next.is_none_or(|next| next == header.base_offset), "{next:?} then {header:?}");
        next = Some(header.last_offset() + 1);
    }
    assert!(next.is_none_or(|next| next == log.end_offset()));
    assert!(log.start_offset() <= log.end_offset());
}

/// What a broker leaves as it is: everything after offset, length, leader epoch, magic and checksum.
pub(super) fn payload(batch: &Bytes) -> Bytes {
    batch.slice(21..)
}
