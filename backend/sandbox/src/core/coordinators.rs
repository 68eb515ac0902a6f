//! Where groups are kept: the coordinators, one for each partition of `__consumer_offsets`, and who may ask them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::deadlines::Due;
use super::group::{self, Coordinator, Departure, GroupEvent, GroupReply, GroupSettings, Outbox, Waiter};
use super::ids::TopicPartition;
use super::image::{CONSUMER_OFFSETS, Topic};
use super::{BrokerId, Caller, ConnectionId, Core, Now};
use crate::window::{GroupSnapshot, Happening};
use crate::wire::messages::JoinGroupRequestData;
use crate::wire::{ErrorCode, KafkaString};

/// How often a coordinator does what is due at once before others have their turn.
const FIRED_AT_ONCE: usize = 16;
/// Java's hash code of `__consumer_offsets`.
const CONSUMER_OFFSETS_HASH: i32 = -970_371_369;

/// The coordinators that were needed so far, by their partitions of `__consumer_offsets`.
pub(super) type Coordinators = BTreeMap<i32, Kept>;

/// A coordinator, and what the core knows of it.
#[derive(Debug)]
pub(super) struct Kept {
    coordinator: Coordinator,
    /// On which broker it is.
    leader: Option<BrokerId>,
    /// The earliest moment at which it will be asked what is due.
    scheduled: Option<Duration>,
}

/// What a request to a coordinator works with.
pub(super) struct Desk<'a> {
    /// The groups.
    pub(super) groups: &'a mut Coordinator,
    /// The time.
    pub(super) now: Now,
    /// What comes of it.
    pub(super) out: &'a mut Outbox,
    rng: &'a mut StdRng,
}

impl Desk<'_> {
    /// Has somebody join a group.
    pub(super) fn join(&mut self, caller: group::Caller<'_>, request: &JoinGroupRequestData) {
        let Self { groups, now, out, rng } = self;
        groups.join(*now, caller, request, &mut || rng.random(), out);
    }
}

impl Core {
    /// Lets the coordinator of a group do something: `NOT_COORDINATOR` where the broker that is asked isn't it.
    pub(super) fn with_coordinator<R>(
        &mut self,
        broker: BrokerId,
        group: &str,
        act: impl FnOnce(&mut Desk<'_>) -> R,
    ) -> Result<R, ErrorCode> {
        let id = self.coordinated(broker, group)?;
        let mut out = Outbox::default();
        let now = self.now;
        if !self.coordinators.contains_key(&id.partition) {
            let coordinator = Coordinator::new(self.group_settings(), now);
            let kept = Kept { coordinator, leader: Some(broker), scheduled: None };
            self.coordinators.insert(id.partition, kept);
        }
        let kept = self.coordinators.get_mut(&id.partition).ok_or(ErrorCode::NotCoordinator)?;
        let groups = &mut kept.coordinator;
        let result = act(&mut Desk { groups, now, out: &mut out, rng: &mut self.rng });
        self.settle(id.partition, out);
        Ok(result)
    }

    /// The same for what has to be written down: `COORDINATOR_NOT_AVAILABLE` where too few replicas of the group's
    /// partition of `__consumer_offsets` are in sync.
    pub(super) fn with_writing_coordinator<R>(
        &mut self,
        broker: BrokerId,
        group: &str,
        act: impl FnOnce(&mut Desk<'_>) -> R,
    ) -> Result<R, ErrorCode> {
        let id = self.coordinated(broker, group)?;
        if !self.can_write(broker, id) {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        self.with_coordinator(broker, group, act)
    }

    /// Whether what a group comes to can be written down.
    pub(super) fn can_write_group(&self, broker: BrokerId, group: &str) -> bool {
        self.coordinated(broker, group).is_ok_and(|id| self.can_write(broker, id))
    }

    fn can_write(&self, broker: BrokerId, id: TopicPartition) -> bool {
        let Some(topic) = self.image_of(broker).topic_by_id(id.topic) else { return false };
        let Some(registration) = topic.partition(id.partition) else { return false };
        let min_isr = topic.settings.effective_min_isr(registration.replicas.len());
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(broker));
        let in_sync = replica.and_then(|replica| replica.leading.as_ref()).map_or(0, |it| it.isr.len());
        // Behind a cut the records never reach the others, and the write times out.
        in_sync >= min_isr && (in_sync <= 1 || self.is_connected(broker))
    }

    /// The partition of `__consumer_offsets` that keeps a group, on the broker that leads it.
    fn coordinated(&self, broker: BrokerId, group: &str) -> Result<TopicPartition, ErrorCode> {
        let topic = self.image_of(broker).topic(CONSUMER_OFFSETS).ok_or(ErrorCode::NotCoordinator)?;
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let id = TopicPartition { topic: topic.id, partition: group::partition_for(group, count) };
        if self.coordinates(broker, id) { Ok(id) } else { Err(ErrorCode::NotCoordinator) }
    }

    /// Groups in the order in which Apache Kafka answers for them when several are named in a request: by their partitions
    /// of `__consumer_offsets`, and these as Java's `HashMap` has them.
    pub(super) fn in_order_of_coordinators<'a>(
        &self,
        broker: BrokerId,
        ids: impl IntoIterator<Item = &'a KafkaString>,
    ) -> Vec<&'a KafkaString> {
        let topic = self.image_of(broker).topic(CONSUMER_OFFSETS);
        let count = topic.map_or_else(
            || self.image.configs.broker_settings().offsets_topic_num_partitions,
            |topic| topic.partitions.len(),
        );
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        let mut by_partition: Vec<(i32, Vec<&KafkaString>)> = Vec::new();
        let mut at = HashMap::new();
        for id in ids {
            let partition = group::partition_for(id.as_str(), count);
            let at = *at.entry(partition).or_insert(by_partition.len());
            match by_partition.get_mut(at) {
                Some((_, ids)) => ids.push(id),
                None => by_partition.push((partition, vec![id])),
            }
        }
        let table = by_partition.len().saturating_mul(4).div_ceil(3).next_power_of_two().max(16);
        by_partition.sort_by_key(|(partition, _)| {
            let hash =
                31_i32.wrapping_mul(31 + partition).wrapping_add(CONSUMER_OFFSETS_HASH).cast_unsigned();
            usize::try_from(hash ^ (hash >> 16)).unwrap_or(0) % table
        });
        by_partition.into_iter().flat_map(|(_, ids)| ids).collect()
    }

