//! A lesson at one of its steps, with what the cluster did beside it.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map};
use shared::lesson::Lesson;
use wasm_bindgen::JsCast;

use super::not_found::NotFound;
use crate::app::focus;
use crate::components::results::Results;
use crate::components::side::{Side, SideSwitch};
use crate::components::start_over::StartOverButton;
use crate::components::step::StepView;
use crate::components::trouble::TroubleView;
use crate::components::window::ClusterWindow;
use crate::fetch::{Trouble, lesson};

/// The page of a lesson; fetches it.
#[component]
pub(crate) fn LessonPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("lesson").unwrap_or_default()));
    let step = Memo::new(move |_| params.with(|params| params.get("step")));
    let fetched = LocalResource::new(move || lesson(id.get()));
    move || match fetched.get() {
        Some(Err(Trouble::NotFound)) => view! { <NotFound/> }.into_any(),
        Some(Err(trouble)) => view! {
            <div class="page narrow">
                <h1>"This lesson did not load"</h1>
                <TroubleView what="The lesson" trouble again=move || fetched.refetch()/>
            </div>
        }
        .into_any(),
        Some(Ok(lesson)) if lesson.id == id.get() => view! { <LessonAtStep lesson step/> }.into_any(),
        // The one before is still there while the next one loads.
        None | Some(Ok(_)) => view! { <p class="page narrow quiet">"Loading the lesson…"</p> }.into_any(),
    }
}

#[component]
fn LessonAtStep(lesson: Arc<Lesson>, step: Memo<Option<String>>) -> impl IntoView {
    let place = {
        let lesson = Arc::clone(&lesson);
        Memo::new(move |_| match step.get() {
            None => Some(0),
            Some(id) => lesson.steps.iter().position(|step| step.id == id),
        })
    };
    name_and_focus(&lesson, place);
    move_by_keyboard(&lesson, place);

    let results_of = lesson.id.clone();
    let side = expect_context::<RwSignal<Side>>();
    view! {
        <div class="lesson-page">
            <article class="lesson" aria-labelledby="lesson-title">
                <header class="lesson-head">
                    <h1 id="lesson-title">{lesson.title.clone()}</h1>
                    <StartOverButton
                        lesson=lesson.id.clone()
                        title=lesson.title.clone()
                        start_over=lesson.start_over.clone()
                    />
                </header>
                <StepList lesson=Arc::clone(&lesson) place/>
                {move || match place.get().and_then(|place| lesson.steps.get(place)) {
                    None => view! { <NotFound/> }.into_any(),
                    Some(step) => view! {
                        <StepView lesson=lesson.id.clone() step=step.clone()/>
                        <StepLinks lesson=Arc::clone(&lesson) place=place.get().unwrap_or(0)/>
                    }
                    .into_any(),
                }}
            </article>
            {move || match side.get() {
                Side::Results => view! { <Results lesson=results_of.clone()/> }.into_any(),
                Side::Cluster => view! {
                    <section class="results" aria-label="Cluster">
                        <header class="results-head"><SideSwitch/></header>
                        <ClusterWindow/>
                    </section>
                }
                .into_any(),
            }}
        </div>
    }
}

/// Names the tab after the step, and moves the focus to its heading when it is not the first one shown.
fn name_and_focus(lesson: &Arc<Lesson>, place: Memo<Option<usize>>) {
    let lesson = Arc::clone(lesson);
    Effect::new(move |shown_before: Option<()>| {
        let Some(step) = place.get().and_then(|place| lesson.steps.get(place)) else { return };
        super::set_title(&format!("{} · {}", step.title, lesson.title));
        if shown_before.is_some() {
            focus("step-title");
        }
    });
}

/// Alt with an arrow goes to the step before or after.
fn move_by_keyboard(lesson: &Arc<Lesson>, place: Memo<Option<usize>>) {
    let lesson = Arc::clone(lesson);
    let navigate = use_navigate();
    let listener = window_event_listener(ev::keydown, move |event| {
        let Some(place) = place.get_untracked() else { return };
        if !event.alt_key() || event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        // In a field, Alt with an arrow moves by words.
        if event.target().is_some_and(|target| is_field(&target)) {
            return;
        }
        let to = match event.key().as_str() {
            "ArrowLeft" => place.checked_sub(1),
            "ArrowRight" => Some(place + 1),
            _ => None,
        };
        if let Some(step) = to.and_then(|to| lesson.steps.get(to)) {
            // Else the browser would go back in its history.
            event.prevent_default();
            navigate(&address(&lesson, &step.id), Default::default());
        }
    });
    on_cleanup(move || listener.remove());
}

fn is_field(target: &web_sys::EventTarget) -> bool {
    target
        .dyn_ref::<web_sys::Element>()
        .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn address(lesson: &Lesson, step: &str) -> String {
    format!("/lessons/{}/{step}", lesson.id)
}

/// All steps, with the current one marked.
#[component]
fn StepList(lesson: Arc<Lesson>, place: Memo<Option<usize>>) -> impl IntoView {
    let steps = lesson.steps.iter().enumerate().map(|(number, step)| {
        let is_current = move || place.get() == Some(number);
        view! {
            <li class:past=move || place.get().is_some_and(|place| number < place)>
                <a href=address(&lesson, &step.id) aria-current=move || is_current().then_some("step")>
                    <span class="step-number" aria-hidden="true">{number + 1}</span>
                    <span class="step-name">{step.title.clone()}</span>
                </a>
            </li>
        }
    });
    view! { <nav class="steps" aria-label="Steps"><ol>{steps.collect_view()}</ol></nav> }
}

/// The way to the step before and the one after.
#[component]
fn StepLinks(lesson: Arc<Lesson>, place: usize) -> impl IntoView {
    let link = |class: &'static str, rel: &'static str, way: &'static str, place: Option<usize>| {
        let step = lesson.steps.get(place?)?;
        let (href, title) = (address(&lesson, &step.id), step.title.clone());
        Some(view! {
            <A href=href attr:class=class attr:rel=rel>
                <span class="step-link-way">{way}</span>
                <span class="step-link-title">{title}</span>
            </A>
        })
    };
    let previous = link("step-link previous", "prev", "Previous", place.checked_sub(1));
    let next = link("step-link next", "next", "Next", Some(place + 1));
    let last = next.is_none().then(|| {
        view! {
            <A href="/" attr:class="step-link next">
                <span class="step-link-way">"Done"</span>
                <span class="step-link-title">"Choose another lesson"</span>
            </A>
        }
    });
    view! {
        <nav class="step-links" aria-label="Previous and next step">{previous}{next}{last}</nav>
        <p class="quiet hint-keys">"Alt with ← or → moves between steps."</p>
    }
}
