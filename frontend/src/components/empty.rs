//! The empty state of a list.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// A text in place of the missing content.
#[component]
pub fn Empty(text: TextKey) -> impl IntoView {
    view! { <p class="empty" prop:textContent=tr(text)></p> }
}
