//! What a screen reader is told: what ended, one by one; how far a long run is, now and then.

use std::collections::VecDeque;

/// More would only be a torrent: the oldest go unsaid.
const MOST_WAITING: usize = 4;

/// Sentences that wait to be said.
#[derive(Debug, Default)]
pub(crate) struct Announcements {
    waiting: VecDeque<String>,
    last_progress: String,
}

impl Announcements {
    /// Says this soon. An empty sentence is nothing to say.
    pub(crate) fn add(&mut self, sentence: String) {
        if sentence.is_empty() {
            return;
        }
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(sentence);
    }

    /// What to say now, if anything: all that waits, else `progress` if it is new.
    pub(crate) fn take(&mut self, progress: String) -> Option<String> {
        if !self.waiting.is_empty() {
            return Some(self.waiting.drain(..).collect::<Vec<_>>().join(" "));
        }
        if progress.is_empty() || progress == self.last_progress {
            return None;
        }
        self.last_progress.clone_from(&progress);
        Some(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_said_once_and_after_what_ended() {
        let mut announcements = Announcements::default();
        announcements.add("Created airports-data.".to_owned());
        announcements.add(String::new());
        assert_eq!(announcements.take("5 of 10".to_owned()).as_deref(), Some("Created airports-data."));
        assert_eq!(announcements.take("5 of 10".to_owned()).as_deref(), Some("5 of 10"));
        assert_eq!(announcements.take("5 of 10".to_owned()), None);
    }
}
