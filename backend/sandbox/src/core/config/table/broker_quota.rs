//! The broker configs of Apache Kafka 4.3.1 that can only be set in a running broker: the quotas of replication.

use super::super::definition::{ConfigDef, long};
use super::super::validator::at_least;

/// In the order of their definition.
pub(super) const QUOTA: &[ConfigDef] = &[
    long("leader.replication.throttled.rate", Some("9223372036854775807"), at_least(0.0), "").cluster_wide(),
    long("follower.replication.throttled.rate", Some("9223372036854775807"), at_least(0.0), "")
        .cluster_wide(),
    long("replica.alter.log.dirs.io.max.bytes.per.second", Some("9223372036854775807"), at_least(0.0), "")
        .cluster_wide(),
];
