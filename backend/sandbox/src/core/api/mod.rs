//! What brokers answer: a file for each family of APIs.

pub(crate) mod configs;
