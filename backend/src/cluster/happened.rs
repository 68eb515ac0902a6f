//! What happened in a sandbox, gathered for the page: in its order, what is written, read and committed in a row as one,
//! and bounded.

use sandbox::Happening as Happened;
use shared::kafka::{ClusterEvent, ClusterEvents, Happening, TopicName};

use super::view::{millis, shortened};

/// How many of the first events of a batch are kept when there are too many: they say how it began, and the last ones
/// where it went. What is between them goes.
const FIRST: usize = ClusterEvents::MAX / 2;

/// What has happened since it was told last.
#[derive(Debug, Default)]
pub(super) struct Batch {
    events: Vec<ClusterEvent>,
    /// The moment of the last one.
    at_ms: u64,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Something happened.
    pub(super) fn push(&mut self, event: &sandbox::ClusterEvent) {
        self.at_ms = millis(event.at);
        match happening(&event.what) {
            Some(what) => self.add(what),
            None => self.miss(1),
        }
    }

    /// So much happened that nobody knows of any more.
    pub(super) fn miss(&mut self, times: u64) {
        self.put(ClusterEvent { at_ms: self.at_ms, times, what: Happening::LeftOut });
    }

    /// All of it, and nothing is left; `None`: nothing happened.
    pub(super) fn take(&mut self) -> Option<ClusterEvents> {
        let events = std::mem::take(&mut self.events);
        (!events.is_empty()).then_some(ClusterEvents { events })
    }

    fn add(&mut self, what: Happening) {
        let recent = self.events.iter_mut().rev().take_while(|event| event.what.comes_in_runs());
        for run in recent {
            if run.what.takes_up(&what) {
                run.times += 1;
                return;
            }
        }
        self.put(ClusterEvent { at_ms: self.at_ms, times: 1, what });
    }

    fn put(&mut self, event: ClusterEvent) {
        self.events.push(event);
        if self.events.len() <= ClusterEvents::MAX {
            return;
        }
        let gone = self.events.remove(FIRST + 1);
        if let Some(gap) = self.events.get_mut(FIRST) {
            gap.what = Happening::LeftOut;
            gap.times += gone.times;
        }
    }
}

