//! The dialog over a page whose session has ended, or whose browser has lost the session's key.

use crate::components::{Field, FieldKind, Form, Submit, Username, use_session};
use crate::effect::effect;
use crate::i18n::{TextKey, tr, use_i18n};
use crate::pages::log_in::{KeepSignedIn, remembered};
use crate::session::State;
use latchkey_shared::{Account, EndReason, ErrorCode, LogIn, LogInRequest, TokenDelivery};
use leptos::{html, prelude::*};

/// Asks for the password while the page below is kept, with everything that was typed in it.
#[component]
pub fn SessionEnded() -> impl IntoView {
    let session = use_session();
    let prompt = Memo::new(move |_| {
        session.with(|state| match state {
            State::Ended { account, reason } => Some((account.clone(), Some(*reason))),
            State::KeyLost(Some(last)) => Some((last.account.clone(), None)),
            _ => None,
        })
    });
    move || prompt.get().map(|(account, reason)| view! { <SignInAgain account=account reason=reason /> })
}

#[component]
fn SignInAgain(
    account: Account,
    /// The reason for which the session ended; `None` if it is active and only its key is lost.
    reason: Option<EndReason>,
) -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let (title, label): (TextKey, TextKey) = match reason {
        Some(_) => (|t| t.sign_in_again, |t| t.sign_in),
        None => (|t| t.confirm_title, |t| t.confirm),
    };
    let dialog = NodeRef::<html::Dialog>::new();
    // Closing a dialog restores the focus; removing an open one loses it.
    on_cleanup(move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    });
    let show = move || {
        // `show_modal` fails only if the dialog is already open.
        let _ = dialog.get().map(|dialog| dialog.show_modal());
    };
    effect(show);
    view! {
        // The dialog must not be dismissed. Browsers let a second Escape close it, so it is opened again.
        <dialog node_ref=dialog class="dialog" aria-labelledby="again-title" aria-describedby="again-why" on:cancel=|event: leptos::ev::Event| event.prevent_default() on:close=move |_| untrack(show)>
            <h2 id="again-title" prop:textContent=tr(title)></h2>
            <p id="again-why" prop:textContent=move || reason.map_or(i18n.texts().key_lost, i18n.texts().end_reason)></p>
            <p class="lead" prop:textContent=tr(|t| t.sign_in_again_lead)></p>
            <PasswordAgain email=account.email label=label />
            <button type="button" class="link" on:click=move |_| session.abandon() prop:textContent=tr(|t| t.sign_in_as_other)></button>
        </dialog>
    }
}

#[component]
fn PasswordAgain(email: String, label: TextKey) -> impl IntoView {
    let session = use_session();
    let form = Form::new("again").field_for_code(ErrorCode::CredentialsRejected, "password");
    let (password, remember) = (RwSignal::new(String::new()), RwSignal::new(remembered()));
    let address = email.clone();
    let send = move |event: leptos::ev::SubmitEvent| {
        form.submit(&event, || {
            let request = LogInRequest {
                email: address.clone(),
                password: password.get_untracked().into(),
                remember: remember.get_untracked(),
                token_delivery: TokenDelivery::Cookie,
            };
            let checked = LogIn::try_from(request.clone()).map(drop);
            (checked, async move { session.sign_in(&request).await })
        });
    };
    view! {
        <form novalidate on:submit=send>
            <Username email=email.clone() />
            <p class="fixed"><span prop:textContent=tr(|t| t.email)></span><strong><bdi translate="no">{email}</bdi></strong></p>
            <Field form=form name="password" label=|t| t.password value=password kind=FieldKind::Password autocomplete="current-password" />
            <KeepSignedIn id="again-remember" value=remember />
            <Submit form=form label=label />
        </form>
    }
}
