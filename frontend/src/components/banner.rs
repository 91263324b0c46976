//! A quiet bar across the page.

use crate::i18n::{Words, tr};
use leptos::prelude::*;

/// Says what is the matter with the whole page, with one thing to do about it.
#[component]
pub fn Banner(
    /// What the button says.
    label: Words,
    /// What the button does.
    press: impl Fn() + 'static,
    /// What is the matter.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="bar">
            <p>{children()}</p>
            <button type="button" class="quiet" on:click=move |_| press()>{tr(label)}</button>
        </div>
    }
}
