//! How coordinators begin and end: with the leaders of the partitions of `__consumer_offsets`.

use std::collections::VecDeque;

use super::{Kept, Place};
use crate::core::group::{Coordinator, GroupRecord, Outbox};
use crate::core::image::{CONSUMER_OFFSETS, Topic};
use crate::core::{BrokerId, Core, TopicPartition};

impl Core {
    /// A partition has another leader; if it is one of `__consumer_offsets`, its groups have another coordinator.
    pub(in crate::core) fn coordinator_changed(&mut self, id: TopicPartition) {
        let Some(topic) = self.image.topic_by_id(id.topic) else { return };
        if topic.name.as_str() != CONSUMER_OFFSETS {
            return;
        }
        let leader = topic.partition(id.partition).and_then(|partition| partition.leader);
        for broker in self.keepers(id) {
            if leader != Some(broker) && self.is_connected(broker) {
                self.end_coordinator((id, broker));
            }
        }
        let Some(leader) = leader.filter(|&leader| self.coordinates(leader, id)) else { return };
        let place = (id, leader);
        let has_begun = self.coordinators.get(&place).is_some_and(|kept| kept.leads);
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(leader));
        let has_records = replica.is_some_and(|replica| replica.log.size_bytes() > 0);
        if !has_begun && (has_records || !self.keepers(id).is_empty()) {
            self.load_coordinator(place);
        }
    }

    /// The brokers that coordinate a partition's groups, or did.
    fn keepers(&self, id: TopicPartition) -> Vec<BrokerId> {
        let places = self.coordinators.range((id, BrokerId::MIN)..=(id, BrokerId::MAX));
        places.map(|((_, broker), _)| *broker).collect()
    }

    /// A broker coordinates no more; what it knew is kept until another begins.
    fn end_coordinator(&mut self, place: Place) {
        let now = self.now;
        let Some(kept) = self.coordinators.get_mut(&place).filter(|kept| kept.leads) else { return };
        let mut out = Outbox::default();
        kept.leads = false;
        kept.unfinished.clear();
        kept.coordinator.unload(now, &mut out);
        self.send(out);
    }

    /// A broker's process has ended, and all its coordinators with it.
    pub(in crate::core) fn coordinators_end(&mut self, broker: BrokerId) {
        let its = self.coordinators.keys().filter(|(_, on)| *on == broker);
        for place in its.copied().collect::<Vec<_>>() {
            self.end_coordinator(place);
        }
    }

    /// A broker begins to coordinate a partition's groups: it reads what is in the log.
    pub(super) fn load_coordinator(&mut self, place: Place) {
        let (id, broker) = place;
        let settings = self.group_settings();
        let replica = self.partitions.get(&id).and_then(|partition| partition.replica(broker));
        let Some(replica) = replica else { return };
        let Some(leading) = &replica.leading else { return };
        let (epoch, written_to) = (leading.epoch, replica.log.end_offset());
        let records = replica.log.batches_from(replica.log.start_offset()).flat_map(|batch| {
            let to = batch.last_offset() + 1;
            batch.keyed_records().filter_map(move |record| Some((GroupRecord::read(&record)?, to)))
        });
        let known = self.keepers(id).into_iter().filter_map(|keeper| self.coordinators.get(&(id, keeper)));
        let before = known.max_by_key(|kept| kept.epoch).map(|kept| &kept.coordinator);
        let mut out = Outbox::default();
        let committed_to = replica.high_watermark;
        let coordinator = Coordinator::load(settings, self.now, records, committed_to, before, &mut out);
        self.coordinators.retain(|(other, _), kept| *other != id || kept.leads);
        let unfinished = VecDeque::new();
        let kept = Kept { coordinator, leads: true, epoch, scheduled: None, written_to, unfinished };
        self.coordinators.insert(place, kept);
        self.settle_unasked(place, out);
    }

    /// A topic is gone, and with it what groups have committed of it; or the groups, if it was `__consumer_offsets`.
    pub(in crate::core) fn forget_offsets_of(&mut self, topic: &Topic) {
        let places: Vec<_> = self.coordinators.keys().copied().collect();
        if topic.name.as_str() == CONSUMER_OFFSETS {
            for place in places {
                self.end_coordinator(place);
            }
            self.coordinators.clear();
            return;
        }
        for place in places {
            let Some(kept) = self.coordinators.get(&place).filter(|kept| kept.leads) else { continue };
            if self.is_connected(place.1) {
                let mut out = Outbox::default();
                kept.coordinator.topic_deleted(topic.name.as_str(), topic.id, &mut out);
                self.settle_unasked(place, out);
            }
        }
    }
}
