//! One file a page.

pub(crate) mod cluster;
pub(crate) mod home;
pub(crate) mod lesson;
pub(crate) mod not_found;

use leptos::prelude::*;

/// Sets the title of the browser's tab.
fn set_title(title: &str) {
    document().set_title(&format!("{title} · Kafka Workshop"));
}
