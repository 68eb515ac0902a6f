//! The page of Kafka Workshop: lessons at the left, what the cluster did at the right.
//!
//! `connection` speaks with the server, `state` knows what it said, `pages` and `components` show it.

#![expect(unreachable_pub, reason = "the component macro of Leptos widens the functions it makes")]

mod app;
mod components;
mod connection;
mod fetch;
mod pages;
mod state;
mod theme;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(loading) = leptos::prelude::document().get_element_by_id("loading") {
        loading.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
