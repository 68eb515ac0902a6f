//! ConfigCommand.

use std::process::Command;

use crate::program::run;
use crate::scene::{self, Scene};

impl Scene {
    fn configs(&self, arguments: &str) -> Command {
        self.tool("kafka.admin.ConfigCommand", &arguments.split(' ').collect::<Vec<_>>())
    }
}

#[test]
fn a_topics_configs_are_set_changed_and_taken_back() {
    let Some(scene) = scene::for_tools() else { return };
    scene.topic("t", 1, 1);
    assert_eq!(described(&scene, "--topic t"), "Dynamic configs for topic t are:\n");
    let alter = |what: &str| run(&scene.configs(&format!("--alter --topic t {what}")));
    let completed = "Completed updating config for topic t.\n";
    assert_eq!(
        alter("--add-config retention.ms=7000,cleanup.policy=[compact,delete]").succeeded(),
        completed
    );
    assert_eq!(
        described(&scene, "--topic t"),
        "Dynamic configs for topic t are:\n  \
           cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
             DEFAULT_CONFIG:log.cleanup.policy=delete}\n  \
           retention.ms=7000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=7000}\n"
    );
    alter("--delete-config retention.ms,cleanup.policy").succeeded();
    assert_eq!(described(&scene, "--topic t"), "Dynamic configs for topic t are:\n");
    let unknown = alter("--add-config nope=1").failed();
    assert!(unknown.contains("InvalidConfigurationException: Unknown topic config name: nope"), "{unknown}");
}

#[test]
fn brokers_have_configs_of_their_own_and_in_common() {
    let Some(scene) = scene::for_tools() else { return };
    run(&scene.configs("--alter --broker 1 --add-config log.cleaner.threads=2")).succeeded();
    run(&scene.configs("--alter --broker-defaults --add-config message.max.bytes=2000000")).succeeded();
    assert_eq!(
        described(&scene, "--broker 1"),
        "Dynamic configs for broker 1 are:\n  \
           log.cleaner.threads=2 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, \
             DEFAULT_CONFIG:log.cleaner.threads=1}\n"
    );
    assert_eq!(
        described(&scene, "--broker-defaults"),
        "Default configs for brokers in the cluster are:\n  \
           message.max.bytes=2000000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000}\n  \
           min.insync.replicas=1 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}\n"
    );
    run(&scene.configs("--alter --broker 1 --delete-config log.cleaner.threads")).succeeded();
    assert_eq!(described(&scene, "--broker 1"), "Dynamic configs for broker 1 are:\n");
    let fixed = run(&scene.configs("--alter --broker 1 --add-config num.partitions=2")).failed();
    assert!(fixed.contains("Cannot update these configs dynamically: [num.partitions]"), "{fixed}");
}

#[test]
fn all_configs_of_a_broker_are_described_with_where_they_come_from() {
    let Some(scene) = scene::for_tools() else { return };
    let all = run(&scene.configs("--describe --broker 2 --all")).succeeded();
    for line in [
        "  message.max.bytes=1048588 sensitive=false synonyms={DEFAULT_CONFIG:message.max.bytes=1048588}\n",
        "  node.id=2 sensitive=false synonyms={STATIC_BROKER_CONFIG:node.id=2",
        "  offsets.topic.num.partitions=8 sensitive=false synonyms={STATIC_BROKER_CONFIG:offsets.topic.num.partitions=8, \
           DEFAULT_CONFIG:offsets.topic.num.partitions=50}\n",
    ] {
        assert!(all.contains(line), "no {line:?} in {all}");
    }
}

fn described(scene: &Scene, what: &str) -> String {
    run(&scene.configs(&format!("--describe {what}"))).succeeded()
}
