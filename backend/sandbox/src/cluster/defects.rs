//! What a panic ends: where a request is read, its connection; under the lock, that cluster.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;
use crate::BrokerState;
use crate::wire::WITH_DEFECT;

const PATIENCE: Duration = Duration::from_secs(120);

/// Brokers of the cluster, and that all of them run.
fn all_up(brokers: std::ops::RangeInclusive<i32>) -> Vec<(i32, BrokerState)> {
    brokers.map(|id| (id, BrokerState::Up)).collect()
}

fn states(cluster: &Cluster) -> Vec<(i32, BrokerState)> {
    let brokers = cluster.snapshot().unwrap().brokers;
    brokers.iter().map(|broker| (broker.id, broker.state)).collect()
}

/// Asks for the API versions under this name, with so many bytes behind the request, which count for nothing. Whether
/// it is answered, and not closed.
async fn is_answered(stream: &mut TcpStream, client_id: &str, behind: usize) -> bool {
    let mut frame = BytesMut::new();
    frame.put_u32(u32::try_from(10 + client_id.len() + behind).unwrap());
    frame.put_slice(&[0, 18, 0, 0, 0, 0, 0, 1]);
    frame.put_u16(u16::try_from(client_id.len()).unwrap());
    frame.put_slice(client_id.as_bytes());
    frame.put_bytes(0, behind);
    stream.write_all(&frame).await.unwrap();
    let answered = async {
        let length = stream.read_u32().await.ok()?;
        let mut answer = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut answer).await.ok()
    };
    timeout(PATIENCE, answered).await.unwrap().is_some()
}

#[tokio::test]
async fn a_panic_where_a_request_is_read_ends_its_connection_and_nothing_else() {
    let config = Config { brokers: 1, max_connections: 4, ..Config::default() };
    let cluster = Cluster::start(&config).unwrap();
    let address = cluster.addresses()[0];
    let mut beside = TcpStream::connect(address).await.unwrap();
    // Short requests are read where they come in, long ones apart. More often than there is room for connections.
    for behind in [0, 100_000].repeat(10) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(is_answered(&mut stream, "client", behind).await, "{behind} bytes more");
        assert!(!is_answered(&mut stream, WITH_DEFECT, behind).await, "{behind} bytes more");
        assert!(is_answered(&mut beside, "client", behind).await, "{behind} bytes more");
    }
    assert!(!cluster.has_failed());
    assert_eq!(states(&cluster), all_up(1..=1));
}

#[tokio::test]
async fn a_panic_under_the_lock_ends_that_cluster_and_no_other() {
    let defects: [fn(&Cluster); 2] = [
        |cluster| {
            let engine = Arc::clone(&cluster.engine);
            let defect = std::thread::spawn(move || engine.act(|_, _| panic!("a defect")));
            assert!(defect.join().is_err());
        },
        // The one that can be asked for is no different.
        Cluster::fail,
    ];
    for defect in defects {
        let config = Config { brokers: 2, ..Config::default() };
        let (broken, other) = (Cluster::start(&config).unwrap(), Cluster::start(&config).unwrap());
        let addresses = broken.addresses().to_vec();
        let mut stream = TcpStream::connect(addresses[0]).await.unwrap();
        let mut others = TcpStream::connect(other.addresses()[0]).await.unwrap();
        assert!(!broken.has_failed());

        defect(&broken);

        assert!(broken.has_failed());
        assert_eq!(broken.snapshot(), None);
        timeout(PATIENCE, broken.failed()).await.unwrap();
        let closed = timeout(PATIENCE, stream.read(&mut [0])).await.unwrap();
        assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
        for mut place in std::mem::take(&mut *broken.places.lock().await) {
            if let Place::Up(listener) = &mut place {
                timeout(PATIENCE, listener.ended()).await.unwrap();
            }
        }
        for address in &addresses {
            assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
        }

        assert!(!other.has_failed());
        assert_eq!(states(&other), all_up(1..=2));
        assert!(is_answered(&mut others, "client", 0).await, "another cluster answers");
    }
}
