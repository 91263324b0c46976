//! A banner: a bar across the full width of the page.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// Reports a problem that affects the whole page, and offers one action.
#[component]
pub fn Banner(
    /// The message.
    text: Signal<String>,
    /// The button's label.
    label: TextKey,
    /// The button's action.
    press: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <div class="bar">
            <p prop:textContent=move || text.get()></p>
            <button type="button" class="quiet" on:click=move |_| press() prop:textContent=tr(label)></button>
        </div>
    }
}
