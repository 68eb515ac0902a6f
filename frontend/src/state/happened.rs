//! What happened in the cluster while somebody looked: the newest of it, in its order.

use shared::kafka::{ClusterEvent, ClusterEvents, Happening};

use super::ring::Ring;

/// How many lines the page keeps and shows. Of records' traffic as many again, so that it never pushes out the rest.
pub(crate) const KEPT: usize = 200;

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Something happened.
    Event(ClusterEvent),
    /// What happened then the page was not told, for it had no connection.
    Away,
}

/// Which lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All.
    All,
    /// All but records' being appended and fetched.
    WithoutTraffic,
}

/// What happened, with a number for each line that never changes.
#[derive(Debug)]
pub(crate) struct Happened {
    rest: Ring<(u64, Line)>,
    traffic: Ring<(u64, Line)>,
    next: u64,
}

impl Default for Happened {
    fn default() -> Self {
        let ring = || Ring::with_capacity(KEPT);
        Self { rest: ring(), traffic: ring(), next: 0 }
    }
}

impl Happened {
    /// Begins anew, without any line.
    pub(super) fn clear(&mut self) {
        *self = Self { next: self.next, ..Self::default() };
    }

    /// Adds what happened next.
    pub(super) fn add(&mut self, events: ClusterEvents) {
        for event in events.events {
            self.push(Line::Event(event));
        }
    }

    /// Notes that some of it will never be known.
    pub(super) fn away(&mut self) {
        let is_known = self.rest.iter().next_back().is_some_and(|(number, line)| {
            *line == Line::Away && self.traffic.iter().next_back().is_none_or(|(other, _)| other < number)
        });
        if self.count(Shown::All) > 0 && !is_known {
            self.push(Line::Away);
        }
    }

    fn push(&mut self, line: Line) {
        if is_traffic(&line) {
            self.traffic.push((self.next, line));
        } else {
            let line = self.with_its_run(line);
            self.rest.push((self.next, line));
        }
        self.next += 1;
    }

    /// A line as one with the run that it goes on with, where nothing else happened since. Else commits, injected errors
    /// and full logs would push out what is rare: the server joins only what happens within a moment.
    fn with_its_run(&mut self, line: Line) -> Line {
        let Line::Event(next) = &line else { return line };
        let mut newest_runs = self.rest.iter().rev().map_while(|(number, line)| match line {
            Line::Event(event) if event.what.comes_in_runs() => Some((*number, event)),
            _ => None,
        });
        let found = newest_runs.find_map(|(number, run)| {
            let mut both = run.clone();
            both.what.takes_up(&next.what).then_some((number, both))
        });
        drop(newest_runs);
        let Some((number, mut both)) = found else { return line };
        both.times += next.times;
        both.at_ms = next.at_ms;
        self.rest.take_out(|(its, _)| *its == number);
        Line::Event(both)
    }

    /// The numbers of the lines to show, the newest first.
    pub(crate) fn newest(&self, shown: Shown) -> Vec<u64> {
        let traffic = self.traffic.iter().filter(|_| shown == Shown::All);
        let mut numbers: Vec<u64> = self.rest.iter().chain(traffic).map(|(number, _)| *number).collect();
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        numbers.truncate(KEPT);
        numbers
    }

    /// How many lines there were of what is shown.
    pub(crate) fn count(&self, shown: Shown) -> u64 {
        match shown {
            Shown::All => self.rest.end() + self.traffic.end(),
            Shown::WithoutTraffic => self.rest.end(),
        }
    }

    /// How many lines of records' traffic there were.
    pub(crate) fn traffic(&self) -> u64 {
        self.traffic.end()
    }

    /// The line of this number, if it is still kept.
    pub(crate) fn line(&self, number: u64) -> Option<&Line> {
        let found = self.rest.iter().chain(self.traffic.iter()).find(|(its, _)| *its == number);
        found.map(|(_, line)| line)
    }
}

/// Whether a line is about records that are written or read.
fn is_traffic(line: &Line) -> bool {
    let Line::Event(event) = line else { return false };
    matches!(event.what, Happening::Appended { .. } | Happening::Fetched { .. })
}

#[cfg(test)]
mod tests {
    use shared::kafka::TopicName;

    use super::*;

    fn up(broker: i32) -> Happening {
        Happening::BrokerUp { broker }
    }

