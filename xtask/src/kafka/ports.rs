//! Ports on loopback.

use std::net::TcpListener;

use anyhow::{Context, Result};

/// Ports that nobody listens on at present, all different.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)))
        .collect::<Result<_, _>>()
        .context("finding a free port")?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