    /// Whether a broker leads a partition of `__consumer_offsets`, by what it knows and in truth: the groups of a
    /// broker that was cut off, and doesn't know that there is another leader, are no longer here.
    fn coordinates(&self, broker: BrokerId, id: TopicPartition) -> bool {
        let seen =
            self.image_of(broker).topic_by_id(id.topic).and_then(|topic| topic.partition(id.partition));
        seen.is_some_and(|partition| partition.leader == Some(broker))
            && self.registration(id).is_some_and(|partition| partition.leader == Some(broker))
    }

    /// Looks at all coordinators on a broker.
    pub(super) fn coordinators_on(&self, broker: BrokerId) -> impl Iterator<Item = &Coordinator> {
        let topic = self.image_of(broker).topic(CONSUMER_OFFSETS).map(|topic| topic.id);
        self.coordinators.iter().filter_map(move |(&partition, kept)| {
            let id = TopicPartition { topic: topic?, partition };
            self.coordinates(broker, id).then_some(&kept.coordinator)
        })
    }

    /// All groups, as the window shows them.
    pub(super) fn group_views(&self) -> impl Iterator<Item = GroupSnapshot> {
        self.coordinators.values().flat_map(|kept| kept.coordinator.view(kept.leader))
    }

    /// How groups see a client. `host` is the client's address as [`Self::client_host`] tells it.
    pub(super) fn group_caller<'a>(caller: &'a Caller, host: &'a str) -> group::Caller<'a> {
        group::Caller {
            version: caller.version,
            client_id: caller.client_id.as_str(),
            client_host: host,
            waiter: Waiter(caller.connection.0),
        }
    }

    /// A client's address as groups tell it.
    pub(super) fn client_host(&self, connection: ConnectionId) -> Arc<str> {
        self.connections.get(&connection).map_or_else(|| "".into(), |client| client.host.clone())
    }

    /// By which broker configs groups live.
    pub(super) fn group_settings(&self) -> GroupSettings {
        let broker = self.image.configs.broker_settings();
        GroupSettings {
            min_session_timeout_ms: broker.group_min_session_timeout_ms,
            max_session_timeout_ms: broker.group_max_session_timeout_ms,
            initial_rebalance_delay_ms: broker.group_initial_rebalance_delay_ms,
            max_size: broker.group_max_size,
            offset_metadata_max: broker.offset_metadata_max_bytes,
            offsets_retention_minutes: broker.offsets_retention_minutes,
            offsets_retention_check_interval_ms: broker.offsets_retention_check_interval_ms,
        }
    }

