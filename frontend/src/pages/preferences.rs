//! The language and theme preferences.

use crate::api::account;
use crate::components::{Select, languages, use_session};
use crate::i18n::{I18n, TextKey, tr, use_i18n};
use crate::session::SessionHandle;
use crate::theme::Theme;
use latchkey_shared::{Locale, ProfileChangeRequest};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// A list that changes the page's language, and the account's if somebody is signed in.
#[component]
pub fn LanguagePreference(id: &'static str) -> impl IntoView {
    let (i18n, session) = (use_i18n(), use_session());
    let saving = RwSignal::new(false);
    let choose = Callback::new(move |tag: String| {
        let Ok(locale) = tag.parse::<Locale>() else { return };
        i18n.set_locale(locale);
        if session.is_signed_in() && !saving.get_untracked() {
            saving.set(true);
            spawn_local(async move {
                save_locale(session, i18n).await;
                let _ = saving.try_set(false);
            });
        }
    });
    let value = Signal::derive(move || i18n.locale().tag().to_owned());
    view! { <Select id=id label=|t| t.language value=value choose=choose options=languages() /> }
}

/// Saves the language to the account: one request at a time, because two in flight could arrive in the wrong order, and
/// then the language chosen meanwhile, unless somebody else has signed in. If saving fails, the choice lasts until the
/// page is reloaded.
async fn save_locale(session: SessionHandle, i18n: I18n) {
    let caller = session.caller();
    loop {
        let chosen = untrack(|| i18n.locale());
        let change = ProfileChangeRequest { locale: Some(chosen.tag().to_owned()), display_name: None };
        let saved = account::change_profile(caller, &change).await;
        if untrack(|| i18n.locale()) == chosen {
            if let Ok(account) = saved {
                session.account_changed(account);
            }
            return;
        }
    }
}

/// A choice between the light, the dark and the system's theme.
#[component]
pub fn ThemePreference(id: &'static str) -> impl IntoView {
    let Some(theme) = use_context::<Theme>() else { return ().into_any() };
    let choices: [(&str, &str, TextKey); 3] = [
        ("system", "icon system", |t| t.theme_system),
        ("light", "icon light", |t| t.theme_light),
        ("dark", "icon dark", |t| t.theme_dark),
    ];
    let chosen = untrack(move || theme.choice());
    let choices = choices
        .map(|(choice, icon, name)| {
            view! {
                <label>
                    <input type="radio" name=id value=choice checked=chosen == choice on:change=move |_| theme.choose(choice.to_owned()) />
                    <i class=icon></i>
                    <span class="visually-hidden" prop:textContent=tr(name)></span>
                </label>
            }
        })
        .collect_view();
    view! { <fieldset class="segments"><legend prop:textContent=tr(|t| t.theme)></legend>{choices}</fieldset> }.into_any()
}
