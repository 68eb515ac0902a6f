//! A step of a lesson: its text, its buttons, its "Because".

use leptos::prelude::*;
use shared::event::Outcome;
use shared::lesson::Step;

use super::lesson_text::blocks;
use super::run_card::RunCard;
use crate::connection::Connection;
use crate::state::capability::needs;

/// Everything of one step.
#[component]
pub(crate) fn StepView(
    /// The lesson's id.
    lesson: String,
    step: Step,
) -> impl IntoView {
    let runs = step.runs.iter().enumerate().map(|(number, run)| {
        let needs = step.needs.clone();
        view! { <RunCard lesson=lesson.clone() step=step.id.clone() number run=run.clone() needs/> }
    });
    let needs = needs(&step.needs, step.runs.iter().map(|run| &run.command));
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
            <Missing needs/>
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
    let lack = Memo::new(move |_| connection.state.with(|state| state.lack(&needs)));
    move || {
        lack.get().map(|lack| {
            view! {
                <div class="notice warn">
                    <p>{lack}" You can read the step and go on; the buttons that need it are off."</p>
                </div>
            }
        })
    }
}
