//! What only a sandbox can do, asked of a Kafka that others use too.

use serde_json::json;
use shared::ErrorCode;
use shared::kafka::ClusterKind;
use tests::{Client, TestServer};

#[tokio::test]
async fn on_a_shared_kafka_nobody_breaks_resets_or_looks_into_the_cluster() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    assert_eq!(page.welcome.server.kind, ClusterKind::Kafka);
    assert_eq!(page.welcome.server.capabilities, [""; 0]);
    page.make_topic("t", 1).await;
    for command in [
        json!({ "reset_cluster": {} }),
        json!({ "stop_broker": { "broker": 1 } }),
        json!({ "kill_broker": { "broker": 1 } }),
        json!({ "start_broker": { "broker": 1 } }),
        json!({ "cut_off_broker": { "broker": 1 } }),
        json!({ "delay_broker": { "broker": 1, "delay_ms": 10 } }),
        json!({ "inject_error": { "api": "Produce", "error": "NOT_LEADER_OR_FOLLOWER" } }),
        json!({ "clear_faults": {} }),
        json!({ "watch": {} }),
    ] {
        let refused = page.run(command.clone()).await;
        assert_eq!(refused.error_code(), ErrorCode::NeedsSandbox, "{command}");
    }
    assert_eq!(page.fill("t", 3).await.summary.delivered, 3);
}