    fn appended(first_offset: i64) -> Happening {
        let topic = TopicName::parse("t").unwrap();
        Happening::Appended { topic, partition: 0, broker: 1, first_offset, log_end: first_offset + 1 }
    }

    fn add(happened: &mut Happened, what: impl IntoIterator<Item = Happening>) {
        let events = what.into_iter().map(|what| ClusterEvent { at_ms: 1, times: 1, what }).collect();
        happened.add(ClusterEvents { events });
    }

    fn shown(happened: &Happened, shown: Shown) -> Vec<Option<Happening>> {
        let lines = happened.newest(shown).into_iter().map(|number| happened.line(number).unwrap());
        lines
            .map(|line| match line {
                Line::Event(event) => Some(event.what.clone()),
                Line::Away => None,
            })
            .collect()
    }

    #[test]
    fn the_newest_stands_first_and_traffic_is_shown_on_request() {
        let mut happened = Happened::default();
        add(&mut happened, [up(1), appended(0), up(2)]);
        add(&mut happened, [appended(1)]);
        assert_eq!(shown(&happened, Shown::WithoutTraffic), [Some(up(2)), Some(up(1))]);
        let all = [Some(appended(1)), Some(up(2)), Some(appended(0)), Some(up(1))];
        assert_eq!(shown(&happened, Shown::All), all);
        assert_eq!((happened.count(Shown::WithoutTraffic), happened.count(Shown::All)), (2, 4));
        assert_eq!(happened.traffic(), 2);
    }

    #[test]
    fn traffic_never_pushes_out_the_rest() {
        let mut happened = Happened::default();
        add(&mut happened, [up(1)]);
        add(&mut happened, (0..1_000).map(appended));
        assert_eq!(shown(&happened, Shown::WithoutTraffic), [Some(up(1))]);
        let all = shown(&happened, Shown::All);
        assert_eq!((all.len(), all[0].clone()), (KEPT, Some(appended(999))));
        assert_eq!(happened.count(Shown::All), 1_001);
    }

    #[test]
    fn what_goes_on_is_one_line_with_its_newest_moment_until_something_else_happens() {
        let topic = || TopicName::parse("t").unwrap();
        let full = |partition, log_start| Happening::RecordsDropped { topic: topic(), partition, log_start };
        let told = |at_ms, times, what| ClusterEvents { events: vec![ClusterEvent { at_ms, times, what }] };
        let mut happened = Happened::default();
        for (at_ms, partition) in (0..300).zip([0, 1].into_iter().cycle()) {
            let log_start = 10 + i64::try_from(at_ms).unwrap();
            happened.add(told(at_ms, 2, full(partition, log_start)));
        }
        let lines = |happened: &Happened| {
            let numbers = happened.newest(Shown::WithoutTraffic);
            numbers.iter().map(|number| happened.line(*number).unwrap().clone()).collect::<Vec<_>>()
        };
        let run = |at_ms, partition, log_start| {
            Line::Event(ClusterEvent { at_ms, times: 300, what: full(partition, log_start) })
        };
        assert_eq!(lines(&happened), [run(299, 1, 309), run(298, 0, 308)]);
        assert_eq!(happened.count(Shown::WithoutTraffic), 2);

        add(&mut happened, [up(1), full(0, 500)]);
        assert_eq!(shown(&happened, Shown::All)[..2], [Some(full(0, 500)), Some(up(1))]);
        assert_eq!(lines(&happened).len(), 4);
    }

    #[test]
    fn a_break_is_noted_once_and_only_behind_something() {
        let mut happened = Happened::default();
        happened.away();
        assert!(happened.newest(Shown::All).is_empty());
        add(&mut happened, [appended(0)]);
        happened.away();
        happened.away();
        assert_eq!(shown(&happened, Shown::All), [None, Some(appended(0))]);
        add(&mut happened, [appended(1)]);
        happened.away();
        assert_eq!(shown(&happened, Shown::WithoutTraffic), [None, None]);
    }

    #[test]
    fn numbers_are_not_used_again() {
        let mut happened = Happened::default();
        add(&mut happened, [up(1), up(2)]);
        happened.clear();
        assert_eq!((happened.count(Shown::All), happened.line(0)), (0, None));
        add(&mut happened, [up(3)]);
        assert_eq!(happened.newest(Shown::All), [2]);
    }
}
