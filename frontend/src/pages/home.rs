//! The list of lessons.

use leptos::prelude::*;
use leptos_router::components::A;
use shared::lesson::LessonSummary;

use crate::components::trouble::TroubleView;
use crate::fetch::Lessons;

/// What there is to learn.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let lessons = expect_context::<Lessons>();
    document().set_title("Kafka Workshop");
    view! {
        <div class="page home">
            <header class="intro">
                <h1>"Learn Kafka by working with it"</h1>
                <p class="lead">
                    "Read a little, press a button, and see what a real cluster did: every partition, every offset, \
                    every record."
                </p>
            </header>
            {move || match lessons.get() {
                None => view! { <p class="quiet">"Loading the lessons…"</p> }.into_any(),
                Some(Err(trouble)) => {
                    view! { <TroubleView what="The list of lessons" trouble again=move || lessons.again()/> }
                        .into_any()
                }
                Some(Ok(lessons)) => {
                    let cards = lessons.iter().map(|lesson| view! { <LessonCard lesson=lesson.clone()/> });
                    view! { <ol class="lesson-cards">{cards.collect_view()}</ol> }.into_any()
                }
            }}
        </div>
    }
}

#[component]
fn LessonCard(lesson: LessonSummary) -> impl IntoView {
    let first = lesson.steps.first().map_or(String::new(), |step| format!("/{}", step.id));
    let href = format!("/lessons/{}{first}", lesson.id);
    let steps = lesson
        .steps
        .iter()
        .map(|step| {
            let href = format!("/lessons/{}/{}", lesson.id, step.id);
            let title = step.title.clone();
            view! { <li><A href=href>{title}</A></li> }
        })
        .collect_view();
    let name = format!("Start {}", lesson.title);
    view! {
        <li class="lesson-card">
            <h2><A href=href.clone()>{lesson.title.clone()}</A></h2>
            <p>{lesson.summary.clone()}</p>
            <ol class="lesson-card-steps">{steps}</ol>
            <p class="lesson-card-foot">
                <span class="quiet">{format!("{} minutes", lesson.minutes)}</span>
                <A href=href attr:class="button primary" attr:aria-label=name>"Start"</A>
            </p>
        </li>
    }
}
