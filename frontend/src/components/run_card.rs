//! A button of a step, with its form above and what came of it below.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use shared::kafka::ClusterState;
use shared::lesson::Run;
use shared::{Command, RequestId};

use super::command_form::CommandForm;
use super::side::Side;
use crate::app::{focus_in_place, focus_now};
use crate::connection::Connection;
use crate::state::capability::needs as needs_of;
use crate::state::form::{Drafts, fill, open_fields};
use crate::state::{Origin, Request, said};

/// What was typed into the forms, kept while the learner is at other steps: by lesson, step and button.
#[derive(Clone, Default)]
pub(crate) struct Forms(Arc<Mutex<BTreeMap<FormKey, ArcRwSignal<Drafts>>>>);

type FormKey = (String, String, usize);

impl Forms {
    fn drafts(&self, lesson: &str, step: &str, run: usize) -> ArcRwSignal<Drafts> {
        let key = (lesson.to_owned(), step.to_owned(), run);
        self.0.lock().map(|mut forms| forms.entry(key).or_default().clone()).unwrap_or_default()
    }

    /// Brings the forms of a lesson back to what the lesson wrote.
    pub(crate) fn reset(&self, lesson: &str) {
        if let Ok(forms) = self.0.lock() {
            forms
                .iter()
                .filter(|((of, ..), _)| of == lesson)
                .for_each(|(_, drafts)| drafts.set(Drafts::new()));
        }
    }
}

/// A `Run` of a step.
#[component]
pub(crate) fn RunCard(
    /// The lesson's id; empty for what belongs to no lesson: it has no result beside the lesson.
    lesson: String,
    step: String,
    number: usize,
    run: Run,
    /// Capabilities without which its button does nothing, besides those that its command takes.
    needs: Vec<String>,
) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let drafts = expect_context::<Forms>().drafts(&lesson, &step, number);
    let problems = RwSignal::new(BTreeMap::new());
    let fields = open_fields(&run.command, &run.open);
    let form_id = format!("run-{step}-{number}");
    let button_id = format!("{form_id}-button");
    let origin = Origin {
        lesson: lesson.clone(),
        step: step.clone(),
        run: number,
        label: run.label.clone(),
        part_of: None,
    };

    let latest = Memo::new(move |_| {
        connection.state.with(|state| state.latest_of(&lesson, &step, number).map(|request| request.id))
    });
    let needs = needs_of(&needs, [&run.command]);
    let is_off = Memo::new(move |_| {
        let id = latest.get();
        connection.state.with(|state| {
            id.and_then(|id| state.request(id)).is_some_and(Request::is_open) || state.lack(&needs).is_some()
        })
    });

    let submit = {
        let (command, fields, drafts) = (run.command.clone(), fields.clone(), drafts.clone());
        let form_id = form_id.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            if is_off.get_untracked() {
                return;
            }
            let filled: Result<Command, _> =
                drafts.with_untracked(|drafts| fill(&command, &fields, drafts, brokers(connection)));
            match filled {
                Ok(command) => {
                    problems.set(BTreeMap::new());
                    connection.run(origin.clone(), command);
                }
                Err(found) => {
                    let first = fields.iter().find(|field| found.contains_key(field.name));
                    if let Some(field) = first {
                        focus_now(&format!("{form_id}-{}", field.name));
                    }
                    problems.set(found);
                }
            }
        }
    };
    view! {
        <form class="run-card" novalidate=true on:submit=submit>
            <CommandForm id=form_id command=run.command.clone() fields drafts problems/>
            <div class="run-line">
                <button
                    type="submit"
                    id=button_id.clone()
                    class="button primary"
                    aria-disabled=move || is_off.get().then_some("true")
                >
                    {run.label.clone()}
                </button>
                <CancelButton request=latest focus_next=button_id/>
            </div>
            <RunOutcome request=latest/>
        </form>
    }
}

