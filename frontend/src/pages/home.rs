//! The home page: the account, the current session and suggestions.

use crate::api::sessions;
use crate::components::{Card, PageHeader, RemoteDataView, load, use_session};
use crate::i18n::{TextKey, tr, use_i18n};
use crate::platform::{clock, locale};
use crate::routes::Route;
use latchkey_shared::{Page as ListPage, Session};
use leptos::prelude::*;

/// The home page.
#[component]
pub fn Home() -> impl IntoView {
    let session = use_session();
    let name = move || session.account().map(|account| account.display_name).unwrap_or_default();
    let heading = view! {
        <span prop:textContent=tr(|t| t.hello_before)></span>
        <bdi translate="no" prop:textContent=move || name()></bdi>
        <span prop:textContent=tr(|t| t.hello_after)></span>
    };
    view! {
        <PageHeader title=|t| t.home heading=heading.into_any() lead=|t| t.home_lead />
        <div class="cards">
            <YourAccount />
            <ThisSession />
        </div>
        <Suggestions />
    }
}

#[component]
fn YourAccount() -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let of = move |pick: fn(&latchkey_shared::Account) -> String| {
        Signal::derive(move || session.with(|state| state.account().map(pick)).unwrap_or_default())
    };
    let since = Signal::derive(move || {
        session.account().map(|account| locale::date(i18n.locale(), account.created_at)).unwrap_or_default()
    });
    let roles = Signal::derive(move || {
        let words = |role: &String| (i18n.texts().role)(role);
        let roles = session.account().map(|account| account.roles).unwrap_or_default();
        roles.iter().map(words).collect::<Vec<_>>().join(", ")
    });
    view! {
        <Card title=|t| t.your_account>
            <dl>
                <Detail name=|t| t.display_name value=of(|account| account.display_name.clone()) untranslated=true />
                <Detail name=|t| t.email value=of(|account| account.email.clone()) untranslated=true />
                <Detail name=|t| t.member_since value=since />
                <Detail name=|t| t.roles value=roles />
            </dl>
        </Card>
    }
}

#[component]
fn ThisSession() -> impl IntoView {
    let session = use_session();
    let list = load(move || sessions::current(session));
    view! {
        <Card title=|t| t.this_session>
            <RemoteDataView data=list view=Callback::new(|list: ListPage<Session>| view! { <SessionDetails list=list /> }.into_any()) />
        </Card>
    }
}

#[component]
fn SessionDetails(list: ListPage<Session>) -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let own = list.items.into_iter().find(|session| session.current);
    let ends = Signal::derive(move || {
        let texts = i18n.texts();
        session
            .with(|state| state.token_set().map(|token_set| token_set.session_expires_at))
            .map(|at| (texts.ends_if_unused)(&locale::relative(i18n.locale(), at, clock::now())))
            .unwrap_or_default()
    });
    own.map(|own| {
        let (signed_in, device) = (own.created_at, own.device);
        view! {
            <dl>
                <Detail name=|t| t.device value=Signal::derive(move || (i18n.texts().device_name)(&device)) />
                <Detail name=|t| t.address value=Signal::stored(own.ip) untranslated=true />
                <Detail name=|t| t.signed_in_at value=Signal::derive(move || locale::date_time(i18n.locale(), signed_in)) />
                <Detail name=|t| t.session_ends value=ends />
            </dl>
        }
    })
}

/// A name and its value; renders nothing for an empty value.
#[component]
fn Detail(
    name: TextKey,
    #[prop(into)] value: Signal<String>,
    /// True if the value is the same in all languages.
    #[prop(optional)]
    untranslated: bool,
) -> impl IntoView {
    let translate = untranslated.then_some("no");
    let text = tr(name);
    view! {
        {move || (!value.with(String::is_empty)).then(|| {
            view! { <div><dt prop:textContent=text></dt><dd><bdi translate=translate prop:textContent=move || value.get()></bdi></dd></div> }.into_any()
        })}
    }
}

#[component]
fn Suggestions() -> impl IntoView {
    let links: [(Route, TextKey); 3] = [
        (Route::Sessions, |t| t.suggestion_sessions),
        (Route::Security, |t| t.suggestion_password),
        (Route::Security, |t| t.suggestion_export),
    ];
    let links = links
        .map(|(page, text)| view! { <li><a href=page.href() prop:textContent=tr(text)></a></li> })
        .collect_view();
    view! { <Card title=|t| t.suggestions><ul class="links">{links}</ul></Card> }
}
