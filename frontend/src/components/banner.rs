//! A quiet bar across the page.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// Says what is the matter with the whole page, with one thing to do about it.
#[component]
pub fn Banner(
    /// What is the matter.
    text: Signal<String>,
    /// What the button says.
    label: TextKey,
    /// What the button does.
    press: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <div class="bar">
            <p prop:textContent=move || text.get()></p>
            <button type="button" class="quiet" on:click=move |_| press() prop:textContent=tr(label)></button>
        </div>
    }
}
