//! Brokers that come and go, and their addresses.

use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::BrokerState;

const PATIENCE: Duration = Duration::from_secs(120);

fn socket(reuses: bool) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(reuses).unwrap();
    socket
}

fn states(cluster: &Cluster) -> Vec<(i32, BrokerState)> {
    let brokers = cluster.snapshot().unwrap().brokers;
    brokers.iter().map(|broker| (broker.id, broker.state)).collect()
}

/// That nobody can take these addresses, whatever they say of their sockets.
fn cannot_be_taken(addresses: &[SocketAddr]) {
    for address in addresses {
        for reuses in [false, true] {
            let refused = socket(reuses).bind(*address).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AddrInUse, "{address}");
        }
    }
}

#[tokio::test]
async fn brokers_are_known_by_the_ids_they_were_given() {
    let config = Config { first_broker_id: 0, ..Config::default() };
    let cluster = Cluster::start(&config).unwrap();
    cluster.stop_broker(0).await.unwrap();
    cluster.kill_broker(2).await.unwrap();
    assert!(matches!(cluster.stop_broker(3).await, Err(BrokerError::Unknown(3))));
    assert!(matches!(cluster.stop_broker(-1).await, Err(BrokerError::Unknown(-1))));
    let [stopped, up, killed] = [BrokerState::Stopped, BrokerState::Up, BrokerState::Killed];
    assert_eq!(states(&cluster), [(0, stopped), (1, up), (2, killed)]);
    cluster.start_broker(0).await.unwrap();
    assert_eq!(states(&cluster), [(0, up), (1, up), (2, killed)]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_broker_that_is_down_keeps_its_port_against_everybody_and_listens_there_again() {
    let cluster = Cluster::start(&Config::default()).unwrap();
    let addresses = cluster.addresses().to_vec();
    cannot_be_taken(&addresses);
    for _ in 0..3 {
        // Connections that the broker closes are remembered at its address for a minute.
        let mut streams = Vec::new();
        for address in &addresses {
            streams.push(TcpStream::connect(address).await.unwrap());
        }
        for broker in 1..=3 {
            cluster.stop_broker(broker).await.unwrap();
        }
        for mut stream in streams {
            let ended = timeout(PATIENCE, stream.read(&mut [0])).await.unwrap();
            assert!(matches!(ended, Ok(0) | Err(_)));
        }
        cannot_be_taken(&addresses);
        for (broker, address) in (1..).zip(&addresses) {
            assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
            cluster.start_broker(broker).await.unwrap();
            TcpStream::connect(address).await.unwrap();
        }
    }
    // And for the cluster that comes after it.
    let kept = cluster.close().await.unwrap();
    drop(cluster);
    cannot_be_taken(&addresses);
    let next = Cluster::start_at(&Config::default(), kept).unwrap();
    assert_eq!(next.addresses(), addresses);
    drop(next);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_broker_whose_port_is_lost_stays_down_until_it_can_have_it() {
    let cluster = Cluster::start(&Config { brokers: 1, ..Config::default() }).unwrap();
    let address = cluster.addresses()[0];
    cluster.kill_broker(1).await.unwrap();
    let lose = async |place| cluster.places.lock().await[0] = place;

    // Another program has bound it, and doesn't share it any more.
    lose(Place::None).await;
    let other = socket(true);
    other.bind(address).unwrap();
    lose(Place::Down(Reserved::new(address).unwrap())).await;
    other.set_reuseaddr(false).unwrap();
    for _ in 0..2 {
        assert!(matches!(cluster.start_broker(1).await, Err(BrokerError::Port { broker: 1, .. })));
        assert_eq!(states(&cluster), [(1, BrokerState::Killed)]);
    }
    assert!(matches!(cluster.places.lock().await[..], [Place::Down(_)]), "its place is kept");

    // Or listens there, and there is no place that was kept.
    lose(Place::None).await;
    other.set_reuseaddr(true).unwrap();
    let other = other.listen(1).unwrap();
    assert!(matches!(cluster.start_broker(1).await, Err(BrokerError::Port { broker: 1, .. })));
    assert_eq!(states(&cluster), [(1, BrokerState::Killed)]);

    drop(other);
    cluster.start_broker(1).await.unwrap();
    assert_eq!(states(&cluster), [(1, BrokerState::Up)]);
    TcpStream::connect(address).await.unwrap();
}
