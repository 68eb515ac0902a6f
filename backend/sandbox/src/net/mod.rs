//! Sockets: what a broker listens on, and its clients' connections.

mod connection;
mod listener;

pub(crate) use listener::{Listener, Reserved};
