//! What both sides of the WebSocket must agree on. Pure data: no runtime, client library, clock or I/O, so that
//! it compiles natively and to wasm alike. `PROTOCOL.md` beside this crate tells the protocol in prose.

pub mod command;
pub mod error;
pub mod event;
pub mod form;
pub mod kafka;
pub mod lesson;
pub mod wire;

pub use command::{Command, Reply};
pub use error::{Error, ErrorCode};
pub use event::{ConsumerEvent, Event, Outcome};
pub use wire::{ClientFrame, ConsumerId, RequestId, ServerFrame, SessionId};
