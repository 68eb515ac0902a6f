//! Where clusters are, for how long, and who is told.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use shared::Reply;
use shared::kafka::ClusterView;
use tests::{Client, On, TestServer};

/// A server whose first cluster is to be at free ports, and these ports.
async fn with_first_ports() -> (TestServer, Vec<u16>) {
    let ports = xtask::kafka::free_ports(3).expect("ports");
    let first_ports = ports.clone();
    (TestServer::with_sandboxes(move |settings| settings.first_ports = first_ports).await, ports)
}

fn ports(view: &ClusterView) -> Vec<u16> {
    view.brokers.iter().map(|broker| broker.port).collect()
}

async fn reset(page: &mut Client) -> ClusterView {
    match page.run(json!({ "reset_cluster": {} })).await.reply() {
        Reply::ClusterReset(view) => view,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_first_cluster_is_where_scripts_expect_it_and_others_are_elsewhere() {
    let (server, expected) = with_first_ports().await;
    let (mut one, mut other) = (Client::new(&server).await, Client::new(&server).await);
    let view = one.view().await;
    assert_eq!(ports(&view), expected);
    let servers: Vec<_> = expected.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    assert_eq!(view.bootstrap_servers, Some(servers.join(",")));
    assert!(ports(&other.view().await).iter().all(|port| !expected.contains(port)));
    // Of a server where they are taken, even the first cluster is elsewhere.
    let taken = expected.clone();
    let second = TestServer::with_sandboxes(move |settings| settings.first_ports = taken).await;
    let mut third = Client::new(&second).await;
    assert!(ports(&third.view().await).iter().all(|port| !expected.contains(port)));
}

#[tokio::test]
async fn a_cluster_stays_where_it_is_over_resets_and_restarts_of_its_brokers() {
    let (server, expected) = with_first_ports().await;
    let (mut first, mut other) = (Client::new(&server).await, Client::new(&server).await);
    for (page, expected) in [(&mut first, Some(expected)), (&mut other, None)] {
        let before = ports(&page.view().await);
        assert!(expected.is_none_or(|expected| expected == before));
        for (broker, port) in (1..).zip(&before) {
            for end in ["stop_broker", "kill_broker"] {
                page.run(json!({ end: { "broker": broker } })).await.reply();
                match page.run(json!({ "start_broker": { "broker": broker } })).await.reply() {
                    Reply::Broker(broker) => assert_eq!(broker.port, *port, "{end}"),
                    other => panic!("{other:?}"),
                }
            }
        }
        // A broker that is down at a reset is no exception.
        page.run(json!({ "kill_broker": { "broker": 2 } })).await.reply();
        for _ in 0..3 {
            assert_eq!(ports(&reset(page).await), before);
        }
        page.make_topic("t", 3).await;
        page.fill("t", 30).await;
    }
}

#[tokio::test]
async fn where_one_of_the_first_ports_is_taken_the_whole_cluster_is_elsewhere_and_stays_there() {
    let (server, wanted) = with_first_ports().await;
    let taken = TcpListener::bind(("127.0.0.1", wanted[1])).expect("it is free");
    let mut page = Client::new(&server).await;
    let elsewhere = ports(&page.view().await);
    assert!(elsewhere.iter().all(|port| !wanted.contains(port)), "{elsewhere:?}");
    // Those that were free were not kept from others.
    for port in [wanted[0], wanted[2]] {
        TcpListener::bind(("127.0.0.1", port)).expect("nobody has it");
    }
    drop(taken);
    assert_eq!(ports(&reset(&mut page).await), elsewhere, "a script that knows it finds it again");
    page.make_topic("t", 1).await;
    page.fill("t", 3).await;
}

#[tokio::test]
async fn the_first_ports_are_the_next_learners_when_their_cluster_is_given_up() {
    let ports_wanted = xtask::kafka::free_ports(3).expect("ports");
    let first_ports = ports_wanted.clone();
    let server = TestServer::with_sandboxes(move |settings| {
        settings.first_ports = first_ports;
        settings.idle = Duration::from_millis(50);
    })
    .await;
    let mut page = Client::new(&server).await;
    assert_eq!(ports(&page.view().await), ports_wanted);
    page.leave().await;
    for port in &ports_wanted {
        while TcpListener::bind(("127.0.0.1", *port)).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let mut next = Client::new(&server).await;
    assert_eq!(ports(&next.view().await), ports_wanted);
}

#[tokio::test]
async fn the_address_is_told_to_a_page_on_this_machine_and_kept_from_one_behind_a_proxy() {
    const PROXY: [(&str, &str); 4] = [
        ("forwarded", "for=192.168.0.7"),
        ("x-forwarded-for", "192.168.0.7"),
        ("x-real-ip", "192.168.0.7"),
        ("via", "1.1 proxy"),
    ];
    let server = TestServer::start(On::Sandbox).await;
    for header in PROXY {
        let mut page = Client::with_headers(&server, None, &[header]).await;
        assert_eq!(page.view().await.bootstrap_servers, None, "{header:?}");
        assert_eq!(reset(&mut page).await.bootstrap_servers, None, "{header:?}");
        page.make_topic("t", 1).await;
        page.fill("t", 3).await;
    }
    // What counts is how the page is connected now, not how it was when its session began.
    let mut page = Client::new(&server).await;
    assert!(page.view().await.bootstrap_servers.is_some());
    page.reconnect_with(&server, &PROXY[..1]).await;
    assert!(page.welcome.resumed);
    assert_eq!(page.view().await.bootstrap_servers, None);
    page.reconnect(&server).await;
    assert!(page.view().await.bootstrap_servers.is_some());
}
