//! The core as the window shows it.

use std::net::SocketAddr;

use super::brokers::End;
use super::image::PartitionRegistration;
use super::log::BatchHeader;
use super::{Answer, BrokerId, Core, Now, TopicPartition};
use crate::window::{
    BrokerSnapshot, BrokerState, ClusterEvent, GroupSnapshot, Happening, PartitionSnapshot, ReplicaSnapshot,
    Snapshot, TopicSnapshot,
};
use crate::wire::Response;

/// The most partitions of one Fetch of which events tell.
const MOST_FETCHED: usize = 100;

impl Core {
    /// The cluster now; `addresses` are the brokers', in their order.
    pub(crate) fn snapshot(&self, now: Now, addresses: &[SocketAddr]) -> Snapshot {
        let brokers = self.brokers.iter().zip(addresses).map(|(broker, address)| BrokerSnapshot {
            id: broker.id,
            address: *address,
            state: match (broker.running, broker.ended_by) {
                (true, _) if broker.cut_off.is_some() => BrokerState::CutOff,
                (true, _) => BrokerState::Up,
                (false, End::Controlled) => BrokerState::Stopped,
                (false, End::Kill) => BrokerState::Killed,
            },
            live: self.image.is_live(broker.id),
            response_delay: broker.response_delay,
        });
        let topics = self.image.topics().map(|topic| TopicSnapshot {
            name: topic.name.as_str().to_owned(),
            internal: topic.is_internal(),
            partitions: (0..)
                .zip(&topic.partitions)
                .map(|(index, registration)| {
                    self.snapshot_partition(
                        TopicPartition { topic: topic.id, partition: index },
                        registration,
                    )
                })
                .collect(),
        });
        Snapshot {
            at: now.monotonic,
            brokers: brokers.collect(),
            topics: topics.collect(),
            groups: self.snapshot_groups(),
            log_bytes: u64::try_from(self.account.bytes()).unwrap_or(u64::MAX),
            errors: self.injected_errors().to_vec(),
        }
    }

    fn snapshot_groups(&self) -> Vec<GroupSnapshot> {
        let mut groups: Vec<_> = self.group_views().collect();
        groups.sort_by(|one, other| one.id.cmp(&other.id));
        groups
    }

    fn snapshot_partition(
        &self,
        id: TopicPartition,
        registration: &PartitionRegistration,
    ) -> PartitionSnapshot {
        let replicas = registration.replicas.iter().filter_map(|&broker| {
            let replica = self.partitions.get(&id)?.replica(broker)?;
            Some(ReplicaSnapshot {
                broker,
                log_start: replica.log.start_offset(),
                log_end: replica.log.end_offset(),
                high_watermark: replica.high_watermark,
            })
        });
        PartitionSnapshot {
            leader: registration.leader,
            leader_epoch: registration.leader_epoch,
            isr: registration.isr.clone(),
            eligible: registration.elr.clone(),
            replicas: replicas.collect(),
        }
    }

    /// Tells who watches. Nothing is made for nobody: `what` is asked only while there are watchers.
    pub(super) fn happened(&mut self, what: impl FnOnce(&Self) -> Happening) {
        if self.is_watched {
            let what = what(self);
            self.effects.events.push(ClusterEvent { at: self.now.monotonic, what });
        }
    }

    /// Tells who watches which records an answer carries: of its first partitions, since nobody can watch thousands.
    pub(super) fn tell_fetched(&mut self, broker: BrokerId, answer: &Answer) {
        if !self.is_watched {
            return;
        }
        let Answer::Response(Response::Fetch(fetched)) = answer else { return };
        let topics = fetched.head.responses.iter();
        let partitions = topics.flat_map(|topic| topic.partitions.iter().map(move |it| (topic, it)));
        let with_records = partitions.zip(&fetched.records).filter_map(|((topic, partition), batches)| {
            let first = batches.first().and_then(|batch| BatchHeader::read(batch))?.base_offset;
            let last = batches.last().and_then(|batch| BatchHeader::read(batch))?.last_offset();
            let name = match topic.topic.as_str() {
                "" => self.image.topic_by_id(topic.topic_id)?.name.as_str(),
                name => name,
            };
            Some(Happening::Fetched {
                topic: name.to_owned(),
                partition: partition.partition_index,
                broker,
                first_offset: first,
                next_offset: last + 1,
            })
        });
        let at = self.now.monotonic;
        let told: Vec<_> = with_records.take(MOST_FETCHED).map(|what| ClusterEvent { at, what }).collect();
        self.effects.events.extend(told);
    }

    /// Says whether anybody watches.
    pub(crate) fn set_watched(&mut self, is_watched: bool) {
        self.is_watched = is_watched;
    }

    /// The name of a partition's topic, for events.
    pub(super) fn topic_name(&self, id: TopicPartition) -> String {
        self.image.topic_by_id(id.topic).map(|topic| topic.name.as_str().to_owned()).unwrap_or_default()
    }
}
