//! Scenarios by librdkafka, as programs use it: what its producers, consumers and admin clients see must be the same on
//! both.

mod admin;
mod consumer;
mod fetch;
mod members;
mod offsets;
mod produce;
mod producer;
mod rebalance;
mod replication;

mod topics;

use std::time::Duration;

use rdkafka::ClientConfig;
use tests::conformance::Scenario;

/// Longer than anything takes that a client waits for, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client's settings: the brokers that are up, short waits, and the scenario's own.
fn config(s: &Scenario<'_>, settings: &[(&str, &str)]) -> ClientConfig {
    let up: Vec<_> = s.brokers().into_iter().map(|broker| s.target.addresses()[broker].as_str()).collect();
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", up.join(","))
        .set("reconnect.backoff.ms", "10")
        .set("reconnect.backoff.max.ms", "100")
        .set("retry.backoff.ms", "20")
        .set("retry.backoff.max.ms", "100")
        .set("topic.metadata.refresh.fast.interval.ms", "50")
        .set("topic.metadata.propagation.max.ms", "200");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    config
}
