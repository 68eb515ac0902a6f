//! Any value of each type that crosses the WebSocket, for property tests.

mod frames;
mod kafka;
mod requests;
mod view;

pub(crate) use frames::server_frame;
pub(crate) use requests::client_frame;