    /// A coordinator has something to do.
    pub(super) fn coordinator_is_due(&mut self, partition: i32) {
        let now = self.now.monotonic;
        if let Some(kept) = self.coordinators.get_mut(&partition) {
            kept.scheduled = kept.scheduled.filter(|&at| at > now);
            self.settle(partition, Outbox::default());
        }
    }

    /// A partition has another leader; if it is one of `__consumer_offsets`, its groups have another coordinator.
    pub(super) fn coordinator_changed(&mut self, id: TopicPartition) {
        let Some(topic) = self.image.topic_by_id(id.topic) else { return };
        if topic.name.as_str() != CONSUMER_OFFSETS {
            return;
        }
        let leader = topic.partition(id.partition).and_then(|partition| partition.leader);
        let now = self.now;
        let Some(kept) = self.coordinators.get_mut(&id.partition) else { return };
        if kept.leader == leader {
            return;
        }
        let mut out = Outbox::default();
        if kept.leader.is_some() {
            kept.coordinator.unload(now, &mut out);
        }
        if leader.is_some() {
            kept.coordinator.load(now, &mut out);
        }
        kept.leader = leader;
        self.settle(id.partition, out);
    }

    /// A topic is gone, and with it what groups have committed of it; or the groups, if it was `__consumer_offsets`.
    pub(super) fn forget_offsets_of(&mut self, topic: &Topic) {
        if topic.name.as_str() != CONSUMER_OFFSETS {
            for kept in self.coordinators.values_mut() {
                kept.coordinator.topic_deleted(topic.name.as_str(), topic.id);
            }
            return;
        }
        for (partition, mut kept) in std::mem::take(&mut self.coordinators) {
            let mut out = Outbox::default();
            kept.coordinator.unload(self.now, &mut out);
            self.settle(partition, out);
        }
    }

    /// Has a coordinator do what is due at once, sends out what came of all that, and sees to it that it is asked again
    /// when something is due.
    fn settle(&mut self, partition: i32, mut out: Outbox) {
        if let Some(kept) = self.coordinators.get_mut(&partition) {
            for _ in 0..FIRED_AT_ONCE {
                if kept.coordinator.next_deadline().is_none_or(|at| at > self.now.monotonic) {
                    break;
                }
                kept.coordinator.fire(self.now, &mut out);
            }
            if let Some(at) = kept.coordinator.next_deadline()
                && kept.scheduled.is_none_or(|scheduled| at < scheduled)
            {
                kept.scheduled = Some(at);
                self.deadlines.add(at, Due::Coordinator(partition));
            }
        }
        for (Waiter(connection), reply) in out.replies {
            match reply {
                GroupReply::Join(response) => self.answer(ConnectionId(connection), response.into()),
                GroupReply::Sync(response) => self.answer(ConnectionId(connection), response.into()),
                GroupReply::Never => {}
            }
        }
        for event in out.events {
            self.happened(|_| happening(event));
        }
    }
}

/// An event of a group as the window shows it.
fn happening(event: GroupEvent) -> Happening {
    match event {
        GroupEvent::StateChanged { group, state, generation } => Happening::GroupStateChanged {
            group: group.as_ref().to_owned(),
            state: state.name().to_owned(),
            generation,
        },
        GroupEvent::MemberJoined { group, member } => {
            Happening::MemberJoined { group: group.as_ref().to_owned(), member: member.as_ref().to_owned() }
        }
        GroupEvent::MemberLeft { group, member, departure } => Happening::MemberLeft {
            group: group.as_ref().to_owned(),
            member: member.as_ref().to_owned(),
            why: why(departure).to_owned(),
        },
        GroupEvent::Committed { group, topic, partition, offset } => Happening::Committed {
            group: group.as_ref().to_owned(),
            topic: topic.as_ref().to_owned(),
            partition,
            offset,
        },
    }
}

fn why(departure: Departure) -> &'static str {
    match departure {
        Departure::Left => "it left",
        Departure::SessionTimedOut => "its session timed out",
        Departure::NotRejoined => "it did not join again in time",
        Departure::NotSynced => "it did not ask for its assignment in time",
        Departure::Replaced => "another client took its place",
        Departure::NotPersisted => "the coordinator moved before it had joined",
        Departure::GroupFull => "the group is full",
    }
}

#[cfg(test)]
mod tests;
