//! Exhibits of containers and of read-only components.

use super::exhibit::{Exhibit, State};
use super::samples::{KOREAN, LONG, refused, sessions};
use crate::api::Failure;
use crate::components::{
    Badge, BrowserRefusal, Card, Code, Empty, ProblemText, RemoteDataView, Skeleton, load,
};
use crate::pages::sessions::SessionLists;
use crate::pages::token_claims::{ClaimsTable, HeaderTable};
use latchkey_shared::{ErrorCode, Page, Session};
use leptos::prelude::*;

#[component]
pub fn Cards() -> impl IntoView {
    view! {
        <Exhibit name="Card">
            <State name="with a sentence"><Card title=|t| t.export_title lead=|t| t.export_lead><p>"Content"</p></Card></State>
            <State name="danger"><Card title=|t| t.delete_title lead=|t| t.delete_lead class="danger"><p>"Content"</p></Card></State>
            <State name="long text"><Card title=|_| LONG lead=|_| LONG><p>{KOREAN}</p></Card></State>
        </Exhibit>
    }
}

#[component]
pub fn Rows() -> impl IntoView {
    let lists = |many| {
        let list = load(move || async move { Ok::<Page<Session>, Failure>(sessions(many)) });
        view! { <SessionLists found=sessions(many) list=list /> }
    };
    let first = Page { next: Some(String::new()), items: sessions(60).items.into_iter().take(50).collect() };
    let list = load(std::future::pending);
    view! {
        <Exhibit name="List row">
            <State name="one" wide=true>{lists(1)}</State>
            <State name="many, long, ended for every reason" wide=true>{lists(6)}</State>
            <State name="a first page" wide=true><SessionLists found=first list=list /></State>
        </Exhibit>
    }
}

#[component]
pub fn Badges() -> impl IntoView {
    view! {
        <Exhibit name="Badge">
            <State name="as it is"><p><Badge text=|t| t.this_one /></p></State>
            <State name="Korean"><p><Badge text=|_| "현재 로그인" /></p></State>
            <State name="tag"><p><span class="tag">"gen 12"</span></p></State>
        </Exhibit>
    }
}

#[component]
pub fn Navigations() -> impl IntoView {
    view! {
        <Exhibit name="Navigation">
            <State name="at the side, or along the lower edge of a phone"><p>"Where it always stands."</p></State>
            <State name="hover" forced="hover"><NavigationSample current=false /></State>
            <State name="focus" forced="focus"><NavigationSample current=false /></State>
            <State name="the page that one is on"><NavigationSample current=true /></State>
        </Exhibit>
    }
}

/// One item of the navigation, outside of it.
#[component]
fn NavigationSample(current: bool) -> impl IntoView {
    view! {
        <div class="side" style:position="static" style:min-height="0" style:border="0" style:margin="0">
            <ul style:grid-template-columns="minmax(0, 1fr)"><li><a href="/account/security" aria-current=current.then_some("page")><i class="icon security"></i><span>"Security"</span></a></li></ul>
        </div>
    }
}

#[component]
pub fn Problems() -> impl IntoView {
    let codes = [ErrorCode::CredentialsRejected, ErrorCode::TooManyRequests, ErrorCode::Internal];
    let refusals = codes.map(|code| view! { <ProblemText failure=refused(code) /> }).collect_view();
    view! {
        <Exhibit name="Problem and notice">
            <State name="refused">{refusals}</State>
            <State name="no answer"><ProblemText failure=Failure::Unreachable /></State>
            <State name="refused by the browser"><BrowserRefusal refused=RwSignal::new(true) why=|t| t.copy_failed /></State>
            <State name="long text"><BrowserRefusal refused=RwSignal::new(true) why=|_| LONG /></State>
            <State name="notice"><p class="notice" lang="ko">{KOREAN}</p></State>
        </Exhibit>
    }
}

#[component]
pub fn Skeletons() -> impl IntoView {
    let coming = load(std::future::pending::<Result<Page<Session>, Failure>>);
    let failed = load(|| async { Err::<Page<Session>, _>(refused(ErrorCode::Internal)) });
    let view = Callback::new(|_: Page<Session>| ().into_any());
    view! {
        <Exhibit name="Skeleton">
            <State name="as it is"><Skeleton /></State>
            <State name="something on its way"><RemoteDataView data=coming view=view /></State>
            <State name="something that did not come"><RemoteDataView data=failed view=view /></State>
        </Exhibit>
    }
}

#[component]
pub fn EmptyStates() -> impl IntoView {
    view! {
        <Exhibit name="Empty state">
            <State name="as it is"><Empty text=|t| t.no_ended /></State>
            <State name="long text"><Empty text=|_| LONG /></State>
            <State name="Korean"><Empty text=|_| KOREAN /></State>
        </Exhibit>
    }
}

#[component]
pub fn CodeBlocks() -> impl IntoView {
    let token = format!("eyJhbGciOiJFZERTQSJ9.{}.x", "eyJzdWIiOiIwMTg5MGE1ZCJ9".repeat(12));
    view! {
        <Exhibit name="Code block">
            <State name="long"><Code text=Signal::stored(token) /></State>
            <State name="short"><Code text=Signal::stored("latchkey serve".to_owned()) /></State>
            <State name="focus" forced="focus"><Code text=Signal::stored("latchkey serve".to_owned()) /></State>
            <State name="empty"><Code text=Signal::stored(String::new()) /></State>
        </Exhibit>
    }
}

/// The tables of the signed-in account's token; their empty state if nobody is signed in.
#[component]
pub fn Tables() -> impl IntoView {
    view! {
        <Card title=|t| t.claims_title><ClaimsTable /></Card>
        <Card title=|t| t.header_title><HeaderTable /></Card>
    }
}
