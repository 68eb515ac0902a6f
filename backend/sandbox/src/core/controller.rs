//! What the controller decides: which brokers take part, who leads each partition, which topics there are. There is one
//! controller, it is always there, and its decisions reach every broker that is not cut off at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::config::TopicSettings;
use super::deadlines::Due;
use super::election::{self, Change, Election};
use super::ids::TopicPartition;
use super::image::{self, PartitionRegistration, Registration, Topic};
use super::partition::Partition;
use super::{BrokerId, Core, random_uuid};
use crate::window::Happening;
use crate::wire::{KafkaUuid, text};

/// Which replicas each partition of a topic has, by its number.
pub(crate) type Assignment = Vec<Vec<BrokerId>>;

impl Core {
    /// A broker starts: it registers, and takes part from then on.
    pub(super) fn register(&mut self, id: BrokerId) {
        let Some(broker) = self.broker_mut(id) else { return };
        broker.running = true;
        broker.unheard_since = None;
        let registration =
            Registration { host: broker.address.host.clone(), port: broker.address.port, fenced: false };
        Arc::make_mut(&mut self.image).brokers.insert(id, registration);
        self.elect_where_leaderless();
        self.metadata_seen(id);
        self.balance_later();
    }

    /// A broker no longer takes part: it leads nothing and is in sync with nothing.
    pub(super) fn fence(&mut self, id: BrokerId) {
        self.count_out(id);
        self.leave_in_sync_sets(id, &[]);
    }

    /// The same for a broker that is back after an unclean end: what it has may lack records that it had confirmed.
    pub(super) fn fence_unclean(&mut self, id: BrokerId) {
        self.count_out(id);
        self.leave_in_sync_sets(id, &[id]);
    }

    fn count_out(&mut self, id: BrokerId) {
        if let Some(broker) = Arc::make_mut(&mut self.image).brokers.get_mut(&id)
            && !std::mem::replace(&mut broker.fenced, true)
        {
            self.happened(|_| Happening::BrokerFenced { broker: id });
        }
    }

    /// Takes a broker out of all in-sync sets; with `unclean`, also out of the eligible sets.
    pub(super) fn leave_in_sync_sets(&mut self, id: BrokerId, unclean: &[BrokerId]) {
        for partition in self.partitions_where(|partition| {
            partition.isr.contains(&id) || unclean.iter().any(|broker| partition.elr.contains(broker))
        }) {
            let Some(registration) = self.registration(partition) else { continue };
            let isr = registration.isr.iter().copied().filter(|&replica| replica != id).collect();
            let election = self.automatic_election(partition);
            self.change_partition(partition, isr, unclean, election);
        }
    }

    /// A broker that can lead has come: partitions without a leader look again.
    pub(super) fn elect_where_leaderless(&mut self) {
        for partition in self.partitions_where(|partition| partition.leader.is_none()) {
            let election = self.automatic_election(partition);
            self.elect(partition, election);
        }
    }

    /// Elects a leader. Whether anything changed.
    pub(super) fn elect(&mut self, partition: TopicPartition, election: Election) -> bool {
        let Some(isr) = self.registration(partition).map(|registration| registration.isr.clone()) else {
            return false;
        };
        self.change_partition(partition, isr, &[], election)
    }

    /// The kind of election that happens by itself, by `unclean.leader.election.enable`.
    fn automatic_election(&self, partition: TopicPartition) -> Election {
        let unclean = self
            .image
            .topic_by_id(partition.topic)
            .is_some_and(|topic| topic.settings.unclean_leader_election_enable);
        if unclean { Election::Unclean } else { Election::Online }
    }

