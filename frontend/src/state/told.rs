//! What happens in a cluster, said in a sentence.

use shared::kafka::{ClusterEvent, Happening, InjectedErrorCode, TopicName};

use super::happened::Line;
use super::text::{count, offset, thousands};

/// A moment of the cluster's clock, as in `2:05.312`: minutes, seconds and milliseconds since it began.
pub(crate) fn clock(at_ms: u64) -> String {
    let (minutes, seconds, millis) = (at_ms / 60_000, at_ms / 1_000 % 60, at_ms % 1_000);
    format!("{minutes}:{seconds:02}.{millis:03}")
}

/// A line of what happened.
pub(crate) fn line(line: &Line) -> String {
    match line {
        Line::Event(event) => sentence(event),
        Line::Away => "There was no connection: what happened then is not known.".to_owned(),
    }
}

fn sentence(event: &ClusterEvent) -> String {
    let times = event.times;
    match &event.what {
        Happening::BrokerUp { broker } => format!("Broker {broker} started."),
        Happening::BrokerDown { broker, killed: false } => format!("Broker {broker} stopped."),
        Happening::BrokerDown { broker, killed: true } => format!("Broker {broker} was killed."),
        Happening::BrokerFenced { broker } => {
            format!("The controller fenced broker {broker}: it leads nothing from now on.")
        }
        Happening::BrokerCutOff { broker } => {
            format!("Broker {broker} was cut off from the controller and the other brokers.")
        }
        Happening::BrokerReconnected { broker } => {
            format!("Broker {broker} reaches the controller and the other brokers again.")
        }
        Happening::TopicCreated { topic } => format!("Topic {topic} was created."),
        Happening::TopicDeleted { topic } => format!("Topic {topic} was deleted."),
        Happening::Appended { topic, partition, broker, first_offset, log_end } => {
            let records = records(*first_offset, *log_end);
            let batches = if times > 1 { format!(" in {} batches", thousands(times)) } else { String::new() };
            format!("Broker {broker} appended {records} to {}{batches}.", at(topic, *partition))
        }
        Happening::Fetched { topic, partition, broker, first_offset, next_offset } => {
            let records = records(*first_offset, *next_offset);
            format!("Broker {broker} handed out {records} of {}.", at(topic, *partition))
        }
        Happening::LeaderChanged { topic, partition, old_leader, leader, leader_epoch } => {
            let at = at(topic, *partition);
            match (old_leader, leader) {
                (Some(old), Some(new)) => {
                    format!("{at}: broker {new} leads instead of broker {old}, in epoch {leader_epoch}.")
                }
                (None, Some(new)) => {
                    format!("{at}: broker {new} leads now, in epoch {leader_epoch}; before, nobody did.")
                }
                (Some(old), None) => {
                    format!("{at}: nobody leads; it was broker {old}. Epoch {leader_epoch}.")
                }
                (None, None) => format!("{at}: nobody leads. Epoch {leader_epoch}."),
            }
        }
        Happening::InSyncChanged { topic, partition, old_in_sync, in_sync } => {
            let (now, before) = (brokers(in_sync), brokers(old_in_sync));
            format!("{}: in sync: {now}; before: {before}.", at(topic, *partition))
        }
        Happening::GroupStateChanged { group, state, generation } => {
            format!("Group {group} is {state}, in generation {generation}.")
        }
        Happening::MemberJoined { group, member_id } => format!("{member_id} joined group {group}."),
        Happening::MemberLeft { group, member_id, why } => {
            format!("{member_id} is no longer in group {group}: {why}.")
        }
        Happening::Committed { group, topic, partition, offset: committed } => {
            let last =
                if times > 1 { format!(", the last of {} commits", thousands(times)) } else { String::new() };
            let committed = offset(Some(*committed));
            format!("Group {group} committed offset {committed} of {}{last}.", at(topic, *partition))
        }
        Happening::ErrorAnswered { broker, api, error_code } => {
            let known = InjectedErrorCode::ALL.iter().find(|error| error.code() == *error_code);
            let error = known.map_or_else(|| format!("error {error_code}"), ToString::to_string);
            let requests = match times {
                1 => format!("a {api} request"),
                _ => format!("{} {api} requests", thousands(times)),
            };
            format!("Broker {broker} answered {requests} with {error}, as injected.")
        }
        Happening::RecordsDropped { topic, partition, log_start } => {
            let log_start = offset(Some(*log_start));
            format!("The logs were full: {} begins at offset {log_start} now.", at(topic, *partition))
        }
        Happening::LeftOut => {
            let verb = if times == 1 { "is" } else { "are" };
            format!("{} {verb} left out here.", count(times, "event", "events"))
        }
    }
}

