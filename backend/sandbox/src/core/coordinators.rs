//! Where groups are kept: the coordinators, one for each partition of `__consumer_offsets`.

use super::Core;
use super::ids::TopicPartition;
use super::image::Topic;

impl Core {
    /// A coordinator has something to do.
    pub(super) fn coordinator_is_due(&mut self, _partition: i32) {}

    /// A partition has another leader; if it is one of `__consumer_offsets`, its groups have another coordinator.
    pub(super) fn coordinator_changed(&mut self, _partition: TopicPartition) {}

    /// A topic is gone, and with it what groups have committed of it.
    pub(super) fn forget_offsets_of(&mut self, _topic: &Topic) {}
}
