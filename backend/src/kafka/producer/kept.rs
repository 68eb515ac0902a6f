//! A learner's producers, kept by their settings: `acks`, `linger.ms` and so on belong to a client, not to a call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use rdkafka::producer::ThreadedProducer;

use super::reports::Deliveries;
use crate::kafka::blocking::{Elsewhere, lock};

/// How many idle producers a learner keeps.
pub(super) const MAX_IDLE: usize = 4;

/// A producer with a thread that serves its reports.
pub(super) type Producer = Elsewhere<ThreadedProducer<Deliveries>>;
/// What tells one producer from another.
pub(super) type Settings = BTreeMap<String, String>;

/// The producers that no command uses at the moment, the least recently used first.
pub(in crate::kafka) struct Kept<P = Producer> {
    idle: Mutex<VecDeque<(Settings, P)>>,
}

impl<P> Default for Kept<P> {
    fn default() -> Self {
        Self { idle: Mutex::default() }
    }
}

impl<P> Kept<P> {
    /// A producer with these settings, for one command alone until it is put back.
    pub(super) fn take(&self, settings: &Settings) -> Option<P> {
        let mut idle = lock(&self.idle);
        let at = idle.iter().rposition(|(kept, _)| kept == settings)?;
        idle.remove(at).map(|(_, producer)| producer)
    }

    /// Puts back a producer of which no report is outstanding. The least recently used goes where there are too many.
    pub(super) fn put(&self, settings: Settings, producer: P) {
        let mut idle = lock(&self.idle);
        idle.push_back((settings, producer));
        let spare = if idle.len() > MAX_IDLE { idle.pop_front() } else { None };
        drop(idle);
        drop(spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(linger: u32) -> Settings {
        Settings::from([("linger.ms".to_owned(), linger.to_string())])
    }

    #[test]
    fn a_producer_is_used_by_one_command_at_a_time() {
        let kept = Kept::default();
        kept.put(settings(5), "five");
        assert_eq!(kept.take(&settings(6)), None);
        assert_eq!(kept.take(&settings(5)), Some("five"));
        assert_eq!(kept.take(&settings(5)), None);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let kept = Kept::default();
        for linger in 0..4 {
            kept.put(settings(linger), linger);
        }
        let again = kept.take(&settings(0)).unwrap();
        kept.put(settings(0), again);
        kept.put(settings(9), 9);
        assert_eq!(kept.take(&settings(1)), None);
        assert_eq!(kept.take(&settings(0)), Some(0));
        assert_eq!(kept.take(&settings(9)), Some(9));
    }
}
