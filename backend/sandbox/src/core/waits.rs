//! Requests that wait: a Fetch for records, a Produce for the in-sync replicas, a group's member for the others.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::api::fetch::WaitingFetch;
use super::api::produce::WaitingProduce;
use super::api::records::WaitingDelete;
use super::coordinators::WaitingWrite;
use super::deadlines::Due;
use super::ids::{ConnectionId, TopicPartition};
use super::{Answer, Core};

/// The requests that wait. Members of groups that wait for each other are kept by their coordinators.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    waiting: HashMap<ConnectionId, Wait>,
    by_partition: HashMap<TopicPartition, HashSet<ConnectionId>>,
    next_ticket: u64,
    delayed: HashMap<ConnectionId, (u64, Answer)>,
}

/// A request that waits for something to happen to partitions.
#[derive(Debug)]
struct Wait {
    ticket: u64,
    partitions: Vec<TopicPartition>,
    /// `None` only while it is looked at.
    what: Option<Waiting>,
}

/// What waits.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// For enough records.
    Fetch(Box<WaitingFetch>),
    /// For the in-sync replicas.
    Produce(Box<WaitingProduce>),
    /// For the followers' logs to begin where the leader's does.
    DeleteRecords(Box<WaitingDelete>),
    /// For what a group has written down.
    Write(Box<WaitingWrite>),
}

impl Waits {
    /// Forgets what waits on a connection.
    pub(crate) fn remove(&mut self, connection: ConnectionId) -> Option<Waiting> {
        self.delayed.remove(&connection);
        let wait = self.waiting.remove(&connection)?;
        for partition in &wait.partitions {
            if let Some(waiting) = self.by_partition.get_mut(partition) {
                waiting.remove(&connection);
                if waiting.is_empty() {
                    self.by_partition.remove(partition);
                }
            }
        }
        wait.what
    }

    fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }
}

impl Core {
    /// Lets a request wait until something happens to one of its partitions or `timeout` is over.
    pub(super) fn wait(
        &mut self,
        connection: ConnectionId,
        partitions: Vec<TopicPartition>,
        timeout: Duration,
        what: Waiting,
    ) {
        let ticket = self.waits.ticket();
        for partition in &partitions {
            self.waits.by_partition.entry(*partition).or_default().insert(connection);
        }
        self.waits.waiting.insert(connection, Wait { ticket, partitions, what: Some(what) });
        self.add_deadline(timeout, Due::Wait(connection, ticket));
    }

    fn add_deadline(&mut self, delay: Duration, due: Due) {
        let waits = &self.waits;
        self.deadlines.prune(|due| match due {
            Due::Wait(connection, ticket) => {
                waits.waiting.get(connection).is_some_and(|wait| wait.ticket == *ticket)
            }
            Due::Answer(connection, ticket) => {
                waits.delayed.get(connection).is_some_and(|(delayed, _)| delayed == ticket)
            }
            _ => true,
        });
        let at = self.after(delay);
        self.deadlines.add(at, due);
    }

    /// Something happened to a partition: who waits for it looks again, except for who has deleted records.
    pub(super) fn wake(&mut self, partition: TopicPartition) {
        self.wake_those(partition, |what| !matches!(what, Waiting::DeleteRecords(_)));
    }

    /// The high watermark of a partition has moved, or where a follower's log begins: who has deleted records looks again.
    /// Of nothing else they are told, as in Apache Kafka: not of another leader, nor of a broker that is gone.
    pub(super) fn wake_deletes(&mut self, partition: TopicPartition) {
        self.wake_those(partition, |what| matches!(what, Waiting::DeleteRecords(_)));
    }

    fn wake_those(&mut self, partition: TopicPartition, chosen: impl Fn(&Waiting) -> bool) {
        let Some(waiting) = self.waits.by_partition.get(&partition) else { return };
        let is_chosen = |connection: &ConnectionId| {
            self.waits.waiting.get(connection).and_then(|wait| wait.what.as_ref()).is_some_and(&chosen)
        };
        let mut connections: Vec<_> = waiting.iter().copied().filter(is_chosen).collect();
        connections.sort_unstable();
        for connection in connections {
            if let Some(answer) = self.look_again(connection) {
                self.waits.remove(connection);
                self.answer(connection, answer);
            }
        }
    }

    /// The answer to a request that waits, if there is one by now.
    fn look_again(&mut self, connection: ConnectionId) -> Option<Answer> {
        let mut what = self.waits.waiting.get_mut(&connection)?.what.take()?;
        let answer = match &mut what {
            Waiting::Fetch(fetch) => self.try_fetch(fetch),
            Waiting::Produce(produce) => self.try_produced(produce),
            Waiting::DeleteRecords(delete) => self.try_deleted(delete),
            Waiting::Write(write) => self.try_written(write),
        };
        self.waits.waiting.get_mut(&connection)?.what = Some(what);
        answer
    }

    /// A request has waited for as long as it wanted to.
    pub(super) fn wait_is_over(&mut self, connection: ConnectionId, ticket: u64) {
        if self.waits.waiting.get(&connection).is_none_or(|wait| wait.ticket != ticket) {
            return;
        }
        let answer = match self.waits.remove(connection) {
            Some(Waiting::Fetch(fetch)) => self.fetch_now(&fetch),
            Some(Waiting::Produce(mut produce)) => self.produce_timed_out(&mut produce),
            Some(Waiting::DeleteRecords(delete)) => delete.timed_out(),
            Some(Waiting::Write(mut write)) => self.write_timed_out(&mut write),
            None => return,
        };
        self.answer(connection, answer);
    }

    /// Answers a request: at once, or later where its broker is slow.
    pub(super) fn answer(&mut self, connection: ConnectionId, answer: Answer) {
        let Some(client) = self.connections.get(&connection) else { return };
        let broker = client.broker;
        self.tell_fetched(broker, &answer);
        let delay = self.broker(broker).map_or(Duration::ZERO, |broker| broker.response_delay);
        if delay.is_zero() {
            self.effects.responses.push((connection, answer));
            return;
        }
        let ticket = self.waits.ticket();
        self.waits.delayed.insert(connection, (ticket, answer));
        self.add_deadline(delay, Due::Answer(connection, ticket));
    }

    /// A delayed answer goes out.
    pub(super) fn delayed_answer(&mut self, connection: ConnectionId, ticket: u64) {
        if self.waits.delayed.get(&connection).is_some_and(|(delayed, _)| *delayed == ticket)
            && let Some((_, answer)) = self.waits.delayed.remove(&connection)
        {
            self.effects.responses.push((connection, answer));
        }
    }
}
