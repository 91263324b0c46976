//! The sessions page: where the account is signed in.

use crate::api::{Failure, sessions};
use crate::components::{
    Badge, Cancel, Card, Dialog, DialogHandle, Empty, Form, PageHeader, RemoteData, RemoteDataView, Submit,
    load, use_session, use_toasts,
};
use crate::i18n::{tr, use_i18n};
use crate::platform::document::{self, Focus};
use crate::platform::{clock, locale};
use latchkey_shared::{EndReason, ErrorCode, Page, Session};
use leptos::{ev::SubmitEvent, prelude::*};
use uuid::Uuid;

/// The sessions page.
#[component]
pub fn Sessions() -> impl IntoView {
    let session = use_session();
    let list = load(move || sessions::page(session, None));
    view! {
        <PageHeader title=|t| t.sessions lead=|t| t.sessions_lead />
        <RemoteDataView data=list view=Callback::new(move |found: Page<Session>| view! { <SessionLists found=found list=list /> }.into_any()) />
    }
}

/// Maximum number of devices named in the confirmation that ends all other sessions.
const MAX_DEVICES_LISTED: usize = 10;

/// The loaded part of the list: its first page, and the following ones that were requested.
#[derive(Clone, Copy)]
struct SessionsState {
    /// The first page, which can be reloaded.
    list: RemoteData<Page<Session>>,
    /// Data from the pages that were rendered.
    loaded: StoredValue<LoadedSessions, LocalStorage>,
    /// Number of updates of `loaded`: a signal of a list would need far more code than one of a number.
    version: RwSignal<u64>,
}

/// Data from the loaded pages, apart from their rendered rows.
#[derive(Default)]
struct LoadedSessions {
    /// The devices of the active sessions, except the current one.
    others: Vec<String>,
    /// The first ended sessions and the cursor after them; `None` until all active sessions are loaded.
    ended: Option<Page<Session>>,
    /// A page that has arrived and is about to be rendered.
    next: Option<Page<Session>>,
}

impl SessionsState {
    fn of(list: RemoteData<Page<Session>>) -> Self {
        Self { list, loaded: StoredValue::new_local(LoadedSessions::default()), version: RwSignal::new(0) }
    }

    /// Reads the loaded data; tracked by views.
    fn read<T>(self, at: impl FnOnce(&LoadedSessions) -> T) -> T {
        self.version.track();
        self.loaded.with_value(at)
    }

    fn update(self, by: impl FnOnce(&mut LoadedSessions)) {
        self.loaded.update_value(by);
        self.version.update(|version| *version += 1);
    }
}

/// The active sessions, a button that ends all others, and the ended sessions.
#[component]
pub fn SessionLists(found: Page<Session>, list: RemoteData<Page<Session>>) -> impl IntoView {
    let state = SessionsState::of(list);
    // After a reload, rows take the places of others: a button that has the focus would end another session.
    if document::has("main :focus") {
        Focus::now().move_to("h1".to_owned());
    }
    let rows = active_rows(found, state);
    let is_alone = Memo::new(move |_| state.read(|loaded| loaded.others.is_empty()));
    view! {
        <ul class="rows card">{rows}</ul>
        <section class="card">
            {move || match is_alone.get() {
                true => view! { <Empty text=|t| t.no_others /> }.into_any(),
                false => view! { <RevokeOthers state=state /> }.into_any(),
            }}
        </section>
        {move || state.read(|loaded| loaded.ended.clone()).map(|ended| view! {
            <Card title=|t| t.ended_title>
                {match ended.items.is_empty() {
                    true => view! { <Empty text=|t| t.no_ended /> }.into_any(),
                    false => view! { <ul class="rows">{ended_rows(ended, state)}</ul> }.into_any(),
                }}
            </Card>
        })}
    }
}

