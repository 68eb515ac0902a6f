//! rdkafka's errors as [`shared::Error`]s: mapped here, once, each with a sentence and, where something can be
//! done, a hint.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use shared::{Error, ErrorCode};

use super::native::{self, Refusal};
use crate::learner::Namespace;

/// Says an error code for a person. `said` is what Kafka added in words, prefix already hidden.
pub(super) fn from_code(code: Code, said: Option<&str>) -> Error {
    let said = said.map(str::trim).filter(|text| !text.is_empty());
    let (kind, sentence, hint) = meaning(code);
    let message = match (sentence, said) {
        (Some(sentence), Some(said)) if explains(kind) => {
            format!("{sentence} Kafka says: {}", as_sentence(said))
        }
        (Some(sentence), _) => sentence.to_owned(),
        (None, Some(said)) => format!("Kafka says: {}", as_sentence(said)),
        (None, None) => format!("Kafka answered {code}."),
    };
    let error = Error::new(kind, message).kafka(native::error_name(code));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Says what librdkafka or a broker refused, in the learner's names.
pub(super) fn from_refusal(refusal: &Refusal, names: Option<&Namespace>) -> Error {
    let said = names.map_or_else(|| refusal.text.clone(), |names| names.hide(&refusal.text));
    from_code(refusal.code, Some(&said))
}

/// Says an error of rdkafka's.
pub(super) fn from_rdkafka(error: &KafkaError) -> Error {
    // `KafkaError::rdkafka_error_code` leaves the admin operations out.
    let code = match error {
        KafkaError::AdminOp(code) => Some(*code),
        KafkaError::MessageConsumptionFatal(code) => Some(*code),
        other => other.rdkafka_error_code(),
    };
    match (code, error) {
        (Some(code), _) => from_code(code, None),
        (None, KafkaError::ClientConfig(_, said, key, _)) => {
            let problem = format!("The client refuses the setting {key}: {}", as_sentence(said));
            Error::new(ErrorCode::InvalidSetting, problem)
        }
        (None, KafkaError::ClientCreation(said)) => Error::new(
            ErrorCode::InvalidSetting,
            format!("The client can't start with these settings: {}", as_sentence(said)),
        )
        .hint("Some settings need each other, for example message.timeout.ms must exceed linger.ms."),
        (None, other) => Error::new(ErrorCode::Internal, as_sentence(&other.to_string())),
    }
}

/// No such topic.
pub(super) fn unknown_topic(name: &str) -> Error {
    Error::new(ErrorCode::UnknownTopic, format!("There is no topic named “{name}”."))
        .hint("Create it first, or look at the list of topics for its exact name.")
        .kafka("UNKNOWN_TOPIC_OR_PART")
}

/// Something took longer than it may.
pub(super) fn timed_out(what: &str) -> Error {
    Error::new(ErrorCode::TimedOut, format!("{what} took too long."))
        .hint("The cluster may be busy or starting. Try again in a moment.")
}

/// What a shared Kafka answers to a command that only a sandbox carries out.
pub(super) fn needs_sandbox(command: &str) -> Error {
    let message =
        format!("“{command}” needs a sandbox, and this workshop runs on a Kafka that others use too.");
    Error::new(ErrorCode::NeedsSandbox, message).hint(
        "A workshop that is started without --bootstrap-servers gives each learner a cluster of their own.",
    )
}

/// A defect of the server.
pub(super) fn internal(what: &str) -> Error {
    Error::new(ErrorCode::Internal, what)
}

/// Kafka's words end with a full stop here and without one there.
fn as_sentence(said: &str) -> String {
    let said = said.trim();
    if said.ends_with(['.', '!', '?']) { said.to_owned() } else { format!("{said}.") }
}

/// Whether Kafka's own words say more than ours about errors of this kind.
fn explains(kind: ErrorCode) -> bool {
    matches!(
        kind,
        ErrorCode::InvalidConfig
            | ErrorCode::InvalidReplicationFactor
            | ErrorCode::InvalidPartitions
            | ErrorCode::InvalidTopic
            | ErrorCode::InvalidArgument
            | ErrorCode::Kafka
    )
}

/// The table: kind, sentence, hint.
fn meaning(code: Code) -> (ErrorCode, Option<&'static str>, Option<&'static str>) {
    match code {
        Code::UnknownTopicOrPartition
        | Code::UnknownTopic
        | Code::UnknownPartition
        | Code::UnknownTopicId => (
            ErrorCode::UnknownTopic,
            Some("There is no such topic or partition."),
            Some("Create it first, or look at the list of topics for its exact name."),
        ),
        Code::TopicAlreadyExists => (
            ErrorCode::TopicExists,
            Some("A topic of this name is there already."),
            Some("Take another name, or delete that topic first."),
        ),
        Code::InvalidTopic => (
            ErrorCode::InvalidTopic,
            Some("Kafka does not allow this topic name."),
            Some(
                "Two names that differ only in dots and underscores collide, since Kafka's metrics write both as _.",
            ),
        ),
        Code::InvalidPartitions => {
            (ErrorCode::InvalidPartitions, Some("Kafka does not allow this number of partitions."), None)
        }
        Code::InvalidReplicationFactor => (
            ErrorCode::InvalidReplicationFactor,
            Some("Each replica needs a broker of its own, and the cluster has fewer brokers than that."),
            Some("Choose a replication factor from 1 to the number of brokers."),
        ),
        Code::InvalidConfig => (
            ErrorCode::InvalidConfig,
            Some("Kafka refuses a topic config."),
            Some("Look at the topic's description for names and values as Kafka writes them."),
        ),
        Code::PolicyViolation => {
            (ErrorCode::InvalidConfig, Some("A policy of the cluster forbids this topic."), None)
        }
        Code::InvalidGroupId => (ErrorCode::InvalidGroup, Some("Kafka does not allow this group id."), None),
        Code::GroupIdNotFound => (ErrorCode::UnknownGroup, Some("There is no such consumer group."), None),
        Code::NonEmptyGroup => (
            ErrorCode::GroupNotEmpty,
            Some("The group still has members."),
            Some("Stop its consumers; a crashed one counts until its session times out."),
        ),
        Code::RebalanceInProgress
        | Code::IllegalGeneration
        | Code::UnknownMemberId
        | Code::AssignmentLost => (
            ErrorCode::RebalanceInProgress,
            Some("The group is being rebalanced, or no longer counts on this consumer."),
            Some("Its partitions may belong to another member now. Wait for the new assignment."),
        ),
        Code::PollExceeded => (
            ErrorCode::RebalanceInProgress,
            Some(
                "The consumer took longer than max.poll.interval.ms between two polls, so it left its group.",
            ),
            None,
        ),
        Code::NoOffset => (
            ErrorCode::NothingToCommit,
            Some("There is nothing to commit."),
            Some("A commit covers what the consumer has handed out since the last one."),
        ),
        Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge => (
            ErrorCode::RecordTooLarge,
            Some("The record is larger than the topic or the client allows."),
            Some("See max.message.bytes of the topic and message.max.bytes of the client."),
        ),
        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend | Code::ISRInsufficient => (
            ErrorCode::NotEnoughReplicas,
            Some("Fewer replicas are in sync than min.insync.replicas asks for."),
            Some("Start the missing brokers, or write with acks=1 and a smaller promise."),
        ),
        Code::MessageTimedOut => (
            ErrorCode::TimedOut,
            Some("The record was not acknowledged within message.timeout.ms."),
            Some("The leader of its partition may be away."),
        ),
        Code::OperationTimedOut | Code::RequestTimedOut | Code::TimedOutQueue => (
            ErrorCode::TimedOut,
            Some("The cluster did not answer in time."),
            Some("It may be busy, starting or away. Try again in a moment."),
        ),
        Code::DuplicateSequenceNumber => (
            ErrorCode::Kafka,
            Some(
                "The leader had it already from an earlier try: it is written, at an offset that it does not repeat.",
            ),
            None,
        ),
        Code::PurgeQueue => (ErrorCode::Cancelled, Some("Cancelled before the record was sent."), None),
        Code::PurgeInflight => (
            ErrorCode::Cancelled,
            Some("Cancelled after the record was sent and before it was acknowledged."),
            None,
        ),
        Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::Resolve
        | Code::NetworkException
        | Code::BrokerNotAvailable
        | Code::WaitingForCoordinator
        | Code::CoordinatorNotAvailable => (
            ErrorCode::KafkaUnavailable,
            Some("No broker that could answer can be reached."),
            Some("The client goes on trying. See whether the cluster is up."),
        ),
        Code::Authentication | Code::SaslAuthenticationFailed | Code::SSL => (
            ErrorCode::KafkaUnavailable,
            Some("The cluster does not let this server in."),
            Some("The operator has to look at its security settings."),
        ),
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => {
            (ErrorCode::NotAllowed, Some("The cluster does not allow this server to do that."), None)
        }
        Code::InvalidSessionTimeout => (
            ErrorCode::InvalidSetting,
            Some("The broker does not allow this session.timeout.ms."),
            Some("Its limits are group.min.session.timeout.ms and group.max.session.timeout.ms."),
        ),
        Code::InconsistentGroupProtocol => (
            ErrorCode::InvalidSetting,
            Some("The group's members have no partition.assignment.strategy in common."),
            Some("Give all members of a group the same strategy."),
        ),
        Code::InvalidArgument | Code::InvalidRequest => {
            (ErrorCode::InvalidArgument, Some("Kafka refuses this request."), None)
        }
        _ => (ErrorCode::Kafka, None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_words_are_kept_where_they_say_more() {
        let error = from_code(Code::InvalidConfig, Some("Invalid value x for configuration retention.ms"));
        assert_eq!(error.code, ErrorCode::InvalidConfig);
        assert!(error.message.ends_with("configuration retention.ms."), "{}", error.message);
        assert_eq!(error.kafka.as_deref(), Some("INVALID_CONFIG"));
        assert!(error.hint.is_some());
    }

    #[test]
    fn admin_errors_keep_their_code() {
        let error = from_rdkafka(&KafkaError::AdminOp(Code::OperationTimedOut));
        assert_eq!(error.code, ErrorCode::TimedOut);
        assert_eq!(error.kafka.as_deref(), Some("_TIMED_OUT"));
    }

    #[test]
    fn an_error_without_a_sentence_of_its_own_names_kafkas() {
        let error = from_code(Code::LogDirNotFound, None);
        assert_eq!(error.code, ErrorCode::Kafka);
        assert!(error.message.contains("LogDirNotFound"));
    }

    #[test]
    fn unreachable_brokers_are_told_from_slow_ones() {
        assert_eq!(from_code(Code::AllBrokersDown, None).code, ErrorCode::KafkaUnavailable);
        assert_eq!(from_code(Code::OperationTimedOut, None).code, ErrorCode::TimedOut);
    }
}
