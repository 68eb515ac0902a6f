//! The cluster itself: its description, and whether it answers.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use shared::kafka::{Broker, ClusterDescription, ClusterState};
use shared::{Error, Reply};
use tokio::sync::watch;

use super::LearnerKafka;
use super::admin::Admin;
use super::error;
use super::native::{self, ClusterNodes};

/// How long one probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(4);
/// How long a cluster may take until its first answer before it counts as one that does not answer.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Between probes until the first answer.
const WHILE_STARTING: Duration = Duration::from_millis(300);
/// Between probes of a cluster that answers.
const WHILE_READY: Duration = Duration::from_secs(3);
/// Between probes of one that does not: longer each time, from the first to the second.
const WHILE_AWAY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));

/// Which cluster this is.
pub(super) async fn describe(learner: &LearnerKafka) -> Result<Reply, Error> {
    learner.admin().cluster().await.map(|nodes| Reply::Cluster(description(nodes)))
}

/// Ends the probe when it is dropped.
pub struct Probe {
    _alive: mpsc::Sender<()>,
}

/// Follows the cluster's state on a thread of its own, for its questions block.
pub(super) fn follow(admin: Admin) -> std::io::Result<(watch::Receiver<ClusterState>, Probe)> {
    let (state, receiver) = watch::channel(ClusterState::Starting);
    let (alive, stopped) = mpsc::channel();
    std::thread::Builder::new().name("kafka-probe".to_owned()).spawn(move || {
        let started = Instant::now();
        let mut away = WHILE_AWAY.0;
        loop {
            let answer = native::describe_cluster(admin.client(), PROBE_LIMIT)
                .map_err(|refusal| error::from_refusal(&refusal, None));
            state.send_if_modified(|state| {
                let next = next_state(state, answer.map(description), started.elapsed());
                let changed = *state != next;
                if changed {
                    tell(state, &next);
                    *state = next;
                }
                changed
            });
            let pause = match *state.borrow() {
                ClusterState::Starting => WHILE_STARTING,
                ClusterState::Ready(_) | ClusterState::Sandbox { .. } => {
                    away = WHILE_AWAY.0;
                    WHILE_READY
                }
                ClusterState::Unreachable { .. } => {
                    away = (away * 2).min(WHILE_AWAY.1);
                    away
                }
            };
            if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    })?;
    Ok((receiver, Probe { _alive: alive }))
}

fn next_state(
    last: &ClusterState,
    answer: Result<ClusterDescription, Error>,
    since_start: Duration,
) -> ClusterState {
    match (answer, last) {
        (Ok(mut description), last) => {
            // Brokers in KRaft mode answer with any broker as the one that takes the controller's requests, another
            // one each time. The first that was named will do as long as it is there.
            if let ClusterState::Ready(ClusterDescription { controller: Some(known), .. }) = last
                && description.brokers.iter().any(|broker| broker.id == *known)
            {
                description.controller = Some(*known);
            }
            ClusterState::Ready(description)
        }
        (Err(_), ClusterState::Starting) if since_start < START_LIMIT => ClusterState::Starting,
        // The first error stays: while the cluster is away they differ from attempt to attempt.
        (Err(_), ClusterState::Unreachable { .. }) => last.clone(),
        (Err(error), ClusterState::Starting | ClusterState::Ready(_) | ClusterState::Sandbox { .. }) => {
            ClusterState::Unreachable { error }
        }
    }
}

/// One line a change, and none while nothing changes.
fn tell(last: &ClusterState, next: &ClusterState) {
    match (last, next) {
        (ClusterState::Ready(_), ClusterState::Ready(now)) => {
            tracing::info!(brokers = now.brokers.len(), "the cluster's brokers changed");
        }
        (_, ClusterState::Ready(now)) => {
            tracing::info!(cluster = now.cluster_id, brokers = now.brokers.len(), "the cluster answers");
        }
        (_, ClusterState::Unreachable { error }) => {
            tracing::warn!(error = %error, "the cluster does not answer");
        }
        (_, ClusterState::Starting | ClusterState::Sandbox { .. }) => {}
    }
}

fn description(nodes: ClusterNodes) -> ClusterDescription {
    let mut brokers: Vec<_> =
        nodes.brokers.into_iter().map(|(id, host, port)| Broker { id, host, port }).collect();
    brokers.sort_by_key(|broker| broker.id);
    ClusterDescription { cluster_id: nodes.cluster_id, controller: nodes.controller, brokers }
}

#[cfg(test)]
mod tests {
    use shared::ErrorCode;

    use super::*;

    fn cluster(controller: i32, brokers: &[i32]) -> ClusterDescription {
        let broker = |id: &i32| Broker { id: *id, host: "localhost".to_owned(), port: 9092 };
        ClusterDescription {
            cluster_id: Some("c".to_owned()),
            controller: Some(controller),
            brokers: brokers.iter().map(broker).collect(),
        }
    }

    fn away() -> Result<ClusterDescription, Error> {
        Err(Error::new(ErrorCode::KafkaUnavailable, "away"))
    }

    const SOON: Duration = Duration::from_secs(1);

    #[test]
    fn a_cluster_that_does_not_answer_yet_is_starting_and_one_that_did_is_unreachable() {
        let state = next_state(&ClusterState::Starting, away(), SOON);
        assert_eq!(state, ClusterState::Starting);
        let state = next_state(&state, Ok(cluster(1, &[1])), SOON);
        assert!(matches!(state, ClusterState::Ready(_)));
        let state = next_state(&state, away(), SOON);
        assert!(matches!(state, ClusterState::Unreachable { .. }));
        assert!(matches!(next_state(&state, Ok(cluster(1, &[1])), SOON), ClusterState::Ready(_)));
    }

    #[test]
    fn a_cluster_that_never_answers_is_not_starting_for_ever() {
        let state = next_state(&ClusterState::Starting, away(), START_LIMIT);
        assert!(matches!(state, ClusterState::Unreachable { .. }));
        assert_eq!(next_state(&state, away(), START_LIMIT), state);
        assert!(matches!(next_state(&state, Ok(cluster(1, &[1])), START_LIMIT), ClusterState::Ready(_)));
    }

    #[test]
    fn the_controller_does_not_flicker() {
        let first = next_state(&ClusterState::Starting, Ok(cluster(1, &[1, 2, 3])), SOON);
        assert_eq!(next_state(&first, Ok(cluster(3, &[1, 2, 3])), SOON), first);
        let other = next_state(&first, Ok(cluster(3, &[2, 3])), SOON);
        assert_eq!(other, ClusterState::Ready(cluster(3, &[2, 3])));
    }
}
