//! Account deletion: one confirmation, with a list of what will be lost and the password.

use crate::api::account;
use crate::components::{
    Cancel, Card, Dialog, DialogHandle, Field, FieldKind, Form, Submit, Username, use_session,
};
use crate::i18n::{TextKey, tr};
use latchkey_shared::{DeleteAccountRequest, ErrorCode};
use leptos::{ev::SubmitEvent, prelude::*};

/// The account deletion card of the security page.
#[component]
pub fn DeleteAccount() -> impl IntoView {
    let dialog = DialogHandle::default();
    view! {
        <Card title=|t| t.delete_title lead=|t| t.delete_lead class="danger">
            <button type="button" class="danger" aria-haspopup="dialog" on:click=move |_| dialog.open() prop:textContent=tr(|t| t.delete_title)></button>
        </Card>
        <Dialog handle=dialog id="delete-title" title=|t| t.delete_ask>
            <Losses />
            <Confirm dialog=dialog />
        </Dialog>
    }
}

#[component]
fn Losses() -> impl IntoView {
    let losses: [TextKey; 3] =
        [|t| t.delete_loss_account, |t| t.delete_loss_sessions, |t| t.delete_loss_final];
    view! { <ul class="losses">{losses.map(|loss| view! { <li prop:textContent=tr(loss)></li> }).collect_view()}</ul> }
}

#[component]
fn Confirm(dialog: DialogHandle) -> impl IntoView {
    let session = use_session();
    let form = Form::new("delete").field_for_code(ErrorCode::CredentialsRejected, "password");
    let password = RwSignal::new(String::new());
    let (id, email) =
        untrack(move || session.account()).map(|account| (account.id, account.email)).unwrap_or_default();
    let send = move |event: SubmitEvent| {
        form.submit(&event, move || {
            let request = DeleteAccountRequest { password: password.get_untracked().into() };
            (request.clone().validate().map(drop), async move {
                account::delete(session, &request).await?;
                session.deleted(id);
                Ok(())
            })
        });
    };
    view! {
        <form novalidate on:submit=send>
            <Username email=email />
            <Field form=form name="password" label=|t| t.password value=password kind=FieldKind::Password autocomplete="current-password" hint=|t| t.delete_password_hint />
            <Submit form=form label=|t| t.delete_title class="danger" />
            <Cancel handle=dialog />
        </form>
    }
}
