//! The cluster and its brokers.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Which kind of cluster learners work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// A private one for each learner, inside the server and in memory.
    Sandbox,
    /// One that the operator gave, which all learners share.
    Kafka,
}

/// How the cluster is, as the server last saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ClusterState {
    /// It has not answered yet, and the server started less than half a minute ago.
    Starting,
    /// There is one for each learner inside the server, made when it is first needed. It always answers.
    Sandbox {
        /// How many brokers each has.
        brokers: u32,
    },
    /// It answers.
    Ready(ClusterDescription),
    /// It does not answer, or does not any more.
    Unreachable {
        /// What the last attempt said.
        error: Error,
    },
}

/// A cluster as its metadata describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterDescription {
    /// The id that the cluster gave itself when it was formatted.
    pub cluster_id: Option<String>,
    /// The broker that takes the controller's requests, where one is known.
    pub controller: Option<i32>,
    /// The live brokers, by id.
    pub brokers: Vec<Broker>,
}

/// A live broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    /// `node.id`.
    pub id: i32,
    /// The host that it advertises.
    pub host: String,
    /// The port that it advertises.
    pub port: u16,
}