    /// Carries out one change of one partition. Whether anything changed.
    pub(super) fn change_partition(
        &mut self,
        partition: TopicPartition,
        isr: Vec<BrokerId>,
        unclean: &[BrokerId],
        election: Election,
    ) -> bool {
        let Some(topic) = self.image.topic_by_id(partition.topic) else { return false };
        let Some(before) = topic.partition(partition.partition) else { return false };
        let min_isr = topic.settings.effective_min_isr(before.replicas.len());
        let change = Change { isr, unclean, election, min_isr };
        let Some(after) = election::change(before, change, |broker| self.image.is_live(broker)) else {
            return false;
        };
        let (old_leader, old_isr) = (before.leader, before.isr.clone());
        if let Some(place) =
            Arc::make_mut(&mut self.image).partition_mut(partition.topic, partition.partition)
        {
            *place = after.clone();
        }
        if old_leader != after.leader {
            self.happened(|core| Happening::LeaderChanged {
                topic: core.topic_name(partition),
                partition: partition.partition,
                old_leader,
                leader: after.leader,
                leader_epoch: after.leader_epoch,
            });
        }
        if old_isr != after.isr {
            self.happened(|core| Happening::InSyncChanged {
                topic: core.topic_name(partition),
                partition: partition.partition,
                old_isr,
                isr: after.isr,
            });
        }
        self.partition_changed(partition);
        true
    }

    /// A partition as the controller knows it.
    pub(super) fn registration(&self, partition: TopicPartition) -> Option<&PartitionRegistration> {
        self.image.topic_by_id(partition.topic)?.partition(partition.partition)
    }

