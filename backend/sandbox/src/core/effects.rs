//! What comes out of the core.

use super::ids::ConnectionId;
use crate::window::ClusterEvent;
use crate::wire::Response;

/// What is to be done after a call into the core.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Responses to requests that were handed in now or before.
    pub(crate) responses: Vec<(ConnectionId, Answer)>,
    /// What happened, for who watches.
    pub(crate) events: Vec<ClusterEvent>,
}

/// How a request ends.
#[derive(Debug)]
pub(crate) enum Answer {
    /// With a response.
    Response(Response),
    /// Without one, as the client asked (`acks=0`).
    Nothing,
    /// The broker closes the connection.
    Close,
}

impl<R: Into<Response>> From<R> for Answer {
    fn from(response: R) -> Self {
        Self::Response(response.into())
    }
}
