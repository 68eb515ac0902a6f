//! Ports on loopback.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections. A client that tries
/// again and again to reach a stopped broker on one of those may be given that very port, connect to itself, and
/// keep the broker from coming back.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Ports that nobody listens on at present, all different, and different at each call.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Processes that start at once begin at different places.
    let start = process::id().wrapping_mul(97);
    let candidates = (0..COUNT).map(|_| {
        let place = start.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed).into()) % u32::from(COUNT);
        FIRST + u16::try_from(place).unwrap_or_default()
    });
    let free: Vec<_> =
        candidates.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).take(count).collect();
    (free.len() == count).then_some(free).context("there is no free port from 20000 to 31999")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ports_are_free_different_and_not_those_of_outgoing_connections() {
        let ports = [free_ports(5).unwrap(), free_ports(5).unwrap()].concat();
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 10);
        for port in ports {
            assert!((FIRST..FIRST + COUNT).contains(&port));
            TcpListener::bind(("127.0.0.1", port)).unwrap();
        }
    }
}
