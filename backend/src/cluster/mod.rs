//! Which cluster a learner works on. So far there is one kind: a Kafka given by the operator, which all learners share,
//! each under their own prefix.

/// What only some clusters can do, by the names that lesson steps use. Nothing on a shared Kafka: its brokers are
/// everybody's.
pub const CAPABILITIES: &[&str] = &[];
