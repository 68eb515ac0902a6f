//! A defect of the server: the request that meets it fails, and nothing else does.

use std::sync::Arc;

use backend::learner::Commands;
use backend::session::JobContext;
use futures_util::future::BoxFuture;
use serde_json::json;
use shared::event::CloseReason;
use shared::{Command, ErrorCode, Event, Outcome};
use tests::{Client, Produced, TestServer};

/// Panics where a topic of this name is to be made.
const PANICS: &str = "panic-now";

struct WithDefect(Arc<dyn Commands>);

impl Commands for WithDefect {
    fn run<'a>(&'a self, command: Command, cx: &'a JobContext) -> BoxFuture<'a, Outcome> {
        match &command {
            Command::CreateTopic(arguments) if arguments.topic == PANICS => {
                Box::pin(async { panic!("a defect for a test") })
            }
            _ => self.0.run(command, cx),
        }
    }

    fn close(&self, reason: CloseReason) -> BoxFuture<'_, ()> {
        self.0.close(reason)
    }
}

#[tokio::test]
async fn a_panic_fails_its_request_and_nothing_else() {
    let Some(cluster) = crate::cluster() else { return };
    let wrap = |inner| Arc::new(WithDefect(inner)) as Arc<dyn Commands>;
    let server = TestServer::start_with(cluster, |_| {}, Some(Box::new(wrap))).await;
    let (mut page, mut someone_else) = (Client::new(&server).await, Client::new(&server).await);
    page.make_topic("t", 1).await;
    someone_else.make_topic("t", 1).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    let producing =
        page.start_json(json!({ "produce": { "topic": "t", "count": 300, "sending": "one_by_one" } })).await;
    page.until_event(producing, |event| matches!(event, Event::Delivered(_))).await;

    for _ in 0..3 {
        let panicked = page.run(json!({ "create_topic": { "topic": PANICS } })).await;
        assert_eq!(panicked.error_code(), ErrorCode::Internal);
        assert!(
            !format!("{:?}", panicked.outcome).contains("a defect for a test"),
            "what it said stays inside"
        );
    }
    let produced = Produced::from(page.finish(producing).await);
    assert_eq!((produced.summary.delivered, produced.error), (300, None), "what ran beside it went on");
    assert_eq!(page.records(consumer, 300).await.len(), 300);
    assert_eq!(page.topic_names().await, ["t"], "the next request works");
    assert_eq!(someone_else.fill("t", 1).await.summary.delivered, 1);
    page.reconnect(&server).await;
    assert!(page.welcome.resumed);
}

/// `cargo test` unwinds in any profile, so the profile itself is looked at.
#[test]
fn the_shipped_profile_unwinds() {
    let manifest = include_str!("../../../Cargo.toml");
    let (_, release) = manifest.split_once("[profile.release]").expect("a release profile");
    let release = release.split("\n[").next().expect("its settings");
    assert!(release.contains("panic = \"unwind\""), "{release}");
}
