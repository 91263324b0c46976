//! Who is signed in, this session, and what to look after.

use crate::api::sessions;
use crate::components::{Card, Head, LoadedView, load, use_session};
use crate::i18n::{Words, tr, use_i18n};
use crate::platform::{clock, locale};
use crate::routes::Page;
use latchkey_shared::{Page as Part, Session};
use leptos::prelude::*;

/// The page.
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
        <Head title=|t| t.home heading=heading.into_any() lead=|t| t.home_lead />
        <div class="cards">
            <YourAccount />
            <ThisSession />
        </div>
        <LookAfter />
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
                <Fact name=|t| t.display_name value=of(|account| account.display_name.clone()) untranslated=true />
                <Fact name=|t| t.email value=of(|account| account.email.clone()) untranslated=true />
                <Fact name=|t| t.member_since value=since />
                <Fact name=|t| t.roles value=roles />
            </dl>
        </Card>
    }
}

#[component]
fn ThisSession() -> impl IntoView {
    let session = use_session();
    let list = load(move || sessions::own(session));
    view! {
        <Card title=|t| t.this_session>
            <LoadedView loaded=list view=Callback::new(|list: Part<Session>| view! { <Facts list=list /> }.into_any()) />
        </Card>
    }
}

#[component]
fn Facts(list: Part<Session>) -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let own = list.items.into_iter().find(|session| session.current);
    let ends = Signal::derive(move || {
        let texts = i18n.texts();
        session
            .with(|state| state.grant().map(|grant| grant.session_expires_at))
            .map(|at| (texts.ends_if_unused)(&locale::relative(i18n.locale(), at, clock::now())))
            .unwrap_or_default()
    });
    own.map(|own| {
        let (signed_in, device) = (own.created_at, own.device);
        view! {
            <dl>
                <Fact name=|t| t.device value=Signal::derive(move || (i18n.texts().device_name)(&device)) />
                <Fact name=|t| t.address value=Signal::stored(own.ip) untranslated=true />
                <Fact name=|t| t.signed_in_at value=Signal::derive(move || locale::date_time(i18n.locale(), signed_in)) />
                <Fact name=|t| t.session_ends value=ends />
            </dl>
        }
    })
}

/// A name and what belongs to it; nothing where there is nothing.
#[component]
fn Fact(
    name: Words,
    #[prop(into)] value: Signal<String>,
    /// Whether it is the same in all languages.
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
fn LookAfter() -> impl IntoView {
    let links: [(Page, Words); 3] = [
        (Page::Sessions, |t| t.look_after_sessions),
        (Page::Security, |t| t.look_after_password),
        (Page::Security, |t| t.look_after_export),
    ];
    let links = links
        .map(|(page, text)| view! { <li><a href=page.href() prop:textContent=tr(text)></a></li> })
        .collect_view();
    view! { <Card title=|t| t.look_after><ul class="links">{links}</ul></Card> }
}
