//! One part and its states, with a word about each.

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// A part that pages are made of.
#[component]
pub fn Exhibit(
    /// What it is called.
    name: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" data-exhibit=name>
            <h2 lang="en">{name}</h2>
            <div class="cards">{children()}</div>
        </section>
    }
}

/// The part in one state.
#[component]
pub fn State(
    /// What state that is.
    name: &'static str,
    /// What a pointer or the keyboard does to it: `hover`, `focus`, `active`.
    #[prop(optional)]
    forced: &'static str,
    /// Whether it needs the whole line.
    #[prop(optional)]
    wide: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <div data-state=name data-forced=forced style:display="grid" style:gap="var(--space-2)" style:align-content="start" style:justify-items="stretch" style:min-width="0" style:grid-column=if wide { "1 / -1" } else { "auto" }>
            <p class="hint" lang="en">{name}</p>
            {children()}
        </div>
    }
}

/// Repeats every rule about a pointer or the keyboard for what is below `data-forced`, so that such a state can be looked
/// at without either.
pub fn force_states() {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    for sheet in list(&document, "styleSheets") {
        for rule in list(&sheet, "cssRules") {
            let Some(css) = text(&rule, "cssText").filter(|_| text(&rule, "selectorText").is_some()) else {
                continue;
            };
            let (Some((selectors, body)), insert) = (css.split_once('{'), get(&sheet, "insertRule")) else {
                continue;
            };
            let length = get(&get(&sheet, "cssRules"), "length");
            if let (Some(forced), Ok(insert)) = (as_forced(selectors.trim()), insert.dyn_into::<Function>()) {
                // What the browser does not take in this form is left out.
                let _ = insert.call2(&sheet, &format!("{forced}{{{body}").into(), &length);
            }
        }
    }
}

fn as_forced(selectors: &str) -> Option<String> {
    let states = [(":hover", "hover"), (":focus-visible", "focus"), (":active", "active")];
    let (real, name) = states.into_iter().find(|(real, _)| selectors.contains(real))?;
    // What the rule says of anything, it says of what can take the focus.
    let rest = if selectors == real {
        ":any-link, button, input, select, pre".to_owned()
    } else {
        selectors.replace(real, "")
    };
    Some(format!("[data-forced={name}] :is({rest})"))
}

fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn text(of: &JsValue, name: &str) -> Option<String> {
    get(of, name).as_string()
}

fn list(of: &JsValue, name: &str) -> Vec<JsValue> {
    Array::from(&get(of, name)).to_vec()
}
