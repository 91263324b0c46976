//! A badge: a short label that marks one item of a list.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// A badge with the given text.
#[component]
pub fn Badge(text: TextKey) -> impl IntoView {
    view! { <span class="badge" prop:textContent=tr(text)></span> }
}
