//! A broker's address: listened on while the broker runs, held while it doesn't.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::net::Shutdown;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::connection;
use crate::core::BrokerId;
use crate::engine::Engine;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 128;

/// An address that is kept though nobody listens: connections are refused, and no other program can take it.
#[derive(Debug)]
pub(crate) struct Reserved {
    socket: TcpSocket,
}

impl Reserved {
    /// Takes an address; port 0 takes a free one.
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        let chosen = bound(address)?;
        // A port that the system chose is given up when its listener closes; one that was asked for is kept.
        let socket = match address.port() {
            0 => bound(chosen.local_addr()?)?,
            _ => chosen,
        };
        Self::kept(socket)
    }

    /// Two sockets may be bound to an address if both have SO_REUSEADDR and neither listens: this one gives it up.
    fn kept(socket: TcpSocket) -> io::Result<Self> {
        socket.set_reuseaddr(false)?;
        Ok(Self { socket })
    }

    /// The address.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Listens: whoever connects from now on is kept waiting until the broker [serves](Listening::serve). Where that
    /// fails, the place is still kept.
    pub(crate) fn listen(self) -> Result<Listening, (Self, io::Error)> {
        match listening(&self.socket) {
            Ok((address, listener)) => Ok(Listening { address, socket: self.socket, listener }),
            Err(error) => {
                // It was bound before, and is as it was.
                let _ = self.socket.set_reuseaddr(false);
                Err((self, error))
            }
        }
    }
}

/// An address at which clients can connect, and wait.
#[derive(Debug)]
pub(crate) struct Listening {
    address: SocketAddr,
    socket: TcpSocket,
    listener: TcpListener,
}

impl Listening {
    /// Serves a broker's clients.
    pub(crate) fn serve(self, engine: &Arc<Engine>, broker: BrokerId, room: &Arc<Semaphore>) -> Listener {
        let Self { address, socket, listener } = self;
        let task = tokio::spawn(accept(listener, Arc::clone(engine), broker, Arc::clone(room)));
        Listener { address, socket: Some(socket), task }
    }
}

/// A socket at an address, though connections that ended there a short while ago are not forgotten yet.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Has a socket listen, which stays with its owner.
fn listening(socket: &TcpSocket) -> io::Result<(SocketAddr, TcpListener)> {
    let address = socket.local_addr()?;
    // For the sake of the connections that ended there a short while ago. While it listens, nobody else can bind.
    socket.set_reuseaddr(true)?;
    rustix::net::listen(socket, BACKLOG)?;
    let listener = std::net::TcpListener::from(socket.as_fd().try_clone_to_owned()?);
    Ok((address, TcpListener::from_std(listener)?))
}

/// A broker's listener with its connections. Dropping it closes them all.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    /// The socket that the task accepts from; it is there until the listener is closed.
    socket: Option<TcpSocket>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Waits until it accepts nobody any more.
    #[cfg(test)]
    pub(crate) async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }

    /// Closes the listener and all its connections, and keeps the address.
    pub(crate) async fn close(mut self) -> io::Result<Reserved> {
        self.task.abort();
        // The outcome of an aborted task says nothing.
        let _ = (&mut self.task).await;
        match self.socket.take() {
            // On Linux a socket no longer listens then, and is bound as before. Elsewhere it may refuse: it is closed,
            // and another program may be faster.
            Some(socket) if rustix::net::shutdown(&socket, Shutdown::Both).is_ok() => Reserved::kept(socket),
            socket => {
                drop(socket);
                Reserved::new(self.address)
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves whoever connects, until the cluster fails.
async fn accept(listener: TcpListener, engine: Arc<Engine>, broker: BrokerId, room: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    let mut refused = 0_u64;
    loop {
        tokio::select! {
            () = engine.failed() => {
                // All connections end with this task; without this new ones would wait for it.
                let _ = rustix::net::shutdown(&listener, Shutdown::Both);
                return;
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                        refused += 1;
                        // Who connects again and again does not fill the log.
                        if refused.is_power_of_two() {
                            tracing::warn!(broker, %peer, refused, "too many connections: closed");
                        }
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