/// Renders the active sessions of a page, and a button that loads the next page if this one ends among them.
fn active_rows(page: Page<Session>, state: SessionsState) -> AnyView {
    let (live, ended): (Vec<_>, Vec<_>) =
        page.items.into_iter().partition(|session| session.ended_at.is_none());
    let others = live.iter().filter(|session| !session.current).map(|session| session.device.clone());
    state.update(|loaded| loaded.others.extend(others));
    let mut rows: Vec<AnyView> = live
        .into_iter()
        .map(|found| view! { <ActiveSessionRow found=found list=state.list /> }.into_any())
        .collect();
    match page.next {
        Some(cursor) if ended.is_empty() => rows.push(load_more(cursor, state, active_rows)),
        next => state.update(|loaded| loaded.ended = Some(Page { items: ended, next })),
    }
    rows.into_any()
}

/// Renders the ended sessions of a page, and a button that loads the next page.
fn ended_rows(page: Page<Session>, state: SessionsState) -> AnyView {
    let mut rows: Vec<AnyView> =
        page.items.into_iter().map(|found| view! { <EndedSessionRow found=found /> }.into_any()).collect();
    rows.extend(page.next.map(|cursor| load_more(cursor, state, ended_rows)));
    rows.into_any()
}

/// A button that loads the page at the cursor, replaced by the rows of that page.
fn load_more(
    cursor: String,
    state: SessionsState,
    rows: fn(Page<Session>, SessionsState) -> AnyView,
) -> AnyView {
    let session = use_session();
    let form = Form::new("more");
    let has_come = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        let (cursor, focus) = (cursor.clone(), Focus::now());
        let work = async move {
            match sessions::page(session, Some(&cursor)).await {
                Ok(page) => {
                    // The button is removed, so the focus moves to the first row in its place.
                    let first = page.items.first().map(|found| format!("[data-session='{}']", found.id));
                    focus.move_to(first.unwrap_or_else(|| "h1".to_owned()));
                    state.loaded.try_update_value(|loaded| loaded.next = Some(page));
                    let _ = has_come.try_set(true);
                }
                // The person has signed in again: the new session has its own cursors.
                Err(failure) if is_stale_cursor(&failure) => state.list.reload(),
                Err(failure) => return Err(failure),
            }
            Ok(())
        };
        form.submit(&event, || (Ok(()), work));
    };
    let button = move || {
        let send = send.clone();
        view! {
            <li>
                <form novalidate on:submit=send>
                    <Submit form=form label=|t| t.show_more class="quiet" />
                </form>
            </li>
        }
        .into_any()
    };
    (move || {
        let next =
            has_come.get().then(|| state.loaded.try_update_value(|loaded| loaded.next.take())).flatten();
        match next.flatten() {
            Some(page) => rows(page, state),
            None => button(),
        }
    })
    .into_any()
}

fn is_stale_cursor(failure: &Failure) -> bool {
    failure.code() == Some(ErrorCode::ValidationFailed)
}

/// Ends all sessions but the current one, after one confirmation that lists their devices.
#[component]
fn RevokeOthers(state: SessionsState) -> impl IntoView {
    let dialog = DialogHandle::default();
    view! {
        <p class="lead" prop:textContent=tr(|t| t.sign_out_others_lead)></p>
        <button type="button" class="danger" aria-haspopup="dialog" on:click=move |_| dialog.open() prop:textContent=tr(|t| t.sign_out_others)></button>
        <Dialog handle=dialog id="others-title" title=|t| t.sign_out_others_ask>
            <ul class="losses">{move || devices(state)}</ul>
            <RevokeForm list=state.list dialog=dialog />
            <Cancel handle=dialog />
        </Dialog>
    }
}

/// Renders the names of some devices and the number of the others, as far as it is known.
fn devices(state: SessionsState) -> AnyView {
    let i18n = use_i18n();
    let (others, is_all) = state.read(|loaded| (loaded.others.clone(), loaded.ended.is_some()));
    let unnamed = others.len().saturating_sub(MAX_DEVICES_LISTED);
    let rest = (unnamed > 0 || !is_all).then(|| {
        let words = move || {
            let texts = i18n.texts();
            if is_all { (texts.more_devices)(unnamed) } else { (texts.at_least_more_devices)(unnamed + 1) }
        };
        view! { <li prop:textContent=words></li> }
    });
    let named = others.into_iter().take(MAX_DEVICES_LISTED);
    let named = named
        .map(|device| view! { <li prop:textContent=move || (i18n.texts().device_name)(&device)></li> })
        .collect_view();
    (named, rest).into_any()
}