/// `airports-data P2`.
fn at(topic: &TopicName, partition: i32) -> String {
    format!("{topic} P{partition}")
}

/// `60 records (offsets 0 to 59)`.
fn records(first: i64, next: i64) -> String {
    let many = count(next.abs_diff(first), "record", "records");
    let (first_said, last_said) = (offset(Some(first)), offset(Some(next - 1)));
    if next - 1 == first {
        format!("{many} (offset {first_said})")
    } else {
        format!("{many} (offsets {first_said} to {last_said})")
    }
}

fn brokers(ids: &[i32]) -> String {
    if ids.is_empty() {
        return "none".to_owned();
    }
    ids.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(times: u64, what: Happening) -> String {
        line(&Line::Event(ClusterEvent { at_ms: 0, times, what }))
    }

    fn topic() -> TopicName {
        TopicName::parse("orders").unwrap()
    }

    #[test]
    fn moments_are_since_the_clusters_start() {
        assert_eq!(clock(0), "0:00.000");
        assert_eq!(clock(125_312), "2:05.312");
    }

    #[test]
    fn records_are_said_with_their_offsets_and_batches() {
        let appended = |first_offset, log_end| Happening::Appended {
            topic: topic(),
            partition: 2,
            broker: 1,
            first_offset,
            log_end,
        };
        assert_eq!(said(1, appended(7, 8)), "Broker 1 appended 1 record (offset 7) to orders P2.");
        let many = "Broker 1 appended 1,200 records (offsets 0 to 1,199) to orders P2 in 3 batches.";
        assert_eq!(said(3, appended(0, 1_200)), many);
        let fetched =
            Happening::Fetched { topic: topic(), partition: 2, broker: 3, first_offset: 0, next_offset: 60 };
        assert_eq!(said(1, fetched), "Broker 3 handed out 60 records (offsets 0 to 59) of orders P2.");
    }

    #[test]
    fn leaders_are_said_with_who_led_before() {
        let changed = |old_leader, leader| {
            let change = Happening::LeaderChanged {
                topic: topic(),
                partition: 0,
                old_leader,
                leader,
                leader_epoch: 4,
            };
            said(1, change)
        };
        assert_eq!(changed(Some(1), Some(2)), "orders P0: broker 2 leads instead of broker 1, in epoch 4.");
        assert_eq!(changed(Some(1), None), "orders P0: nobody leads; it was broker 1. Epoch 4.");
        assert_eq!(changed(None, Some(2)), "orders P0: broker 2 leads now, in epoch 4; before, nobody did.");
        let in_sync = Happening::InSyncChanged {
            topic: topic(),
            partition: 0,
            old_in_sync: vec![1, 2, 3],
            in_sync: vec![],
        };
        assert_eq!(said(1, in_sync), "orders P0: in sync: none; before: 1, 2, 3.");
    }

    #[test]
    fn what_stands_for_many_says_how_many() {
        let committed =
            Happening::Committed { group: "g".to_owned(), topic: topic(), partition: 0, offset: 60 };
        assert_eq!(said(1, committed.clone()), "Group g committed offset 60 of orders P0.");
        let many = "Group g committed offset 60 of orders P0, the last of 9 commits.";
        assert_eq!(said(9, committed), many);
        let error = |error_code| Happening::ErrorAnswered { broker: 2, api: "Fetch".to_owned(), error_code };
        let one = "Broker 2 answered a Fetch request with NOT_LEADER_OR_FOLLOWER, as injected.";
        assert_eq!(said(1, error(6)), one);
        assert_eq!(said(5, error(999)), "Broker 2 answered 5 Fetch requests with error 999, as injected.");
        assert_eq!(said(1_200, Happening::LeftOut), "1,200 events are left out here.");
        assert_eq!(said(1, Happening::LeftOut), "1 event is left out here.");
    }
}
