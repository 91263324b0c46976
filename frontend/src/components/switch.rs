//! A switch: a setting that is on or off.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// A switch at the end of the line with its label.
#[component]
pub fn Switch(
    /// The id that links the label to the switch.
    id: &'static str,
    /// The name in the form.
    name: &'static str,
    /// The label.
    label: TextKey,
    /// The hint below the label.
    hint: TextKey,
    /// The state: true if on.
    value: RwSignal<bool>,
) -> impl IntoView {
    let described = format!("{id}-hint");
    view! {
        <div class="check">
            <input type="checkbox" role="switch" id=id name=name aria-describedby=described.clone() prop:checked=move || value.get()
                on:change:target=move |event| value.set(event.target().checked()) />
            <label for=id prop:textContent=tr(label)></label>
            <p class="hint" id=described prop:textContent=tr(hint)></p>
        </div>
    }
}
