//! The account menu in the header.

use super::preferences::{LanguagePreference, ThemePreference};
use crate::components::use_session;
use crate::i18n::tr;
use crate::platform::locale;
use leptos::prelude::*;

/// The account, language and theme, and the sign-out button. It is a popover, which the browser opens and closes, or
/// `boot.js` in a browser without popovers.
#[component]
pub fn AccountMenu() -> impl IntoView {
    let session = use_session();
    let name = move || session.account().map(|account| account.display_name).unwrap_or_default();
    let email = move || session.account().map(|account| account.email).unwrap_or_default();
    // The style sheet converts it to upper case: doing it here would link the Unicode tables.
    let initial = move || locale::first_letter(&name());
    view! {
        <button type="button" class="avatar" popovertarget="account-menu" data-menu="account-menu" aria-haspopup="dialog" aria-label=tr(|t| t.account_menu) translate="no" prop:textContent=move || initial()></button>
        <div id="account-menu" class="menu" popover="auto" role="dialog" aria-label=tr(|t| t.account_menu)>
            <p class="who" translate="no"><strong><bdi prop:textContent=move || name()></bdi></strong><span><bdi prop:textContent=move || email()></bdi></span></p>
            <LanguagePreference id="menu-language" />
            <ThemePreference id="menu-theme" />
            <button type="button" class="quiet" on:click=move |_| session.sign_out() prop:textContent=tr(|t| t.sign_out)></button>
        </div>
    }
}
