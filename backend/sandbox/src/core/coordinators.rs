//! Where groups are kept: the coordinators, one for each partition of `__consumer_offsets` on the broker that leads it,
//! and who may ask them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::deadlines::Due;
use super::group::{self, AfterWrite, Coordinator, GroupReply, GroupSettings, Outbox, Waiter};
use super::ids::TopicPartition;
use super::image::CONSUMER_OFFSETS;
use super::{BrokerId, Caller, ConnectionId, Core, Now};
use crate::window::GroupSnapshot;
use crate::wire::messages::JoinGroupRequestData;
use crate::wire::{ErrorCode, KafkaString};

mod events;
mod leading;
#[cfg(test)]
mod tests;
mod writes;

pub(super) use writes::{WaitingWrite, Write};

/// How often a coordinator does what is due at once before others have their turn.
const FIRED_AT_ONCE: usize = 16;
/// Java's hash code of `__consumer_offsets`.
const CONSUMER_OFFSETS_HASH: i32 = -970_371_369;

/// A partition of `__consumer_offsets` on a broker that leads it, or did.
pub(super) type Place = (TopicPartition, BrokerId);

/// The coordinators that were needed so far. There are two of a partition while a broker that is cut off does not know
/// that there is another leader.
pub(super) type Coordinators = BTreeMap<Place, Kept>;

