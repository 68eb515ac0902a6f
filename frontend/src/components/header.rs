//! The page's header: its name, the lessons, the connection, the theme.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use super::connection_status::ConnectionStatus;
use super::theme_menu::ThemeMenu;
use crate::fetch::Lessons;

/// Stands above every page.
#[component]
pub(crate) fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <A href="/" attr:class="brand" exact=true>
                <Mark/>
                <span>"Kafka Workshop"</span>
            </A>
            <Links/>
            <div class="top-end">
                <ConnectionStatus/>
                <ThemeMenu/>
            </div>
        </header>
    }
}

/// Three lanes, one of them being read.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <rect x="2" y="4" width="20" height="4" rx="2" class="mark-lane"></rect>
            <rect x="2" y="10" width="14" height="4" rx="2" class="mark-read"></rect>
            <rect x="2" y="16" width="17" height="4" rx="2" class="mark-lane"></rect>
        </svg>
    }
}

/// The lessons, and the cluster that they work on.
#[component]
fn Links() -> impl IntoView {
    let lessons = expect_context::<Lessons>();
    let path = use_location().pathname;
    let links = move || {
        let lessons = lessons.get()?.ok()?;
        let links = lessons.iter().map(|lesson| {
            let first = lesson.steps.first().map_or(String::new(), |step| format!("/{}", step.id));
            let base = format!("/lessons/{}", lesson.id);
            let within = format!("{base}/");
            let href = format!("{base}{first}");
            let is_current = move || path.with(|path| *path == base || path.starts_with(&within));
            view! {
                <li><a href=href aria-current=move || is_current().then_some("true")>{lesson.title.clone()}</a></li>
            }
        });
        Some(links.collect_view())
    };
    let is_cluster = move || path.with(|path| path == "/cluster");
    view! {
        <nav class="lesson-links" aria-label="Lessons and cluster">
            <ul>
                {links}
                <li class="apart">
                    <a href="/cluster" aria-current=move || is_cluster().then_some("page")>"Cluster"</a>
                </li>
            </ul>
        </nav>
    }
}
