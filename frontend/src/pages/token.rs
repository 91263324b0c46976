//! The token page: the access token, explained.

use super::token_claims::{ClaimsTable, HeaderTable};
use crate::components::{BrowserRefusal, Card, Code, PageHeader, use_session, use_toasts};
use crate::i18n::{tr, use_i18n};
use crate::platform::{clipboard, clock, locale};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// The token page.
#[component]
pub fn Token() -> impl IntoView {
    view! {
        <PageHeader title=|t| t.token lead=|t| t.token_lead />
        <Countdown />
        <Card title=|t| t.claims_title><ClaimsTable /></Card>
        <Card title=|t| t.header_title><HeaderTable /></Card>
        <RawToken />
        <TokenLog />
    }
}

/// A countdown of the token's remaining lifetime.
#[component]
fn Countdown() -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let ends = move || {
        session.with(|state| {
            state.token_set().map(|token_set| (token_set.access_expires_at, token_set.lifetime()))
        })
    };
    let now = RwSignal::new(clock::now());
    if let Ok(ticking) = set_interval_with_handle(move || now.set(clock::now()), Duration::from_secs(1)) {
        on_cleanup(move || ticking.clear());
    }
    // Rounded up: a token that expires within this second is still valid.
    let left = move || {
        ends().map(|(at, _)| now.get().until(at).as_millis().div_ceil(1_000)).unwrap_or_default() as u64
    };
    let text = move || match left() {
        0 => i18n.texts().token_lapsed.to_owned(),
        seconds => (i18n.texts().duration)(seconds),
    };
    let whole = move || ends().map_or(1, |(_, lifetime)| lifetime.as_secs().max(1)).to_string();
    view! {
        <section class="card countdown">
            <p class="label" prop:textContent=tr(|t| t.ends_in)></p>
            <p class="clock" data-testid="countdown" role="timer" prop:textContent=move || text()></p>
            <progress max=whole prop:value=move || left().to_string() aria-label=tr(|t| t.ends_in)></progress>
            <p class="hint" prop:textContent=tr(|t| t.refreshes_itself)></p>
        </section>
    }
}

/// The raw token, with a copy button.
#[component]
fn RawToken() -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let refused = RwSignal::new(false);
    let token = move || session.token_set().map(|token_set| token_set.access_token);
    let text = Signal::derive(move || token().map(|token| token.expose().to_owned()).unwrap_or_default());
    let copy = move |_| {
        let Some(token) = untrack(token) else { return };
        spawn_local(async move {
            let copied = clipboard::copy(token.expose()).await;
            if copied {
                toasts.show(|t| t.copied);
            }
            let _ = refused.try_set(!copied);
        });
    };
    view! {
        <Card title=|t| t.raw_title lead=|t| t.raw_hint>
            <Code text=text />
            <button type="button" class="quiet" on:click=copy prop:textContent=tr(|t| t.copy)></button>
            <BrowserRefusal refused=refused why=|t| t.copy_failed />
        </Card>
    }
}

/// The log of the page's recent token activity.
#[component]
fn TokenLog() -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let lines = move || {
        let (texts, language) = (i18n.texts(), i18n.locale());
        session
            .log()
            .into_iter()
            .map(|entry| {
                let at = locale::time(language, entry.at);
                let generation = format!("gen {}", entry.generation);
                view! { <li><time prop:textContent=at></time> " " <span prop:textContent=(texts.activity)(entry.activity)></span> " " <span class="tag" prop:textContent=generation></span></li> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <Card title=|t| t.log_title lead=|t| t.log_lead>
            <ol class="log" data-testid="token-log" reversed>{move || lines()}</ol>
        </Card>
    }
}