/// A coordinator, and what the core knows of it.
#[derive(Debug)]
pub(super) struct Kept {
    coordinator: Coordinator,
    /// Whether it is at work. Otherwise it is what was known last, until another begins.
    leads: bool,
    /// The leader's epoch in which it began.
    epoch: i32,
    /// The earliest moment at which it will be asked what is due.
    scheduled: Option<Duration>,
    /// Where the log goes on after what it has written.
    written_to: i64,
    /// What is to be done when the log is committed up to there, or at that moment is not.
    unfinished: VecDeque<(i64, Duration, AfterWrite)>,
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
        Ok(self.at_coordinator(broker, group, act)?.0)
    }

    /// The same, and up to where the log has to be committed for the answer to be true. If what comes of it can't be
    /// written down, there is only the error.
    pub(super) fn with_writes<R>(
        &mut self,
        broker: BrokerId,
        group: &str,
        act: impl FnOnce(&mut Desk<'_>) -> R,
    ) -> Result<(R, Write), ErrorCode> {
        let (result, write, written) = self.at_coordinator(broker, group, act)?;
        written.map(|()| (result, write))
    }

    fn at_coordinator<R>(
        &mut self,
        broker: BrokerId,
        group: &str,
        act: impl FnOnce(&mut Desk<'_>) -> R,
    ) -> Result<(R, Write, Result<(), ErrorCode>), ErrorCode> {
        let id = self.coordinated(broker, group)?;
        let place = (id, broker);
        if !self.coordinators.get(&place).is_some_and(|kept| kept.leads) {
            self.load_coordinator(place);
        }
        let now = self.now;
        let mut out = Outbox::default();
        let kept = self.coordinators.get_mut(&place).ok_or(ErrorCode::NotCoordinator)?;
        let groups = &mut kept.coordinator;
        let result = act(&mut Desk { groups, now, out: &mut out, rng: &mut self.rng });
        let written = self.settle(place, out);
        let to = self.coordinators.get(&place).map_or(0, |kept| kept.written_to);
        Ok((result, Write { id, to }, written))
    }

    fn can_write(&self, broker: BrokerId, id: TopicPartition) -> bool {
        let Some(topic) = self.image_of(broker).topic_by_id(id.topic) else { return false };
        let Some(registration) = topic.partition(id.partition) else { return false };
        let min_isr = topic.settings_on(broker).effective_min_isr(registration.replicas.len());
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(broker));
        replica.and_then(|replica| replica.leading.as_ref()).is_some_and(|it| it.isr.len() >= min_isr)
    }

    /// The partition of `__consumer_offsets` that keeps a group, on the broker that leads it.
    fn coordinated(&self, broker: BrokerId, group: &str) -> Result<TopicPartition, ErrorCode> {
        let topic = self.image_of(broker).topic(CONSUMER_OFFSETS).ok_or(ErrorCode::NotCoordinator)?;
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let id = TopicPartition { topic: topic.id, partition: group::partition_for(group, count) };
        if self.coordinates(broker, id) { Ok(id) } else { Err(ErrorCode::NotCoordinator) }
    }

    /// Groups in the order in which Apache Kafka answers for them when several are named in a request: by their partitions
    /// of `__consumer_offsets`, each by itself, and these as Java's `HashMap` has them.
    pub(super) fn in_order_of_coordinators<'a>(
        &self,
        broker: BrokerId,
        ids: impl IntoIterator<Item = &'a KafkaString>,
    ) -> Vec<Vec<&'a KafkaString>> {
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
        by_partition.into_iter().map(|(_, ids)| ids).collect()
    }

    /// Whether a broker leads a partition of `__consumer_offsets`, by what it knows.
    fn coordinates(&self, broker: BrokerId, id: TopicPartition) -> bool {
        let seen = self.image_of(broker).topic_by_id(id.topic);
        let seen = seen.and_then(|topic| topic.partition(id.partition));
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(broker));
        seen.is_some_and(|partition| partition.leader == Some(broker))
            && replica.is_some_and(|replica| replica.leading.is_some())
    }

    /// Looks at all coordinators on a broker.
    pub(super) fn coordinators_on(&self, broker: BrokerId) -> impl Iterator<Item = &Coordinator> {
        let its = self.coordinators.iter().filter(move |((_, on), kept)| *on == broker && kept.leads);
        its.filter(move |((id, _), _)| self.coordinates(broker, *id)).map(|(_, kept)| &kept.coordinator)
    }

    /// All groups, as the window shows them: as the leader knows them, or as somebody did last.
    pub(super) fn group_views(&self) -> impl Iterator<Item = GroupSnapshot> {
        let mut shown: BTreeMap<TopicPartition, (Option<BrokerId>, &Kept)> = BTreeMap::new();
        for (&(id, broker), kept) in &self.coordinators {
            let leader = self.registration(id).and_then(|partition| partition.leader);
            let leads = kept.leads && leader == Some(broker);
            if leads || shown.get(&id).is_none_or(|(on, it)| on.is_none() && it.epoch < kept.epoch) {
                shown.insert(id, (Some(broker).filter(|_| leads), kept));
            }
        }
        shown.into_values().flat_map(|(broker, kept)| kept.coordinator.view(broker))
    }

    /// About how much memory the members of all groups take.
    pub(super) fn members_bytes(&self) -> usize {
        self.coordinators.values().map(|kept| kept.coordinator.held_bytes()).sum()
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
    pub(super) fn coordinator_is_due(&mut self, place: Place) {
        let now = self.now.monotonic;
        if let Some(kept) = self.coordinators.get_mut(&place) {
            kept.scheduled = kept.scheduled.filter(|&at| at > now);
            self.settle_unasked(place, Outbox::default());
        }
    }

    /// Has a coordinator do what is due at once, sends out what came of all that, and sees to it that it is asked again
    /// when something is due. The error is that of [`Self::carry_out`] with what there was at first.
    fn settle(&mut self, place: Place, out: Outbox) -> Result<(), ErrorCode> {
        let written = self.carry_out(place, out);
        for _ in 0..FIRED_AT_ONCE {
            let now = self.now;
            let Some(kept) = self.coordinators.get_mut(&place) else { return written };
            if kept.coordinator.next_deadline().is_none_or(|at| at > now.monotonic) {
                break;
            }
            let mut out = Outbox::default();
            kept.coordinator.fire(now, &mut out);
            if let Err(error) = self.carry_out(place, out) {
                note_failure(place, error);
            }
        }
        if let Some(kept) = self.coordinators.get_mut(&place)
            && let Some(at) = kept.coordinator.next_deadline()
            && kept.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            kept.scheduled = Some(at);
            self.deadlines.add(at, Due::Coordinator(place.0, place.1));
        }
        written
    }

    /// The same for what nobody has asked for: an error is only noted.
    fn settle_unasked(&mut self, place: Place, out: Outbox) {
        if let Err(error) = self.settle(place, out) {
            note_failure(place, error);
        }
    }

    /// Answers requests, and tells who watches.
    fn send(&mut self, out: Outbox) {
        for (Waiter(connection), reply) in out.replies {
            match reply {
                GroupReply::Join(response) => self.answer(ConnectionId(connection), response.into()),
                GroupReply::Sync(response) => self.answer(ConnectionId(connection), response.into()),
                GroupReply::Never => {}
            }
        }
        for event in out.events {
            self.happened(|_| events::happening(event));
        }
    }
}

fn note_failure((id, broker): Place, error: ErrorCode) {
    tracing::warn!(broker, partition = id.partition, ?error, "what became of groups can't be written down");
}
