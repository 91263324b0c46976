//! A loading skeleton.

use crate::i18n::tr;
use leptos::prelude::*;

/// A placeholder for a page, or for a card's content, while it loads.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden" prop:textContent=tr(|t| t.loading)></span>
            <i class="wide"></i>
            <i></i>
            <i class="block"></i>
        </div>
    }
}
