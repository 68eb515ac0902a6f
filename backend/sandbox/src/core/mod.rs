//! The cluster itself: what brokers, partitions and groups do. No I/O, no clock, no tokio: time is given in with each
//! call, randomness comes from a seed, and what is to be done comes out as [`Effects`].

pub(crate) mod api;
pub(crate) mod config;
pub(crate) mod log;
mod time;

pub(crate) use time::Now;
