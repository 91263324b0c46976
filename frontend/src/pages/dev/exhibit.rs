//! An exhibit: one component and its states, each with a caption.

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// A component and its states.
#[component]
pub fn Exhibit(
    /// The component's name.
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

/// The component in one state.
#[component]
pub fn State(
    /// The state's caption.
    name: &'static str,
    /// The pseudo-class to force: `hover`, `focus` or `active`.
    #[prop(optional)]
    forced: &'static str,
    /// True if the component needs the full width.
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

/// Repeats every rule for `:hover`, `:focus-visible` and `:active` for the elements below `data-forced`, so that these
/// states can be viewed without a pointer or a keyboard.
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
                // Rules that the browser rejects in this form are left out.
                let _ = insert.call2(&sheet, &format!("{forced}{{{body}").into(), &length);
            }
        }
    }
}

fn as_forced(selectors: &str) -> Option<String> {
    let states = [(":hover", "hover"), (":focus-visible", "focus"), (":active", "active")];
    let (real, name) = states.into_iter().find(|(real, _)| selectors.contains(real))?;
    // A rule for any element is applied to elements that can take the focus.
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
