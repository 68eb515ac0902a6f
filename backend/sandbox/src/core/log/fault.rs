//! What is wrong with records that a producer sent, as the response of Produce says it.

use std::fmt::{self, Display};

use super::records::WalkFault;
use crate::wire::ErrorCode;

/// How many errors of single records a response carries at most.
///
/// Apache Kafka sends them all; a batch that is mostly wrong would then make an answer many times its own size.
const MOST_RECORD_ERRORS: usize = 1_000;

/// Where Apache Kafka finds a fault: what else is wrong with the request may come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultStage {
    /// Before the partition's leader and in-sync replicas are looked at.
    Request,
    /// In the log, after everything else.
    Append,
}

/// What is wrong with the records for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordsFault {
    /// The error of the partition's response.
    pub(crate) error: ErrorCode,
    /// Its message, where Apache Kafka gives one.
    pub(crate) message: Option<String>,
    /// What is wrong with single records.
    pub(crate) record_errors: Vec<RecordError>,
    /// When it is found.
    pub(crate) stage: FaultStage,
    /// Whether the response has the log start offset nevertheless; otherwise it has -1.
    pub(crate) tells_log_start_offset: bool,
    /// Bytes of the batch, as far as it was found.
    pub(crate) batch_bytes: usize,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordError {
    /// The place of the record in its batch, from 0.
    pub(crate) batch_index: i32,
    /// What is wrong.
    pub(crate) message: String,
}

/// As it stands in the message of a fault.
impl Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordError(batchIndex={}, message='{}')", self.batch_index, self.message)
    }
}

impl RecordsFault {
    /// Found in the request.
    pub(super) fn of_request(error: ErrorCode) -> Self {
        Self { stage: FaultStage::Request, tells_log_start_offset: false, ..Self::of_log(error, 0) }
    }

    /// Found in the request: no batch begins where one should.
    pub(super) fn corrupt(reason: String) -> Self {
        Self { message: Some(reason), ..Self::of_request(ErrorCode::CorruptMessage) }
    }

    /// Found in the log.
    pub(super) fn of_log(error: ErrorCode, batch_bytes: usize) -> Self {
        let tells_log_start_offset = !matches!(
            error,
            ErrorCode::CorruptMessage | ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge
        );
        Self {
            error,
            message: None,
            record_errors: Vec::new(),
            stage: FaultStage::Append,
            tells_log_start_offset,
            batch_bytes,
        }
    }

    /// Found when walking the records.
    pub(super) fn of_walk(fault: WalkFault, batch_bytes: usize) -> Self {
        let error = match fault {
            WalkFault::Invalid => ErrorCode::InvalidRecord,
            // Apache Kafka has no error of its own for a compressed form that is broken.
            WalkFault::Undecodable => ErrorCode::UnknownServerError,
            WalkFault::TooLarge => ErrorCode::MessageTooLarge,
        };
        Self::of_log(error, batch_bytes)
    }
}

/// Gathers the errors of a batch's records.
#[derive(Debug, Default)]
pub(super) struct RecordErrors {
    shown: Vec<RecordError>,
    count: usize,
    any_timestamp: bool,
}

impl RecordErrors {
    /// A record without a key where one must be.
    pub(super) fn keyless(&mut self, batch_index: i32, place: &dyn Display) {
        self.push(batch_index, || {
            format!("Compacted topic cannot accept message without key in topic partition {place}")
        });
    }

    /// A record whose timestamp is refused.
    pub(super) fn timestamp(&mut self, batch_index: i32, message: impl FnOnce() -> String) {
        self.any_timestamp = true;
        self.push(batch_index, message);
    }

    fn push(&mut self, batch_index: i32, message: impl FnOnce() -> String) {
        self.count += 1;
        if self.shown.len() < MOST_RECORD_ERRORS {
            self.shown.push(RecordError { batch_index, message: message() });
        }
    }

    /// The fault of the batch, if a record has one.
    pub(super) fn into_fault(self, batch_bytes: usize) -> Result<(), RecordsFault> {
        if self.count == 0 {
            return Ok(());
        }
        let (error, message) = if self.any_timestamp {
            let message = "One or more records have been rejected due to invalid timestamp".to_owned();
            (ErrorCode::InvalidTimestamp, message)
        } else {
            let first: Vec<_> = self.shown.iter().take(3).map(ToString::to_string).collect();
            let message = format!(
                "One or more records have been rejected due to {} record errors in total, and only showing the \
                 first three errors at most: [{}]",
                self.count,
                first.join(", ")
            );
            (ErrorCode::InvalidRecord, message)
        };
        Err(RecordsFault {
            message: Some(message),
            record_errors: self.shown,
            ..RecordsFault::of_log(error, batch_bytes)
        })
    }
}
