//! HTTP: the page and its files, lessons, health, and the WebSocket at `/ws`. Everything about who may ask is here;
//! nothing about Kafka is.

mod lessons;
mod origin;
mod page;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use shared::wire::{MAX_CLIENT_FRAME_BYTES, ServerInfo};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::cluster::Clusters;
use crate::config::Config;
use crate::learner::{CookieJar, LearnerId, Learners, MakeCommands};
use crate::session::{Connection, Sessions};
use lessons::Library;
use origin::Allowed;
use page::Page;

/// How long the server waits for what runs when it is told to stop.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// Larger than the largest frame that is taken, so that the session can say which limit was met.
const MAX_MESSAGE_BYTES: usize = MAX_CLIENT_FRAME_BYTES * 2;

/// What the server does not know by itself.
pub struct Parts {
    /// The operator's decisions.
    pub config: Config,
    /// Makes what carries out a learner's commands.
    pub make_commands: Box<MakeCommands>,
    /// What they work on.
    pub clusters: Arc<Clusters>,
    /// The version of librdkafka.
    pub librdkafka: String,
}

struct App {
    allowed: Allowed,
    cookies: CookieJar,
    page: Page,
    lessons: Library,
    sessions: Arc<Sessions>,
}

/// Why the server can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener is no more.
    #[error("the address can't be listened on: {0}")]
    Listen(#[from] std::io::Error),
    /// A lesson has mistakes.
    #[error("the lessons can't be used:\n{0}")]
    Lessons(String),
}

/// Serves until `shutdown`, then drains and returns.
pub async fn serve(
    listener: TcpListener,
    parts: Parts,
    shutdown: CancellationToken,
) -> Result<(), StartError> {
    let address = listener.local_addr()?;
    let (app, sessions) = app(address, parts).await?;
    let stopping = shutdown.clone();
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async move { stopping.cancelled().await });
    let server = tokio::spawn(server.into_future());
    shutdown.cancelled().await;
    if timeout(STOP_LIMIT, sessions.shut_down()).await.is_err() {
        tracing::warn!("sessions did not end in time");
    }
    // What is left are idle HTTP connections.
    server.abort();
    Ok(())
}

async fn app(address: SocketAddr, parts: Parts) -> Result<(Arc<App>, Arc<Sessions>), StartError> {
    let Parts { config, make_commands, clusters, librdkafka } = parts;
    let cookies = match &config.state {
        Some(folder) => CookieJar::open(address.port(), folder).unwrap_or_else(|error| {
            tracing::warn!(%error, folder = %folder.display(), "no key for cookies: learners are new after a restart");
            CookieJar::passing(address.port())
        }),
        None => CookieJar::passing(address.port()),
    };
    let capabilities = clusters.capabilities().iter().map(ToString::to_string).collect();
    let info = ServerInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        librdkafka,
        kind: clusters.kind(),
        capabilities,
    };
    let sessions =
        Sessions::new(Arc::new(Learners::new(make_commands)), clusters.state(), info, config.grace);
    let app = App {
        allowed: Allowed::loopback(address, config.origin.as_deref()),
        cookies,
        page: Page::new(config.page).await,
        lessons: Library::open(config.data).map_err(StartError::Lessons)?,
        sessions: Arc::clone(&sessions),
    };
    Ok((Arc::new(app), sessions))
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/ws", get(socket))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/api/lessons", get(list_lessons))
        .route("/api/lessons/{id}", get(get_lesson))
        .fallback(get_page)
        .layer(from_fn_with_state(Arc::clone(&app), check_host))
        .layer(map_response(harden))
        .with_state(app)
}

async fn check_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    if app.allowed.host(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This server is not known by that name.\n").into_response()
    }
}

/// Headers that every answer has.
async fn harden(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn socket(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response<Body> {
    if !app.allowed.origin(&headers) {
        return (StatusCode::FORBIDDEN, "Only this server's own page may connect.\n").into_response();
    }
    let (learner, set_cookie) = app.learner(&headers);
    let sessions = Arc::clone(&app.sessions);
    let same_machine = is_same_machine(peer, &headers);
    let mut response = upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| async move {
            sessions.connect(&learner, Connection::new(socket, same_machine)).await;
        });
    if let Some(value) = set_cookie {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// Whether whoever asks can reach what listens on this machine's loopback. Behind a proxy on this machine nobody knows.
fn is_same_machine(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    peer.ip().to_canonical().is_loopback() && !forwarded.iter().any(|name| headers.contains_key(*name))
}

async fn list_lessons(State(app): State<Arc<App>>) -> Response<Body> {
    match app.lessons.read().await {
        Ok(lessons) => Json(lessons.summaries()).into_response(),
        Err(mistakes) => (StatusCode::INTERNAL_SERVER_ERROR, mistakes).into_response(),
    }
}

async fn get_lesson(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response<Body> {
    match app.lessons.read().await {
        Ok(lessons) => match lessons.get(&id) {
            Some(lesson) => Json(lesson).into_response(),
            None => (StatusCode::NOT_FOUND, "There is no such lesson.\n").into_response(),
        },
        Err(mistakes) => (StatusCode::INTERNAL_SERVER_ERROR, mistakes).into_response(),
    }
}

async fn get_page(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (request, _body) = request.into_parts();
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let mut response = app.page.respond(request.uri.path(), &request.headers).await;
    let (_, set_cookie) = app.learner(&request.headers);
    if let Some(value) =
        set_cookie.filter(|_| response.headers().contains_key(header::CONTENT_SECURITY_POLICY))
    {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

impl App {
    /// Who asks, and for a new learner the cookie to give them.
    fn learner(&self, headers: &HeaderMap) -> (LearnerId, Option<HeaderValue>) {
        let known = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(|value| self.cookies.read(value));
        match known {
            Some(learner) => (learner, None),
            None => {
                let learner = LearnerId::random();
                let cookie = HeaderValue::from_str(&self.cookies.write(&learner)).ok();
                (learner, cookie)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same_machine_at(peer: &str, headers: &[&'static str]) -> bool {
        let headers = headers
            .iter()
            .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("192.168.0.7")))
            .collect();
        is_same_machine(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn who_comes_by_loopback_and_no_proxy_is_on_this_machine() {
        for peer in ["127.0.0.1:1", "127.3.2.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(is_same_machine_at(peer, &["user-agent"]), "{peer}");
            for proxy in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
                assert!(!is_same_machine_at(peer, &[proxy]), "{peer} with {proxy}");
            }
        }
        for peer in
            ["192.168.0.7:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "[fe80::1]:1", "[::]:1", "0.0.0.0:1"]
        {
            assert!(!is_same_machine_at(peer, &[]), "{peer}");
        }
    }
}