fn brokers(connection: Connection) -> u64 {
    connection.state.with_untracked(|state| match &state.cluster {
        Some(ClusterState::Ready(cluster)) => cluster.brokers.len() as u64,
        Some(ClusterState::Sandbox { brokers }) => u64::from(*brokers),
        _ => 0,
    })
}

/// Cancels a request while it runs.
#[component]
pub(crate) fn CancelButton(
    /// Which; none: no button.
    #[prop(into)]
    request: Signal<Option<RequestId>>,
    /// The id of what has the focus then.
    focus_next: String,
) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let shown = Memo::new(move |_| {
        let id = request.get()?;
        connection.state.with(|state| {
            state.request(id).filter(|request| request.is_open()).map(|request| (id, request.cancelled))
        })
    });
    move || {
        let focus_next = focus_next.clone();
        shown.get().map(|(id, cancelled)| {
            let cancel = move |_| {
                focus_in_place(&focus_next);
                connection.cancel(id);
            };
            view! {
                <button
                    type="button"
                    class="button"
                    aria-disabled=cancelled.then_some("true")
                    on:click=cancel
                >
                    {if cancelled { "Cancelling…" } else { "Cancel" }}
                </button>
            }
        })
    }
}

/// What runs: its phase and how far it is.
#[component]
pub(crate) fn Running(id: RequestId) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let now = Memo::new(move |_| {
        connection.state.with(|state| {
            let request = state.request(id)?;
            Some((request.phase.clone(), request.progress))
        })
    });
    view! {
        <div class="running">
            {move || {
                let (phase, progress) = now.get().unwrap_or_default();
                let counted = progress.map(|(done, total)| {
                    format!("{} of {}", crate::state::text::thousands(done), crate::state::text::thousands(total))
                });
                view! {
                    <span class="running-words">
                        {phase.unwrap_or_else(|| "Running".to_owned())}
                        {counted.map(|counted| view! { <span class="running-count">{counted}</span> })}
                    </span>
                }
            }}
            <progress
                aria-label="Progress"
                max=move || now.get().and_then(|now| now.1).map(|(_, total)| total.to_string())
                value=move || now.get().and_then(|now| now.1).map(|(done, _)| done.to_string())
            ></progress>
        </div>
    }
}

/// One line on how the newest run of the button went.
#[component]
fn RunOutcome(request: Memo<Option<RequestId>>) -> impl IntoView {
    let connection = expect_context::<Connection>();
    let line = Memo::new(move |_| {
        let id = request.get()?;
        connection.state.with(|state| {
            let request = state.request(id)?;
            let is_gone = request.consumer.as_ref().is_some_and(|consumer| consumer.closed.is_some());
            let mood = match request.outcome.as_ref() {
                Some(_) if is_gone => Some("warn"),
                outcome => outcome.map(said::mood),
            };
            let has_result = !request.origin.lesson.is_empty();
            let words = if has_result {
                said::how_it_stands(request)
            } else {
                request.outcome.as_ref().map(said::outcome_and_advice)
            };
            Some((has_result.then_some(id), id, mood, words))
        })
    });
    move || {
        line.get().map(|(result, id, mood, words)| match (mood, words) {
            (Some(mood), Some(words)) => view! {
                <p class=format!("outcome {mood}")>
                    <span>{words}</span>
                    " "
                    {result.map(|id| view! { <ResultLink id/> })}
                </p>
            }
            .into_any(),
            _ => view! { <Running id/> }.into_any(),
        })
    }
}

/// The way to a result, whatever stands at the right.
#[component]
fn ResultLink(id: RequestId) -> impl IntoView {
    let side = use_context::<RwSignal<Side>>();
    let target = format!("result-{}", id.0);
    let href = format!("#{target}");
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if let Some(side) = side {
            side.set(Side::Results);
        }
        let target = target.clone();
        // The results may only be drawn now.
        request_animation_frame(move || focus_now(&target));
    };
    view! { <a href=href on:click=go>"See the result"</a> }
}
