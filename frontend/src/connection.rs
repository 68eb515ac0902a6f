//! The WebSocket to the server: opens it, says hello, goes on after a break, and waits ever longer between attempts.
//! What frames mean is for `state`.

use leptos::prelude::*;
use shared::{ClientFrame, Command, RequestId, ServerFrame};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use crate::state::{Link, Origin, State, ended_by, ends_session, wait_ms};

/// How often views that show a running time look at the clock.
const TICK: std::time::Duration = std::time::Duration::from_millis(250);

/// The page's one connection, and what it brought. Cheap to copy: it only names what it holds.
#[derive(Clone, Copy)]
pub(crate) struct Connection {
    /// What the page knows. Told to have changed at most once an animation frame.
    pub(crate) state: RwSignal<State>,
    /// How the connection is.
    pub(crate) link: RwSignal<Link>,
    /// The page's clock in milliseconds; it ticks while something runs.
    pub(crate) now: RwSignal<f64>,
    socket: StoredValue<Option<Socket>, LocalStorage>,
    attempt: StoredValue<u32>,
    is_change_due: StoredValue<bool>,
}

/// A WebSocket with the closures that it calls.
#[expect(dead_code, reason = "the browser calls the closures; here they are only kept alive")]
struct Socket {
    socket: WebSocket,
    on_open: Closure<dyn FnMut()>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // It may be closed already.
        let _ = self.socket.close();
    }
}

impl Connection {
    /// Begins to connect.
    pub(crate) fn open() -> Self {
        let connection = Self {
            state: RwSignal::new(State::default()),
            link: RwSignal::new(Link::Connecting),
            now: RwSignal::new(clock()),
            socket: StoredValue::new_local(None),
            attempt: StoredValue::new(0),
            is_change_due: StoredValue::new(false),
        };
        connection.connect();
        set_interval(move || connection.tick(), TICK);
        // Where the network comes back there is no use in waiting.
        window_event_listener_untyped("online", move |_| {
            if matches!(connection.link.get_untracked(), Link::Waiting { .. }) {
                connection.connect();
            }
        });
        connection
    }

    /// Connects now.
    pub(crate) fn connect(self) {
        self.link.set(Link::Connecting);
        self.socket.set_value(Socket::open(self));
        if self.socket.with_value(Option::is_none) {
            self.closed(0);
        }
    }

    /// Runs a command. It is settled at once when there is no connection. `None` only while the page is torn down.
    pub(crate) fn run(self, origin: Origin, command: Command) -> Option<RequestId> {
        let now = clock();
        let id = self.change(|state| state.start(origin, command.clone(), now))?;
        let sent = self.link.get_untracked() == Link::Open && self.send(&ClientFrame::Run { id, command });
        if !sent {
            self.change(|state| state.not_sent(id, now));
        }
        Some(id)
    }

    /// Cancels a running command.
    pub(crate) fn cancel(self, id: RequestId) {
        if self.change(|state| state.cancel(id)) == Some(true) {
            self.send(&ClientFrame::Cancel { id });
        }
    }

    /// Looks into the cluster until [`close_window`](Self::close_window).
    pub(crate) fn open_window(self) {
        self.change_and_send(State::open_window);
    }

    /// Looks no more, unless somebody else still does.
    pub(crate) fn close_window(self) {
        self.change_and_send(State::close_window);
    }

    /// Looks into the cluster anew, after something went wrong.
    pub(crate) fn watch_again(self) {
        self.change_and_send(State::watch);
    }

    /// What can't be sent now is said again with the next `Welcome`.
    fn change_and_send(self, change: impl FnOnce(&mut State) -> Vec<ClientFrame>) {
        for frame in self.change(change).unwrap_or_default() {
            self.send(&frame);
        }
    }

    /// Changes what the page knows; views hear of it with the next animation frame.
    pub(crate) fn change<T>(self, change: impl FnOnce(&mut State) -> T) -> Option<T> {
        let result = self.state.try_update_untracked(change);
        if !self.is_change_due.get_value() {
            self.is_change_due.set_value(true);
            request_animation_frame(move || {
                self.is_change_due.set_value(false);
                self.now.set(clock());
                self.state.notify();
            });
        }
        result
    }

    fn send(self, frame: &ClientFrame) -> bool {
        let Ok(text) = serde_json::to_string(frame) else { return false };
        self.socket.with_value(|socket| {
            socket.as_ref().is_some_and(|socket| {
                socket.socket.ready_state() == WebSocket::OPEN && socket.socket.send_with_str(&text).is_ok()
            })
        })
    }

    fn received(self, text: &str) {
        let frame = match serde_json::from_str::<ServerFrame>(text) {
            Ok(frame) => frame,
            Err(error) => {
                leptos::logging::error!("a frame that this page can't read: {error}");
                self.change(|state| state.unreadable(text, clock()));
                return;
            }
        };
        let is_welcome = matches!(frame, ServerFrame::Welcome(_));
        for answer in self.change(|state| state.apply(frame, clock())).unwrap_or_default() {
            self.send(&answer);
        }
        if is_welcome {
            self.attempt.set_value(0);
            self.link.set(Link::Open);
        }
    }

    fn closed(self, code: u16) {
        if self.link.get_untracked() == Link::Open {
            self.change(|state| state.announcements.add("The connection to the server is lost.".to_owned()));
        }
        if ends_session(code) {
            self.change(|state| state.session_ended(clock()));
        }
        if let Some(ended) = ended_by(code) {
            self.link.set(Link::Ended(ended));
            return;
        }
        let attempt = self.attempt.get_value();
        self.attempt.set_value(attempt.saturating_add(1));
        let retry_in_ms = wait_ms(attempt, js_sys::Math::random());
        self.link.set(Link::Waiting { retry_in_ms });
        set_timeout(
            move || {
                if matches!(self.link.get_untracked(), Link::Waiting { .. }) {
                    self.connect();
                }
            },
            std::time::Duration::from_millis(retry_in_ms.into()),
        );
    }

    fn tick(self) {
        if self.state.with_untracked(State::is_busy) {
            self.now.set(clock());
        }
    }
}

impl Socket {
    fn open(connection: Connection) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let socket = WebSocket::new(&format!("{scheme}://{}/ws", location.host().ok()?)).ok()?;
        let on_open = Closure::new(move || {
            let hello = connection.state.with_untracked(State::hello);
            connection.send(&hello);
        });
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                connection.received(&text);
            }
        });
        let on_close = Closure::new(move |event: CloseEvent| connection.closed(event.code()));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self { socket, on_open, on_message, on_close })
    }
}

/// The page's clock, in milliseconds.
pub(crate) fn clock() -> f64 {
    js_sys::Date::now()
}
