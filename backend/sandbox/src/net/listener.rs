//! A broker's address: listened on while the broker runs, held while it doesn't.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::connection;
use crate::core::BrokerId;
use crate::engine::Engine;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 128;

/// An address that is kept though nobody listens: connections are refused, and no other program can take it.
#[derive(Debug)]
pub(crate) struct Reserved {
    socket: TcpSocket,
}

impl Reserved {
    /// Takes an address; port 0 takes a free one.
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self { socket })
    }

    /// The address.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Listens for a broker's clients.
    pub(crate) fn listen(
        self,
        engine: &Arc<Engine>,
        broker: BrokerId,
        room: &Arc<Semaphore>,
    ) -> io::Result<Listener> {
        let address = self.address()?;
        let listener = self.socket.listen(BACKLOG)?;
        let task = tokio::spawn(accept(listener, Arc::clone(engine), broker, Arc::clone(room)));
        Ok(Listener { address, task })
    }
}

/// A broker's listener with its connections. Dropping it closes them all.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Closes the listener and all its connections, and keeps the address.
    pub(crate) async fn close(mut self) -> io::Result<Reserved> {
        self.task.abort();
        // The outcome of an aborted task says nothing.
        let _ = (&mut self.task).await;
        Reserved::new(self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, engine: Arc<Engine>, broker: BrokerId, room: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                        tracing::warn!(broker, %peer, "too many connections: closed");
                        continue;
                    };
                    let engine = Arc::clone(&engine);
                    connections.spawn(async move {
                        connection::serve(stream, peer, &engine, broker).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Too many open files, say: others will be closed in time.
                    tracing::warn!(broker, %error, "a connection can't be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    tracing::error!(broker, "a connection failed by a defect and was closed");
                }
            }
        }
    }
}

/// How long to wait after a failure to accept.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
