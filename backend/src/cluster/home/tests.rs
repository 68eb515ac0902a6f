use super::*;
use crate::kafka::Airports;
use crate::lessons::airports_json;

fn home() -> Home {
    let settings = SandboxSettings {
        idle: Duration::from_secs(60),
        max_clusters: 1,
        cluster_megabytes: 8,
        first_ports: Vec::new(),
    };
    let airports = Airports::from_json(airports_json()).unwrap();
    Home::new(Common::new(airports), Arc::new(Limits::new(settings)))
}

#[tokio::test]
async fn a_cluster_whose_reset_began_makes_no_clients_any_more() {
    let home = home();
    let old = home.cluster().await.unwrap();
    assert!(old.clients(&home.common).await.is_ok());
    let new = home.reset().await.unwrap();
    assert_eq!(new.cluster.bootstrap_servers(), old.cluster.bootstrap_servers());
    // As a command asks that found the old cluster just before the reset.
    let refused = old.clients(&home.common).await.err().unwrap();
    assert_eq!(refused.code, ErrorCode::ClusterReset);
    assert!(refused.hint.is_some());
    assert!(new.clients(&home.common).await.is_ok());
}

#[tokio::test]
async fn a_cluster_that_failed_makes_no_clients_any_more() {
    let home = home();
    let current = home.cluster().await.unwrap();
    current.cluster.fail();
    let refused = current.clients(&home.common).await.err().unwrap();
    assert_eq!(refused.code, ErrorCode::ClusterFailed);
}
