//! The choice of language and of theme.

use crate::api::account;
use crate::app::Theme;
use crate::components::{Select, languages, use_session};
use crate::i18n::{Words, tr, use_i18n};
use latchkey_shared::{Locale, ProfileChangeRequest};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Changes the page's language, and the account's where somebody is signed in.
#[component]
pub fn LanguageSwitch(id: &'static str) -> impl IntoView {
    let (i18n, session) = (use_i18n(), use_session());
    let choose = Callback::new(move |tag: String| {
        let Ok(locale) = tag.parse::<Locale>() else { return };
        i18n.speak(locale);
        if session.is_signed_in() {
            let change = ProfileChangeRequest { locale: Some(tag), ..ProfileChangeRequest::default() };
            spawn_local(async move {
                // Where this fails, the choice holds in this browser.
                if let Ok(account) = account::change_profile(session, &change).await {
                    session.account_changed(account);
                }
            });
        }
    });
    let value = Signal::derive(move || i18n.locale().tag().to_owned());
    view! { <Select id=id label=|t| t.language value=value choose=choose options=languages() /> }
}

/// Changes between light, dark, and as the system has it.
#[component]
pub fn ThemeSwitch(id: &'static str) -> impl IntoView {
    let Some(theme) = use_context::<Theme>() else { return ().into_any() };
    let choices: [(&str, &str, Words); 3] = [
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
