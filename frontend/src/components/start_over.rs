//! "Start over" of a lesson: asks first, since it deletes.

use leptos::prelude::*;
use shared::command::StartOver;
use shared::event::Outcome;
use shared::{Command, RequestId};

use super::confirm::ConfirmButton;
use super::run_card::Forms;
use crate::connection::Connection;
use crate::state::Origin;

/// The button, its dialog, and what came of it.
#[component]
pub(crate) fn StartOverButton(
    /// The lesson's id.
    lesson: String,
    /// The lesson's title.
    title: String,
    start_over: StartOver,
) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let forms = expect_context::<Forms>();
    let request = RwSignal::new(None::<RequestId>);
    let consequences = consequences(&start_over);

    let start = move || {
        let origin = Origin { lesson: lesson.clone(), label: "Start over".to_owned(), ..Origin::default() };
        connection.change(|state| state.forget_finished(&lesson));
        forms.reset(&lesson);
        request.set(connection.run(origin, Command::StartOver(start_over.clone())));
    };
    let line = Memo::new(move |_| {
        let id = request.get()?;
        connection.state.with(|state| match state.request(id)?.outcome {
            None => Some("Starting over…"),
            Some(Outcome::Ok(_)) => Some("Started over."),
            Some(Outcome::Failed { .. } | Outcome::Cancelled { .. }) => {
                Some("Not started over: see the results.")
            }
        })
    });
    view! {
        <div class="start-over">
            <span class="quiet">{move || line.get()}</span>
            <ConfirmButton id="start-over" label="Start over" is_off=false confirmed=start>
                <p>{format!("“{title}” goes back to its first state:")}</p>
                <ul>{consequences.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
            </ConfirmButton>
        </div>
    }
}

/// What it will do, line by line.
fn consequences(start_over: &StartOver) -> Vec<String> {
    let mut lines = Vec::new();
    if !start_over.delete_topics.is_empty() {
        lines.push(format!("Deleted, with all records: {}.", start_over.delete_topics.join(", ")));
    }
    if !start_over.delete_groups.is_empty() {
        lines.push(format!(
            "Stopped and deleted, with committed offsets: the consumers of {}.",
            start_over.delete_groups.join(", ")
        ));
    }
    if !start_over.create.is_empty() {
        let names: Vec<&str> = start_over.create.iter().map(|topic| topic.topic.as_str()).collect();
        lines.push(format!("Made anew: {}.", names.join(", ")));
    }
    lines.push("Cleared: the results of this lesson, and what you typed in its forms.".to_owned());
    lines
}
