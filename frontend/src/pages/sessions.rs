//! Where the account is signed in.

use crate::api::sessions;
use crate::components::{
    Badge, Cancel, Card, Dialog, Empty, Form, Head, Loaded, LoadedView, Opener, Submit, load, use_session,
    use_toasts,
};
use crate::i18n::{tr, use_i18n};
use crate::platform::{clock, document, locale};
use latchkey_shared::{EndReason, Session, SessionList};
use leptos::{ev::SubmitEvent, prelude::*};
use uuid::Uuid;

/// The page.
#[component]
pub fn Sessions() -> impl IntoView {
    let session = use_session();
    let list = load(move || sessions::list(session));
    view! {
        <Head title=|t| t.sessions lead=|t| t.sessions_lead />
        <LoadedView loaded=list view=Callback::new(move |found: SessionList| view! { <Lists found=found list=list /> }.into_any()) />
    }
}

/// The sessions that live, a way to end all others, and those that have ended.
#[component]
pub fn Lists(found: SessionList, list: Loaded<SessionList>) -> impl IntoView {
    let (live, ended): (Vec<_>, Vec<_>) =
        found.sessions.into_iter().partition(|session| session.ended_at.is_none());
    let others: Vec<_> =
        live.iter().filter(|session| !session.current).map(|session| session.device.clone()).collect();
    let none_ended = ended.is_empty();
    let (rows, ended) = (some_rows(live, list), some_rows(ended, list));
    view! {
        <ul class="rows card">{rows}</ul>
        <section class="card">
            {match others.is_empty() {
                true => view! { <Empty text=|t| t.no_others /> }.into_any(),
                false => view! { <EndOthers others=others list=list /> }.into_any(),
            }}
        </section>
        <Card title=|t| t.ended_title>
            {match none_ended {
                true => view! { <Empty text=|t| t.no_ended /> }.into_any(),
                false => view! { <ul class="rows">{ended}</ul> }.into_any(),
            }}
        </Card>
    }
}

/// How many rows are drawn at once: programs that sign in again and again make thousands.
const AT_ONCE: usize = 50;

/// The first of these sessions, and a button that brings the next ones.
fn some_rows(mut sessions: Vec<Session>, list: Loaded<SessionList>) -> AnyView {
    let rest = sessions.split_off(sessions.len().min(AT_ONCE));
    let mut rows: Vec<AnyView> = sessions
        .into_iter()
        .map(|found| match found.ended_at {
            None => view! { <Live found=found list=list /> }.into_any(),
            Some(_) => view! { <Ended found=found /> }.into_any(),
        })
        .collect();
    if !rest.is_empty() {
        rows.push(more_rows(rest, list));
    }
    rows.into_any()
}

fn more_rows(rest: Vec<Session>, list: Loaded<SessionList>) -> AnyView {
    let wanted = RwSignal::new(false);
    let next = rest.first().map(|found| found.id).unwrap_or_default();
    view! {
        {move || match wanted.get() {
            true => some_rows(rest.clone(), list),
            false => view! {
                <li>
                    <button type="button" class="quiet" prop:textContent=tr(|t| t.show_more) on:click=move |_| {
                        wanted.set(true);
                        // The button goes, and the focus goes on where it was.
                        document::focus_soon(format!("[data-session='{next}']"));
                    }></button>
                </li>
            }
            .into_any(),
        }}
    }
    .into_any()
}

/// Ends all sessions but this one: asked once, with the devices that it is about.
#[component]
fn EndOthers(others: Vec<String>, list: Loaded<SessionList>) -> impl IntoView {
    let i18n = use_i18n();
    let dialog = Opener::default();
    let others = others
        .into_iter()
        .map(|device| view! { <li prop:textContent=move || (i18n.texts().device_name)(&device)></li> })
        .collect_view();
    view! {
        <p class="lead" prop:textContent=tr(|t| t.sign_out_others_lead)></p>
        <button type="button" class="danger" aria-haspopup="dialog" on:click=move |_| dialog.open() prop:textContent=tr(|t| t.sign_out_others)></button>
        <Dialog opener=dialog id="others-title" title=|t| t.sign_out_others_ask>
            <ul class="losses">{others}</ul>
            <EndForm list=list dialog=dialog />
            <Cancel opener=dialog />
        </Dialog>
    }
}

#[component]
fn Live(found: Session, list: Loaded<SessionList>) -> impl IntoView {
    let i18n = use_i18n();
    let (id, current, expires) = (found.id, found.current, found.expires_at);
    let (device, ip) = (found.device.clone(), found.ip.clone());
    // Several buttons say "End": each is called by what it ends.
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
                false => view! { <EndForm list=list one=(id, name) /> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn Ended(found: Session) -> impl IntoView {
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

/// Text that stays in one line: where both do not fit, the line breaks between two facts.
fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// The client in words, its address, and its first and last use.
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
        <p class="facts">{found.ip}</p>
        <p class="facts" prop:textContent=move || used()></p>
    }
}

/// A button that ends the session of this name, or all others, and shows the list anew.
#[component]
fn EndForm(
    list: Loaded<SessionList>,
    /// Which one, and what its button is called; all but this one otherwise.
    #[prop(optional)]
    one: Option<(Uuid, Signal<String>)>,
    /// The dialog that it stands in, if it does.
    #[prop(optional)]
    dialog: Option<Opener>,
) -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let form = Form::new("end").of(one.map(|(id, _)| id));
    let send = move |event: SubmitEvent| {
        let work = async move {
            let ended = match one {
                Some((id, _)) => sessions::end(session, id).await,
                None => sessions::end_others(session).await,
            };
            // What went wrong is told beside the button, which a new list would take away.
            if ended.is_ok() {
                list.again();
                // The button goes with its row or its dialog, and the focus must not go with it.
                if let Some(dialog) = dialog {
                    dialog.close();
                }
                document::focus("h1");
                toasts.say(if one.is_some() { |t| t.signed_out_there } else { |t| t.signed_out_others });
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
