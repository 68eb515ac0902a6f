//! The form of a command: one labelled input for each argument that the step opens.

use std::collections::BTreeMap;

use leptos::prelude::*;
use shared::Command;
use shared::form::{Field, Input};

use crate::state::form::{Drafts, shown};

/// The inputs, in the command's order.
#[component]
pub(crate) fn CommandForm(
    /// What the ids of its inputs begin with.
    id: String,
    command: Command,
    fields: Vec<Field>,
    drafts: ArcRwSignal<Drafts>,
    /// What is wrong, by the argument's name.
    problems: RwSignal<BTreeMap<&'static str, String>>,
) -> impl IntoView {
    let rows = fields.into_iter().map(|field| {
        view! { <FieldRow id=format!("{id}-{}", field.name) command=command.clone() field drafts=drafts.clone() problems/> }
    });
    view! { <div class="fields">{rows.collect_view()}</div> }
}

#[component]
fn FieldRow(
    id: String,
    command: Command,
    field: Field,
    drafts: ArcRwSignal<Drafts>,
    problems: RwSignal<BTreeMap<&'static str, String>>,
) -> impl IntoView {
    let problem = Memo::new(move |_| problems.with(|problems| problems.get(field.name).cloned()));
    let help_id = format!("{id}-help");
    let problem_id = format!("{id}-problem");
    let described = {
        let (help_id, problem_id) = (help_id.clone(), problem_id.clone());
        move || match problem.get() {
            Some(_) => format!("{problem_id} {help_id}"),
            None => help_id.clone(),
        }
    };
    let is_wide = matches!(field.input, Input::Pairs | Input::Names);
    let is_toggle = matches!(field.input, Input::Toggle);
    view! {
        <div class="field" class:wide=is_wide class:toggle=is_toggle class:wrong=move || problem.get().is_some()>
            <label for=id.clone()>{field.label}</label>
            <FieldInput id command field drafts problem described=Signal::derive(described)/>
            <p class="field-problem" id=problem_id>{move || problem.get()}</p>
            <p class="field-help" id=help_id>{field.help}</p>
        </div>
    }
}

#[component]
fn FieldInput(
    id: String,
    command: Command,
    field: Field,
    drafts: ArcRwSignal<Drafts>,
    problem: Memo<Option<String>>,
    /// The ids of what describes it.
    described: Signal<String>,
) -> impl IntoView {
    let value = {
        let drafts = drafts.clone();
        Memo::new(move |_| drafts.with(|drafts| shown(&field, &command, drafts)))
    };
    let write = move |text: String| {
        drafts.update(|drafts| {
            drafts.insert(field.name, text);
        });
    };
    let invalid = move || problem.get().is_some().then_some("true");
    let choice = |values: &[(&'static str, &'static str)]| {
        values
            .iter()
            .map(|&(name, label)| {
                view! { <option value=name selected=move || value.get() == name>{label}</option> }
            })
            .collect_view()
    };
    match field.input {
        Input::Choice(values) => view! {
            <select id=id aria-describedby=described on:change:target=move |event| write(event.target().value())>
                {choice(values)}
            </select>
        }
        .into_any(),
        Input::GroupedChoice(groups) => {
            let groups = groups.iter().map(|&(name, values)| {
                view! { <optgroup label=name>{choice(values)}</optgroup> }
            });
            let groups = groups.collect_view();
            view! {
                <select
                    id=id
                    aria-describedby=described
                    on:change:target=move |event| write(event.target().value())
                >
                    {groups}
                </select>
            }
            .into_any()
        }
        Input::OptionalChoice { none, values } => view! {
            <select id=id aria-describedby=described on:change:target=move |event| write(event.target().value())>
                <option value="" selected=move || value.get().is_empty()>{none}</option>
                {choice(values)}
            </select>
        }
        .into_any(),
        Input::Toggle => view! {
            <input
                id=id
                type="checkbox"
                aria-describedby=described
                prop:checked=move || value.get() == "true"
                on:change:target=move |event| write(event.target().checked().to_string())
            />
        }
        .into_any(),
        Input::Pairs => view! {
            <textarea
                id=id
                rows="2"
                spellcheck="false"
                aria-describedby=described
                aria-invalid=invalid
                prop:value=move || value.get()
                on:input:target=move |event| write(event.target().value())
            ></textarea>
        }
        .into_any(),
        Input::Text
        | Input::Names
        | Input::Integer { .. }
        | Input::OptionalInteger { .. }
        | Input::Replicas => {
            // A text input even for numbers: the wheel changes nothing by accident, and what is typed is kept.
            let is_number =
                matches!(field.input, Input::Integer { .. } | Input::OptionalInteger { .. } | Input::Replicas);
            view! {
                <input
                    id=id
                    type="text"
                    class:number=is_number
                    inputmode=is_number.then_some("numeric")
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby=described
                    aria-invalid=invalid
                    prop:value=move || value.get()
                    on:input:target=move |event| write(event.target().value())
                />
            }
            .into_any()
        }
    }
}
