//! How brokers elect, replicate and fail.

mod acknowledging;
mod asking;
mod compressing;
mod configs;
mod controlling;
mod deleting;
mod elections;
mod elsewhere;
mod ends;
mod in_sync;
mod limits;
mod partitions;
mod scene;
mod twice;
mod waiting;
mod watching;
mod zombies;
