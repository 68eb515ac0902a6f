//! A step of a lesson: its text, its buttons, its "Because".

use leptos::prelude::*;
use shared::event::Outcome;
use shared::lesson::Step;

use super::lesson_text::blocks;
use super::run_card::RunCard;
use crate::connection::Connection;

/// Everything of one step.
#[component]
pub(crate) fn StepView(
    /// The lesson's id.
    lesson: String,
    step: Step,
) -> impl IntoView {
    let runs = step.runs.iter().enumerate().map(|(number, run)| {
        view! { <RunCard lesson=lesson.clone() step=step.id.clone() number run=run.clone()/> }
    });
    let because = (!step.because.is_empty()).then(|| {
        let opened = succeeded(lesson.clone(), step.id.clone());
        view! {
            <details class="because" prop:open=move || opened.get()>
                <summary>"What happened, and why"</summary>
                <div class="prose">{blocks(&step.because)}</div>
            </details>
        }
    });
    view! {
        <section class="step" aria-labelledby="step-title">
            <h2 id="step-title" tabindex="-1">{step.title.clone()}</h2>
            <Missing needs=step.needs.clone()/>
            <div class="prose">{blocks(&step.text)}</div>
            <div class="run-cards">{runs.collect_view()}</div>
            {because}
        </section>
    }
}

/// Whether a button of the step has done its work.
fn succeeded(lesson: String, step: String) -> Memo<bool> {
    let connection = expect_context::<Connection>();
    Memo::new(move |_| {
        connection.state.with(|state| {
            state.panels().any(|request| {
                request.origin.lesson == lesson
                    && request.origin.step == step
                    && matches!(request.outcome, Some(Outcome::Ok(_)))
            })
        })
    })
}

/// Says what the cluster lacks for this step.
#[component]
fn Missing(needs: Vec<String>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let missing = Memo::new(move |_| {
        connection.state.with(|state| {
            let server = state.server.as_ref()?;
            let missing: Vec<&str> =
                needs.iter().filter(|need| !server.capabilities.contains(need)).map(String::as_str).collect();
            (!missing.is_empty()).then(|| missing.join(", "))
        })
    });
    move || {
        missing.get().map(|missing| {
            view! {
                <div class="notice warn">
                    <p>{format!("This cluster can’t do what the step needs: {missing}. You can read it, and go on.")}</p>
                </div>
            }
        })
    }
}
