//! LeaderElectionCommand.

use std::process::Command;

use crate::program::run;
use crate::scene::{self, Scene};
use crate::topics::partitions;

impl Scene {
    fn elect(&self, kind: &str, partitions: &str) -> Command {
        let partitions: Vec<_> = partitions.split(' ').collect();
        self.tool("LeaderElectionCommand", &[&["--election-type", kind], partitions.as_slice()].concat())
    }

    fn place(&self, topic: &str, replicas: &str) {
        let create = ["--create", "--topic", topic, "--replica-assignment", replicas];
        run(&self.tool("TopicCommand", &create)).succeeded();
    }

    /// The only partition of a topic, as in `2 of 2,1, in sync 2`.
    fn leader(&self, topic: &str) -> String {
        let described = run(&self.tool("TopicCommand", &["--describe", "--topic", topic])).succeeded();
        let partitions = partitions(&described);
        let [one] = partitions.as_slice() else { panic!("{described}") };
        one.strip_prefix(&format!("{topic} 0: ")).expect("that partition").to_owned()
    }
}

#[test]
fn the_preferred_leader_is_elected_back_when_it_is_there_again() {
    let Some(scene) = scene::for_tools() else { return };
    scene.place("t", "1:2");
    let settled = run(&scene.elect("preferred", "--topic t --partition 0")).succeeded();
    assert_eq!(settled, "Valid replica already elected for partitions t-0\n");

    scene.cluster.stop_broker(0);
    assert_eq!(scene.leader("t"), "2 of 1,2, in sync 2");
    let away = run(&scene.elect("preferred", "--topic t --partition 0")).failed();
    assert!(
        away.contains("PreferredLeaderNotAvailableException: The preferred leader was not available."),
        "{away}"
    );

    scene.cluster.start_broker(0);
    // It leads again only when it is in sync.
    scene.until_in_sync("t", "2 of 1,2, in sync 1,2");
    let elected = run(&scene.elect("preferred", "--all-topic-partitions")).succeeded();
    assert_eq!(elected, "Successfully completed leader election (PREFERRED) for partitions t-0\n");
    assert_eq!(scene.leader("t"), "1 of 1,2, in sync 1,2");
}

#[test]
fn a_replica_that_lags_leads_only_after_an_unclean_election() {
    let Some(scene) = scene::for_tools() else { return };
    scene.place("t", "1:2");
    // Broker 2 falls out, and then the last in-sync replica goes.
    scene.cluster.stop_broker(1);
    scene.cluster.stop_broker(0);
    scene.cluster.start_broker(1);
    assert_eq!(scene.leader("t"), "none of 1,2, in sync ");
    let clean = run(&scene.elect("preferred", "--topic t --partition 0")).failed();
    assert!(clean.contains("PreferredLeaderNotAvailableException"), "{clean}");
    let unclean = run(&scene.elect("unclean", "--topic t --partition 0")).succeeded();
    assert_eq!(unclean, "Successfully completed leader election (UNCLEAN) for partitions t-0\n");
    assert_eq!(scene.leader("t"), "2 of 1,2, in sync 2");
}

#[test]
fn an_election_for_what_is_not_there_fails() {
    let Some(scene) = scene::for_tools() else { return };
    let failed = run(&scene.elect("preferred", "--topic nope --partition 0")).failed();
    assert!(failed.contains("UnknownTopicOrPartitionException: No such topic as nope"), "{failed}");
    assert!(failed.contains("1 replica(s) could not be elected"), "{failed}");
}

impl Scene {
    /// Waits until the leader and the in-sync replicas are these.
    fn until_in_sync(&self, topic: &str, wanted: &str) {
        let tries = 20;
        let seen: Vec<_> = (0..tries).map(|_| self.leader(topic)).take_while(|now| now != wanted).collect();
        assert!(seen.len() < tries, "{topic} is {:?}, never {wanted}", seen.last());
    }
}
