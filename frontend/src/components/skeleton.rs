//! The outline of what is about to come.

use crate::i18n::tr;
use leptos::prelude::*;

/// The outline of a page, or of a card's content.
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
