//! Mistakes in step blocks.

use super::{LIST, complaints, run, step};

#[test]
fn a_step_block_has_exactly_its_keys() {
    assert_eq!(
        complaints(&step("Look.", &format!("{LIST}\n[predict]\nquestion = \"?\""))),
        ["01-topics.md:19: Step block: unknown field `predict`, expected one of `kind`, `needs`, `run`."]
    );
    assert_eq!(
        complaints(&step("Look.", &LIST.replace("watch", "wait"))),
        ["01-topics.md:15: Step block: unknown variant `wait`, expected `watch` or `complete`."]
    );
    assert_eq!(
        complaints(&step("Look.", "kind = watch")),
        ["01-topics.md:15: Step block: string values must be quoted, expected literal string."]
    );
}

#[test]
fn a_step_has_a_run() {
    assert_eq!(
        complaints(&step("Look.", "kind = \"watch\"")),
        ["01-topics.md:15: A step needs a button: add a [[run]] with a label and a command."]
    );
}

#[test]
fn a_run_has_a_label() {
    for lines in ["list_topics = {}", "label = \" \"\nlist_topics = {}"] {
        assert_eq!(
            complaints(&run(lines)),
            ["01-topics.md:16: A run needs a label, what stands on its button: label = \"…\"."]
        );
    }
}

#[test]
fn a_run_has_exactly_one_command() {
    assert_eq!(
        complaints(&run("label = \"x\"")),
        ["01-topics.md:16: Beside label and open, a run has exactly one command; found none."]
    );
    assert_eq!(
        complaints(&run("label = \"x\"\nlist_topics = {}\ncheck = 1")),
        [
            "01-topics.md:16: Beside label and open, a run has exactly one command; found `list_topics` and `check`."
        ]
    );
}

#[test]
fn a_command_that_is_not_known_is_named_with_those_that_are() {
    assert_eq!(
        complaints(&run("label = \"x\"\nlist_topic = {}")),
        ["01-topics.md:18: `list_topic` is not a command: unknown variant `list_topic`, expected one of \
          `describe_cluster`, `list_topics`, `create_topic`, `delete_topic`, `describe_topic`, `produce`, \
          `start_consumer`, `commit`, `stop_consumer`, `crash_consumer`, `describe_group`, `start_over`, \
          `reset_cluster`, `stop_broker`, `kill_broker`, `start_broker`, `cut_off_broker`, `delay_broker`, \
          `inject_error`, `clear_faults`, `watch`."]
    );
}

#[test]
fn a_command_has_its_arguments() {
    assert_eq!(
        complaints(&run("label = \"x\"\ncreate_topic = { topic = \"a\", partition = 1 }")),
        ["01-topics.md:18: Command `create_topic`: unknown field `partition`, expected one of `topic`, \
          `partitions`, `replication_factor`, `configs`."]
    );
    assert_eq!(
        complaints(&run("label = \"x\"\ndelete_topic = {}")),
        ["01-topics.md:18: Command `delete_topic`: missing field `topic`."]
    );
}

#[test]
fn open_names_fields_of_the_command() {
    assert_eq!(
        complaints(&run("label = \"x\"\nopen = [\"partition\"]\ncreate_topic = { topic = \"a\" }")),
        [
            "01-topics.md:18: `open` names `partition`, which `create_topic` does not have; it can open: topic, \
          partitions, replication_factor, configs."
        ]
    );
    assert_eq!(
        complaints(&run("label = \"x\"\nopen = [\"topic\"]\nlist_topics = {}")),
        [
            "01-topics.md:18: `open` names `topic`, which `list_topics` does not have; it can open: none, so leave \
          `open` out."
        ]
    );
    assert_eq!(
        complaints(&run("label = \"x\"\nopen = 1\nlist_topics = {}")),
        ["01-topics.md:18: `open` is a list of names of arguments, for example open = [\"topic\"]."]
    );
}

#[test]
fn a_step_to_complete_leaves_something_open() {
    assert_eq!(
        complaints(&step("Look.", &LIST.replace("watch", "complete"))),
        [
            "01-topics.md:15: A step of kind \"complete\" leaves something to fill in: name arguments in a run's \
          `open`, or make it \"watch\"."
        ]
    );
}
