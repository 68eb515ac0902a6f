//! Which cluster a learner works on. So far there is one kind: a Kafka given by the operator, which all learners share,
//! each under their own prefix.

use shared::{Command, Error, ErrorCode};

/// What only some clusters can do, by the names that lesson steps use. Nothing on a shared Kafka: its brokers are
/// everybody's.
pub const CAPABILITIES: &[&str] = &[];

/// What a shared Kafka answers to a command that only a sandbox carries out.
pub(crate) fn needs_sandbox(command: &Command) -> Error {
    let message = format!("“{}” needs a sandbox, and this workshop runs on a shared Kafka.", command.name());
    Error::new(ErrorCode::NeedsSandbox, message)
        .hint("Start a workshop without --bootstrap-servers: it gives each learner a cluster of their own.")
}
