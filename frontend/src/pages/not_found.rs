//! The page for unknown addresses.

use super::auth_layout::AuthLayout;
use crate::components::PageHeader;
use crate::i18n::tr;
use crate::routes::Route;
use leptos::prelude::*;

/// The not-found page.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <AuthLayout>
            <PageHeader title=|t| t.not_found lead=|t| t.not_found_lead />
            <p><a class="button primary" href=Route::Home.href() prop:textContent=tr(|t| t.to_home)></a></p>
        </AuthLayout>
    }
}
