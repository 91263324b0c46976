//! A word that marks one of many.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// The mark.
#[component]
pub fn Badge(text: TextKey) -> impl IntoView {
    view! { <span class="badge" prop:textContent=tr(text)></span> }
}
