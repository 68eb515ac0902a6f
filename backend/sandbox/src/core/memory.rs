//! The cap on the logs' memory: at it the oldest closed segments go; if that is not enough, producers are refused.

use super::ids::TopicPartition;
use super::image::Topic;
use super::log::AppendRules;
use super::{BrokerId, Core};
use crate::window::Happening;

/// Into how many segments the memory is divided at least: a segment goes as a whole, and only when it is closed.
const SEGMENTS: u64 = 64;
/// Segments are no smaller than this for the sake of the cap.
const SMALLEST_SEGMENT: u64 = 64 << 10;
/// What groups may take beyond the cap: one part of so many.
const PART_FOR_GROUPS: u64 = 16;
/// What the members of groups may take at least, however small the cap.
const LEAST_FOR_MEMBERS: u64 = 16 << 20;

impl Core {
    /// How a topic's batches are kept, where a segment may take no more than its part of the memory. Those of the
    /// brokers' own topics are small: they have many partitions, which are compacted only where segments are closed.
    pub(super) fn within_memory(&self, topic: &Topic, broker: BrokerId) -> AppendRules {
        let rules = topic.settings_on(broker).append_rules();
        let part = match topic.is_internal() {
            true => SMALLEST_SEGMENT,
            false => (self.limits.log_bytes / SEGMENTS).max(SMALLEST_SEGMENT),
        };
        let part = usize::try_from(part).unwrap_or(usize::MAX);
        AppendRules { segment_bytes: rules.segment_bytes.min(part), ..rules }
    }

    /// Makes room for so many bytes more. How much there is then, if there is enough.
    pub(super) fn make_room(&mut self, bytes: usize) -> Option<usize> {
        self.make_room_within(self.limits.log_bytes, bytes)
    }

    /// Makes room for so many bytes of what groups write down. There is a little more than for others, so that groups
    /// go on when the records that can't go have filled the rest.
    pub(super) fn make_room_for_groups(&mut self, bytes: usize) -> Option<usize> {
        let limit = self.limits.log_bytes;
        self.make_room_within(limit.saturating_add(limit / PART_FOR_GROUPS), bytes)
    }

    /// Whether there is room for so many bytes more of what members say of themselves. Those who are members already, or
    /// were promised to be, may take as much again as newcomers.
    pub(super) fn has_room_for_member(&self, bytes: usize, is_new: bool) -> bool {
        let limit = (self.limits.log_bytes / PART_FOR_GROUPS).max(LEAST_FOR_MEMBERS);
        let limit = if is_new { limit } else { limit.saturating_mul(2) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.members_bytes().saturating_add(bytes) <= limit
    }

    fn make_room_within(&mut self, limit: u64, bytes: usize) -> Option<usize> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        while self.account.bytes().saturating_add(bytes) > limit {
            let (id, leader) = self.oldest_closed_segment()?;
            if !self.drop_oldest_segment(id, leader) {
                return None;
            }
        }
        Some(limit.saturating_sub(self.account.bytes()))
    }

    /// The partition that has it, of those whose topic deletes old records, and its leader.
    fn oldest_closed_segment(&self) -> Option<(TopicPartition, BrokerId)> {
        let mut oldest: Option<(i64, TopicPartition, BrokerId)> = None;
        for topic in self.image.topics() {
            for (index, registration) in (0..).zip(&topic.partitions) {
                let id = TopicPartition { topic: topic.id, partition: index };
                let Some(leader) = registration.leader else { continue };
                if !topic.settings_on(leader).cleanup_policy.delete {
                    continue;
                }
                let replica = self.partitions.get(&id).and_then(|partition| partition.replica(leader));
                let Some(replica) = replica else { continue };
                let mut segments = replica.log.segments();
                let (Some(first), Some(next)) = (segments.next(), segments.next()) else { continue };
                // What is not committed stays, as with every other way of deleting.
                let is_committed = next.base_offset <= replica.high_watermark;
                if is_committed && oldest.is_none_or(|(age, ..)| first.largest_timestamp_ms < age) {
                    oldest = Some((first.largest_timestamp_ms, id, leader));
                }
            }
        }
        oldest.map(|(_, id, leader)| (id, leader))
    }

    fn drop_oldest_segment(&mut self, id: TopicPartition, leader: BrokerId) -> bool {
        let Some(partition) = self.partitions.get_mut(&id) else { return false };
        let Some(replica) = partition.replica_mut(leader) else { return false };
        if replica.log.drop_oldest_segment().is_none() {
            return false;
        }
        let log_start = replica.log.start_offset();
        // Those that are not reached have it in the same memory.
        partition.drop_before(log_start);
        tracing::info!(
            topic = self.topic_name(id),
            partition = id.partition,
            log_start,
            "the oldest records went"
        );
        self.replicate(id, leader);
        self.happened(|core| Happening::RecordsDropped {
            topic: core.topic_name(id),
            partition: id.partition,
            log_start,
        });
        true
    }
}