    fn partitions_where(&self, chosen: impl Fn(&PartitionRegistration) -> bool) -> Vec<TopicPartition> {
        let mut partitions = Vec::new();
        for topic in self.image.topics() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                if chosen(partition) {
                    partitions.push(TopicPartition { topic: topic.id, partition: index });
                }
            }
        }
        partitions
    }

    /// Adds a topic. Its name and assignment have been checked.
    pub(super) fn add_topic(&mut self, name: &str, assignment: &Assignment) -> KafkaUuid {
        let id = random_uuid(&mut self.rng);
        let (settings, on_brokers) = self.topic_settings(name);
        let topic = Topic { name: text(name), id, settings, on_brokers, partitions: Vec::new() };
        Arc::make_mut(&mut self.image).insert_topic(topic);
        self.add_partitions(id, assignment);
        self.happened(|_| Happening::TopicCreated { topic: name.to_owned() });
        id
    }

    /// Adds partitions to a topic.
    pub(super) fn add_partitions(&mut self, id: KafkaUuid, assignment: &Assignment) {
        let Some(topic) = self.image.topic_by_id(id) else { return };
        let first = topic.partitions.len();
        let mut whole = Topic::clone(topic);
        for replicas in assignment {
            let isr: Vec<_> = replicas.iter().copied().filter(|&id| self.image.is_live(id)).collect();
            whole.partitions.push(PartitionRegistration {
                leader: isr.first().copied(),
                replicas: replicas.clone(),
                isr,
                elr: Vec::new(),
                last_known_elr: Vec::new(),
                leader_epoch: 0,
                partition_epoch: 0,
            });
        }
        Arc::make_mut(&mut self.image).insert_topic(whole);
        for (index, replicas) in (first..).zip(assignment) {
            let partition = TopicPartition { topic: id, partition: i32::try_from(index).unwrap_or(i32::MAX) };
            self.partitions.insert(partition, Partition::new(replicas, &self.account));
            self.partition_changed(partition);
        }
    }

    /// Removes a topic with all that is known of it.
    pub(super) fn remove_topic(&mut self, name: &str) {
        let Some(topic) = Arc::make_mut(&mut self.image).remove_topic(name) else { return };
        Arc::make_mut(&mut self.image).configs.remove_topic(name);
        for index in (0..).take(topic.partitions.len()) {
            let partition = TopicPartition { topic: topic.id, partition: index };
            self.partitions.remove(&partition);
            self.partition_changed(partition);
        }
        self.forget_offsets_of(&topic);
        self.happened(|_| Happening::TopicDeleted { topic: name.to_owned() });
    }

    /// A topic's settings by its own configs and the brokers', and those on brokers that have configs of their own.
    fn topic_settings(&self, name: &str) -> (Arc<TopicSettings>, BTreeMap<BrokerId, Arc<TopicSettings>>) {
        let settings = self.image.configs.topic_settings(name);
        let on_brokers = self.image.configs.topic_settings_on_brokers(name);
        let recompresses = |settings: &TopicSettings| settings.recompression().is_some();
        if recompresses(&settings) || on_brokers.iter().any(|(_, settings)| recompresses(settings)) {
            // It stays so: what is gone with a topic is little.
            self.recompresses.store(true, Ordering::Relaxed);
        }
        let on_brokers = on_brokers.into_iter().map(|(broker, settings)| (broker, Arc::new(settings)));
        (Arc::new(settings), on_brokers.collect())
    }

    /// Set once any topic wants its records to be compressed otherwise than they come.
    pub(crate) fn recompresses(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.recompresses)
    }

    /// Configs have changed: topics act by them from now on.
    pub(super) fn configs_changed(&mut self) {
        let topics: Vec<_> = self.image.topics().cloned().collect();
        for topic in topics {
            let (settings, on_brokers) = self.topic_settings(topic.name.as_str());
            if topic.settings != settings || topic.on_brokers != on_brokers {
                let topic = Topic { settings, on_brokers, ..Topic::clone(&topic) };
                let id = topic.id;
                let count = topic.partitions.len();
                Arc::make_mut(&mut self.image).insert_topic(topic);
                for index in (0..).take(count) {
                    let partition = TopicPartition { topic: id, partition: index };
                    self.partition_changed(partition);
                    self.review_eligible(partition);
                }
            }
        }
        self.elect_where_leaderless();
    }

    /// `min.insync.replicas` may have changed: enough may be in sync now for nobody else to be eligible (KIP-966).
    fn review_eligible(&mut self, partition: TopicPartition) {
        if self.registration(partition).is_some_and(|registration| !registration.elr.is_empty()) {
            let election = self.automatic_election(partition);
            self.elect(partition, election);
        }
    }

    /// Makes an internal topic, as a broker does when it is first needed. The error is why that can't be.
    pub(super) fn make_internal_topic(
        &mut self,
        name: &str,
        partitions: usize,
        replication_factor: usize,
    ) -> Result<(), String> {
        debug_assert!(image::is_internal(name), "{name} is no internal topic");
        let assignment = self.place(partitions, replication_factor)?;
        Arc::make_mut(&mut self.image).configs.set_internal_topic(name);
        self.add_topic(name, &assignment);
        Ok(())
    }

    /// A broker has not been heard of since its session began to run out: it is fenced when that is long enough ago.
    pub(super) fn session_is_over(&mut self, id: BrokerId) {
        let timeout = self.image.configs.broker_settings().broker_session_timeout;
        let since = self.broker(id).and_then(|broker| broker.unheard_since);
        let is_over = since.is_some_and(|since| since.saturating_add(timeout) <= self.now.monotonic);
        if is_over && self.image.is_live(id) {
            self.fence(id);
        }
    }

    /// Leaders go back to the preferred replicas, as `auto.leader.rebalance.enable` has it.
    pub(super) fn balance_leaders(&mut self) {
        for partition in self.imbalanced() {
            self.elect(partition, Election::Preferred);
        }
        self.balance_later();
    }

    /// Has leaders looked at later, if that is what the brokers are configured to do and there is reason to.
    pub(super) fn balance_later(&mut self) {
        let settings = self.image.configs.broker_settings();
        if settings.auto_leader_rebalance_enable
            && !self.deadlines.has(Due::Balance)
            && !self.imbalanced().is_empty()
        {
            let at = self.after(settings.leader_imbalance_check_interval);
            self.deadlines.add(at, Due::Balance);
        }
    }

    fn imbalanced(&self) -> Vec<TopicPartition> {
        self.partitions_where(|partition| partition.leader != partition.replicas.first().copied())
    }
}
