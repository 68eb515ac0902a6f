//! That what the steps are for really happens.

use std::collections::{BTreeMap, BTreeSet};

use super::{CASES, Partitions};

/// What may not happen in a world, and must in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Occurrence {
    /// `unclean.leader.election.enable` made a replica lead that was neither in sync nor eligible.
    UncleanElectionByConfig,
    /// `ElectLeaders` did.
    UncleanElectionByRequest,
    /// A record that was acknowledged by all in sync went so.
    RecordLost,
    /// `ElectLeaders` made a preferred replica lead.
    PreferredElection,
    /// An injected error was answered.
    ErrorInjected,
    /// What a batch was answered with was one.
    BatchRefused,
    TopicGrown,
    TopicDeleted,
    TopicCreatedAgain,
    RecordsDeleted,
}

impl Occurrence {
    const ALL: [Self; 10] = [
        Self::UncleanElectionByConfig,
        Self::UncleanElectionByRequest,
        Self::RecordLost,
        Self::PreferredElection,
        Self::ErrorInjected,
        Self::BatchRefused,
        Self::TopicGrown,
        Self::TopicDeleted,
        Self::TopicCreatedAgain,
        Self::RecordsDeleted,
    ];
}

/// How often what happened.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<Occurrence, u32>);

impl Counts {
    pub(super) fn note(&mut self, what: Occurrence, times: usize) {
        *self.0.entry(what).or_default() += u32::try_from(times).expect("few");
    }

    /// Topics that came, went or grew.
    pub(super) fn compare(&mut self, before: &Partitions, after: &Partitions) {
        let topics = |all: &Partitions| all.keys().map(|id| id.topic).collect::<BTreeSet<_>>();
        let (topics_before, topics_after) = (topics(before), topics(after));
        self.note(Occurrence::TopicDeleted, topics_before.difference(&topics_after).count());
        if !before.is_empty() {
            self.note(Occurrence::TopicCreatedAgain, topics_after.difference(&topics_before).count());
        }
        let came = after.keys().filter(|id| !before.contains_key(id) && topics_before.contains(&id.topic));
        self.note(Occurrence::TopicGrown, came.count());
    }

    pub(super) fn add(&mut self, others: &Self) {
        for (what, times) in &others.0 {
            *self.0.entry(*what).or_default() += times;
        }
    }

    /// Each happened in one world out of a hundred, or more often.
    pub(super) fn check(&self) {
        for what in Occurrence::ALL {
            assert!(
                self.0.get(&what).is_some_and(|times| *times >= CASES / 100),
                "too few {what:?}: {:?}",
                self.0
            );
        }
    }
}