#[component]
fn ActiveSessionRow(found: Session, list: RemoteData<Page<Session>>) -> impl IntoView {
    let i18n = use_i18n();
    let (id, current, expires) = (found.id, found.current, found.expires_at);
    let (device, ip) = (found.device.clone(), found.ip.clone());
    // Several buttons are labelled "End": the accessible name says which session each one ends.
    let name = Signal::derive(move || {
        let texts = i18n.texts();
        format!("{}: {}, {ip}", texts.end, (texts.device_name)(&device))
    });
    let ends = move || (i18n.texts().ends)(&locale::relative(i18n.locale(), expires, clock::now()));
    view! {
        <li tabindex="-1" data-session=id.to_string()>
            <Device found=found />
            <p class="facts" prop:textContent=move || ends()></p>
            {match current {
                true => view! { <Badge text=|t| t.this_one /> }.into_any(),
                false => view! { <RevokeForm list=list one=(id, name) /> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn EndedSessionRow(found: Session) -> impl IntoView {
    let i18n = use_i18n();
    let (reason, at) = (found.end_reason.unwrap_or(EndReason::Unknown), found.ended_at);
    let facts = move || {
        let when = at.map(|at| unbroken(&locale::date_time(i18n.locale(), at))).unwrap_or_default();
        format!("{}\u{a0}· {when}", (i18n.texts().ended_label)(reason))
    };
    let id = found.id;
    let replayed = reason == EndReason::ReplayDetected;
    view! {
        <li tabindex="-1" data-session=id.to_string() class:alarm=replayed>
            <Device found=found />
            <p class="facts" prop:textContent=move || facts()></p>
            {replayed.then(|| view! { <p class="problem" prop:textContent=tr(|t| t.replay_advice)></p> })}
        </li>
    }
}

/// Replaces spaces with no-break spaces: a line that is too long breaks between two facts, not within one.
fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// A session's device, IP address, and first and last use.
#[component]
fn Device(found: Session) -> impl IntoView {
    let i18n = use_i18n();
    let (first, last) = (found.created_at, found.last_seen_at);
    let used = move || {
        let (texts, locale) = (i18n.texts(), i18n.locale());
        let since = locale::date_time(locale, first);
        let seen = format!("{} {}", texts.last_used, locale::relative(locale, last, clock::now()));
        format!("{} {}\u{a0}· {}", texts.signed_in_at, unbroken(&since), unbroken(&seen))
    };
    let device = found.device;
    view! {
        <strong title=found.user_agent prop:textContent=move || (i18n.texts().device_name)(&device)></strong>
        <p class="facts" translate="no">{found.ip}</p>
        <p class="facts" prop:textContent=move || used()></p>
    }
}

/// A button that ends one session, or all others, and reloads the list.
#[component]
fn RevokeForm(
    list: RemoteData<Page<Session>>,
    /// The session's id and the button's accessible name; if absent, all sessions but the current one end.
    #[prop(optional)]
    one: Option<(Uuid, Signal<String>)>,
    /// The dialog that contains the button, if any.
    #[prop(optional)]
    dialog: Option<DialogHandle>,
) -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let form = Form::new("end").for_item(one.map(|(id, _)| id));
    let send = move |event: SubmitEvent| {
        let work = async move {
            let ended = match one {
                Some((id, _)) => sessions::revoke(session, id).await,
                None => sessions::revoke_others(session).await,
            };
            // A failure is shown next to the button, which a reload would remove.
            if ended.is_ok() {
                list.reload();
                if let Some(dialog) = dialog {
                    dialog.close();
                }
                toasts.show(if one.is_some() { |t| t.signed_out_there } else { |t| t.signed_out_others });
            }
            ended
        };
        form.submit(&event, || (Ok(()), work));
    };
    view! {
        <form on:submit=send>
            {match one {
                None => view! { <Submit form=form label=|t| t.sign_out_others class="danger" /> },
                Some((_, name)) => view! { <Submit form=form label=|t| t.end class="quiet" name=name /> },
            }}
        </form>
    }
}