/// As the page is told; `None`: it knows no such thing.
fn happening(what: &Happened) -> Option<Happening> {
    let topic = |name: &str| TopicName::parse(name).ok();
    Some(match what {
        Happened::BrokerUp { broker } => Happening::BrokerUp { broker: *broker },
        Happened::BrokerDown { broker, killed } => Happening::BrokerDown { broker: *broker, killed: *killed },
        Happened::BrokerFenced { broker } => Happening::BrokerFenced { broker: *broker },
        Happened::BrokerCutOff { broker } => Happening::BrokerCutOff { broker: *broker },
        Happened::BrokerReconnected { broker } => Happening::BrokerReconnected { broker: *broker },
        Happened::TopicCreated { topic: name } => Happening::TopicCreated { topic: topic(name)? },
        Happened::TopicDeleted { topic: name } => Happening::TopicDeleted { topic: topic(name)? },
        Happened::Appended { topic: name, partition, broker, first_offset, log_end } => Happening::Appended {
            topic: topic(name)?,
            partition: *partition,
            broker: *broker,
            first_offset: *first_offset,
            log_end: *log_end,
        },
        Happened::Fetched { topic: name, partition, broker, first_offset, next_offset } => {
            Happening::Fetched {
                topic: topic(name)?,
                partition: *partition,
                broker: *broker,
                first_offset: *first_offset,
                next_offset: *next_offset,
            }
        }
        Happened::LeaderChanged { topic: name, partition, old_leader, leader, leader_epoch } => {
            Happening::LeaderChanged {
                topic: topic(name)?,
                partition: *partition,
                old_leader: *old_leader,
                leader: *leader,
                leader_epoch: *leader_epoch,
            }
        }
        Happened::InSyncChanged { topic: name, partition, old_isr, isr } => Happening::InSyncChanged {
            topic: topic(name)?,
            partition: *partition,
            old_in_sync: old_isr.clone(),
            in_sync: isr.clone(),
        },
        Happened::GroupStateChanged { group, state, generation } => Happening::GroupStateChanged {
            group: shortened(group),
            state: state.clone(),
            generation: *generation,
        },
        Happened::MemberJoined { group, member } => {
            Happening::MemberJoined { group: shortened(group), member_id: shortened(member) }
        }
        Happened::MemberLeft { group, member, why } => {
            Happening::MemberLeft { group: shortened(group), member_id: shortened(member), why: why.clone() }
        }
        Happened::Committed { group, topic: name, partition, offset } => Happening::Committed {
            group: shortened(group),
            topic: topic(name)?,
            partition: *partition,
            offset: *offset,
        },
        Happened::ErrorAnswered { broker, api, error_code } => {
            Happening::ErrorAnswered { broker: *broker, api: api.clone(), error_code: *error_code }
        }
        Happened::RecordsDropped { topic: name, partition, log_start } => {
            Happening::RecordsDropped { topic: topic(name)?, partition: *partition, log_start: *log_start }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64, what: Happened) -> sandbox::ClusterEvent {
        sandbox::ClusterEvent { at: Duration::from_millis(ms), what }
    }

    fn appended(partition: i32, first_offset: i64, log_end: i64) -> Happened {
        Happened::Appended { topic: "t".to_owned(), partition, broker: 1, first_offset, log_end }
    }

    fn committed(offset: i64) -> Happened {
        Happened::Committed { group: "g".to_owned(), topic: "t".to_owned(), partition: 0, offset }
    }

    /// What is told of this: when, how often, and what.
    fn told(events: impl IntoIterator<Item = Happened>) -> Vec<(u64, u64, Happening)> {
        let mut batch = Batch::default();
        for (ms, what) in (0..).zip(events) {
            batch.push(&at(ms, what));
        }
        let told = batch.take().map(|batch| batch.events).unwrap_or_default();
        assert!(batch.is_empty());
        told.into_iter().map(|event| (event.at_ms, event.times, event.what)).collect()
    }

    fn as_told(what: &Happened) -> Happening {
        happening(what).expect("the page knows it")
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        assert_eq!(Batch::default().take(), None);
    }

    #[test]
    fn what_is_written_to_a_partition_in_a_row_is_one_run() {
        let events = [appended(0, 0, 3), appended(1, 7, 8), appended(0, 3, 9), committed(4), committed(5)];
        let runs = [
            (0, 2, as_told(&appended(0, 0, 9))),
            (1, 1, as_told(&appended(1, 7, 8))),
            (3, 2, as_told(&committed(5))),
        ];
        assert_eq!(told(events), runs);
    }

    #[test]
    fn a_run_ends_where_something_else_happens_or_offsets_do_not_go_on() {
        let events =
            [appended(0, 0, 3), Happened::BrokerUp { broker: 2 }, appended(0, 3, 4), appended(0, 2, 5)];
        let each = (0..).zip(&events).map(|(ms, what)| (ms, 1, as_told(what))).collect::<Vec<_>>();
        assert_eq!(told(events), each);
    }

    #[test]
    fn two_readers_of_a_partition_have_a_run_each() {
        let fetched = |first_offset, next_offset| Happened::Fetched {
            topic: "t".to_owned(),
            partition: 0,
            broker: 1,
            first_offset,
            next_offset,
        };
        let runs = [(0, 2, as_told(&fetched(0, 9))), (1, 2, as_told(&fetched(50, 70)))];
        assert_eq!(told([fetched(0, 5), fetched(50, 60), fetched(5, 9), fetched(60, 70)]), runs);
    }

    #[test]
    fn of_too_much_the_first_and_the_last_are_told_and_how_much_is_left_out_between_them() {
        let events = (0..1_000).map(|broker| Happened::BrokerUp { broker });
        let told = told(events);
        assert_eq!(told.len(), ClusterEvents::MAX);
        let up = |broker: i32| (u64::from(broker.unsigned_abs()), 1, Happening::BrokerUp { broker });
        assert_eq!(told[FIRST - 1], up(99));
        assert_eq!(told[FIRST], (100, 801, Happening::LeftOut));
        assert_eq!(told[FIRST + 1], up(901));
        assert_eq!(told[ClusterEvents::MAX - 1], up(999));
    }

    #[test]
    fn what_was_missed_is_told_where_it_was() {
        let mut batch = Batch::default();
        batch.push(&at(5, appended(0, 0, 1)));
        batch.miss(70);
        batch.push(&at(9, appended(0, 1, 2)));
        let events = batch.take().expect("something happened").events;
        let told: Vec<_> = events.iter().map(|event| (event.at_ms, event.times, &event.what)).collect();
        let (before, after) = (as_told(&appended(0, 0, 1)), as_told(&appended(0, 1, 2)));
        assert_eq!(told, [(5, 1, &before), (5, 70, &Happening::LeftOut), (9, 1, &after)]);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(i32, i64),
        Commit(i64),
        Turn,
        Miss(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..3_i32, 1..50_i64).prop_map(|(partition, records)| Step::Append(partition, records)),
            4 => (0..9_i64).prop_map(Step::Commit),
            4 => Just(Step::Turn),
            1 => (1..9_u64).prop_map(Step::Miss),
        ]
    }

    proptest! {
        #[test]
        fn all_is_told_or_counted_in_order_and_within_the_bound(steps in prop::collection::vec(step(), 0..900)) {
            let mut batch = Batch::default();
            let (mut log_ends, mut turns, mut all) = ([0; 3], Vec::new(), 0);
            for (ms, step) in (0..).zip(steps) {
                all += 1;
                match step {
                    Step::Append(partition, records) => {
                        let log_end = &mut log_ends[usize::try_from(partition).unwrap()];
                        batch.push(&at(ms, appended(partition, *log_end, *log_end + records)));
                        *log_end += records;
                    }
                    Step::Commit(offset) => batch.push(&at(ms, committed(offset))),
                    Step::Turn => {
                        let broker = i32::try_from(turns.len()).unwrap();
                        batch.push(&at(ms, Happened::BrokerUp { broker }));
                        turns.push(broker);
                    }
                    Step::Miss(times) => {
                        batch.miss(times);
                        all += times - 1;
                    }
                }
            }
            let events = batch.take().map(|batch| batch.events).unwrap_or_default();
            prop_assert!(events.len() <= ClusterEvents::MAX);
            prop_assert_eq!(events.iter().map(|event| event.times).sum::<u64>(), all);
            prop_assert!(events.is_sorted_by_key(|event| event.at_ms));
            let told: Vec<i32> = events
                .iter()
                .filter_map(|event| match event.what {
                    Happening::BrokerUp { broker } => Some(broker),
                    _ => None,
                })
                .collect();
            prop_assert!(told.is_sorted());
            let is_whole = events.iter().all(|event| event.what != Happening::LeftOut);
            if is_whole {
                prop_assert_eq!(told, turns);
                for (partition, log_end) in (0..).zip(log_ends) {
                    let mut next = 0;
                    for event in &events {
                        if let Happening::Appended { partition: at, first_offset, log_end, .. } = event.what
                            && at == partition
                        {
                            prop_assert_eq!(first_offset, next);
                            next = log_end;
                        }
                    }
                    prop_assert_eq!(next, log_end);
                }
            }
        }
    }
}
