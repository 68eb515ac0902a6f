//! The shell of the page: its header, its routes, what is said to a screen reader.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wasm_bindgen::JsCast;

use crate::components::announcer::Announcer;
use crate::components::connection_status::ConnectionNotice;
use crate::components::header::Header;
use crate::components::run_card::Forms;
use crate::components::side::Side;
use crate::connection::Connection;
use crate::fetch::Lessons;
use crate::pages::{cluster::ClusterPage, home::Home, lesson::LessonPage, not_found::NotFound};
use crate::theme::ThemeChoice;

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_context(Connection::open());
    provide_context(Lessons::load());
    provide_context(Forms::default());
    provide_context(ThemeChoice::restore());
    // Kept from lesson to lesson.
    provide_context(RwSignal::new(Side::default()));

    view! {
        <Router>
            <SkipLink/>
            <Header/>
            <main id="main" tabindex="-1">
                <ConnectionNotice/>
                <Routes fallback=|| view! { <NotFound/> }>
                    <Route path=path!("/") view=Home/>
                    <Route path=path!("/cluster") view=ClusterPage/>
                    <Route path=path!("/lessons/:lesson/:step?") view=LessonPage/>
                </Routes>
            </main>
            <Announcer/>
        </Router>
    }
}

#[component]
fn SkipLink() -> impl IntoView {
    let skip = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        focus("main");
    };
    view! { <a class="skip" href="#main" on:click=skip>"Skip to the content"</a> }
}

/// Gives the keyboard's focus to an element, once it is there.
pub(crate) fn focus(id: &'static str) {
    request_animation_frame(move || focus_now(id));
}

/// Gives the keyboard's focus to an element that is there, and brings it into view.
pub(crate) fn focus_now(id: &str) {
    if let Some(element) = element(id) {
        // An element that can't be focused keeps the focus where it is: nothing to do about it.
        let _ = element.focus();
        element.scroll_into_view();
    }
}

/// Gives the keyboard's focus to an element that is there, and scrolls nowhere: for a button that goes once it is
/// pressed, and would leave the focus to nobody.
pub(crate) fn focus_in_place(id: &str) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    if let Some(element) = element(id) {
        // As above.
        let _ = element.focus_with_options(&options);
    }
}

fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
