//! No page has this address.

use super::outside::Outside;
use crate::components::Head;
use crate::i18n::tr;
use crate::routes::Page;
use leptos::prelude::*;

/// The page.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Outside>
            <Head title=|t| t.not_found lead=|t| t.not_found_lead />
            <p><a class="button primary" href=Page::Home.href() prop:textContent=tr(|t| t.to_home)></a></p>
        </Outside>
    }
}
