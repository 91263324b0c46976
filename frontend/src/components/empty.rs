//! What is said where a list has nothing to show.

use crate::i18n::{TextKey, tr};
use leptos::prelude::*;

/// Says what would be here.
#[component]
pub fn Empty(text: TextKey) -> impl IntoView {
    view! { <p class="empty" prop:textContent=tr(text)></p> }
}
