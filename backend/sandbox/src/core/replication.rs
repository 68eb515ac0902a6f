//! Replication: what brokers do when the metadata changes, when a leader's log grows, and when followers fall behind.

use super::deadlines::Due;
use super::election::Election;
use super::ids::TopicPartition;
use super::log::Appended;
use super::partition::ReplicationRules;
use super::{BrokerId, Core};
use crate::window::Happening;

impl Core {
    /// A partition's registration has changed, or is gone: the brokers that see it act on it.
    pub(super) fn partition_changed(&mut self, id: TopicPartition) {
        let Some(registration) = self.registration(id).cloned() else {
            self.wake(id);
            return;
        };
        let connected: Vec<_> =
            registration.replicas.iter().copied().filter(|&broker| self.is_connected(broker)).collect();
        let Some(partition) = self.partitions.get_mut(&id) else { return };
        for broker in connected {
            if registration.leader == Some(broker) {
                partition.lead(broker, registration.leader_epoch, &registration.isr);
            } else {
                partition.follow(broker);
            }
        }
        if let Some(leader) = registration.leader {
            self.replicate(id, leader);
        }
        self.coordinator_changed(id);
        self.wake(id);
    }

    /// A broker sees all metadata anew: it has started, or is no longer cut off.
    pub(super) fn metadata_seen(&mut self, broker: BrokerId) {
        let mut its = Vec::new();
        for topic in self.image.topics() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                if partition.replicas.contains(&broker) {
                    its.push(TopicPartition { topic: topic.id, partition: index });
                }
            }
        }
        for id in its {
            self.partition_changed(id);
        }
    }

    /// Brings the followers to where the leader is, and draws the consequences.
    pub(super) fn replicate(&mut self, id: TopicPartition, leader: BrokerId) {
        self.replicate_with(id, leader, false);
    }

    /// The records that slow links carried have arrived.
    pub(super) fn delayed_replication(&mut self, id: TopicPartition) {
        if let Some(leader) = self.registration(id).and_then(|registration| registration.leader) {
            self.replicate_with(id, leader, true);
        }
    }

    fn replicate_with(&mut self, id: TopicPartition, leader: BrokerId, slow_links_carried: bool) {
        let Some(rules) = self.image_of(leader).topic_by_id(id.topic).and_then(|topic| {
            let replicas = topic.partition(id.partition)?.replicas.len();
            let min_isr = topic.settings_on(leader).effective_min_isr(replicas);
            Some(ReplicationRules { min_isr, append: self.within_memory(topic, leader) })
        }) else {
            return;
        };
        let reachable = |broker: BrokerId| {
            self.brokers.iter().any(|other| other.id == broker && other.running && other.cut_off.is_none())
        };
        let leader_is_reachable = reachable(leader);
        let slow =
            self.brokers.iter().filter(|broker| broker.id != leader && !broker.replication_delay.is_zero());
        let slow: Vec<_> = slow.map(|broker| (broker.id, broker.replication_delay)).collect();
        let reached: Vec<_> = self
            .brokers
            .iter()
            .map(|broker| broker.id)
            .filter(|&id| leader_is_reachable && reachable(id))
            .filter(|id| slow_links_carried || slow.iter().all(|(slow, _)| slow != id))
            .collect();

        let now = self.now;
        let Some(partition) = self.partitions.get_mut(&id) else { return };
        let progress = partition.replicate(leader, &rules, now, |broker| reached.contains(&broker));

        if !slow_links_carried {
            let followers = partition.replicas().iter().map(|replica| replica.broker);
            let slowest = followers
                .filter_map(|broker| slow.iter().find(|(id, _)| *id == broker))
                .map(|(_, delay)| *delay);
            if let Some(delay) = slowest.max() {
                self.deadlines.add(now.monotonic.saturating_add(delay), Due::Replicate(id));
            }
        }
        if let Some(since) = progress.behind_since {
            let lag = self.image.configs.broker_settings().replica_lag_time_max;
            self.deadlines.add(since.saturating_add(lag), Due::Lag(id));
        }
        if progress.committed {
            self.groups_committed(id);
            self.wake(id);
        }
        if progress.watermarks {
            self.wake_deletes(id);
        }
        if leader_is_reachable {
            self.join_in_sync_set(id, leader, &progress.caught_up);
        }
    }

    /// A leader's log has grown by that.
    pub(super) fn appended(&mut self, id: TopicPartition, leader: BrokerId, appended: &Appended) {
        self.happened(|core| Happening::Appended {
            topic: core.topic_name(id),
            partition: id.partition,
            broker: leader,
            first_offset: appended.base_offset,
            log_end: appended.last_offset + 1,
        });
        self.replicate(id, leader);
    }

    /// The leader asks the controller to let followers that have caught up into the in-sync set. It sends a set, whose
    /// order is that of the ids, and the controller keeps that order.
    fn join_in_sync_set(&mut self, id: TopicPartition, leader: BrokerId, caught_up: &[BrokerId]) {
        let Some(registration) = self.registration(id).filter(|partition| partition.leader == Some(leader))
        else {
            return;
        };
        let mut isr = registration.isr.clone();
        isr.extend(caught_up.iter().filter(|&&broker| {
            !registration.isr.contains(&broker)
                && registration.replicas.contains(&broker)
                && self.image.is_live(broker)
        }));
        if isr.len() > registration.isr.len() {
            isr.sort_unstable();
            self.change_partition(id, isr, &[], Election::Online);
        }
    }

    /// The leader asks the controller to take followers that have been behind for too long out of the in-sync set.
    pub(super) fn shrink_lagging(&mut self, id: TopicPartition) {
        let Some(registration) = self.registration(id) else { return };
        let Some(leader) = registration.leader.filter(|&leader| self.is_connected(leader)) else { return };
        let lag = self.image.configs.broker_settings().replica_lag_time_max;
        let mut isr = registration.isr.clone();
        let Some(partition) = self.partitions.get_mut(&id) else { return };
        partition.lag_seen(leader);
        let lagging = partition.lagging(leader, self.now.monotonic, lag);
        isr.retain(|replica| !lagging.contains(replica));
        isr.sort_unstable();
        if lagging.is_empty() {
            self.replicate(id, leader);
        } else {
            self.change_partition(id, isr, &[], Election::Online);
        }
    }
}
