//! The security page: password change, data export and account deletion.

use super::delete_account::DeleteAccount;
use crate::api::account;
use crate::components::{
    BrowserRefusal, Card, Field, FieldKind, Form, PageHeader, Submit, Username, use_session, use_toasts,
};
use crate::platform::download;
use latchkey_shared::{ChangePassword as Validated, ChangePasswordRequest, ErrorCode};
use leptos::{ev::SubmitEvent, prelude::*};

/// The security page.
#[component]
pub fn Security() -> impl IntoView {
    view! {
        <PageHeader title=|t| t.security lead=|t| t.security_lead />
        <ChangePassword />
        <Export />
        <DeleteAccount />
    }
}

#[component]
fn ChangePassword() -> impl IntoView {
    let session = use_session();
    let form = Form::new("password").field_for_code(ErrorCode::CredentialsRejected, "current_password");
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let email = untrack(move || session.account()).map(|account| account.email).unwrap_or_default();
    let send = move |event: SubmitEvent| {
        form.submit(&event, move || {
            let request = ChangePasswordRequest {
                current_password: current.get_untracked().into(),
                new_password: new.get_untracked().into(),
                token_delivery: None,
            };
            (Validated::try_from(request.clone()).map(drop), async move {
                session.change_password(&request).await?;
                let _ = (current.try_set(String::new()), new.try_set(String::new()));
                Ok(())
            })
        });
    };
    view! {
        <Card title=|t| t.change_password lead=|t| t.change_password_lead>
            <form novalidate on:submit=send>
                <Username email=email />
                <Field form=form name="current_password" label=|t| t.current_password value=current kind=FieldKind::Password autocomplete="current-password" />
                <Field form=form name="new_password" label=|t| t.new_password value=new kind=FieldKind::Password autocomplete="new-password" hint=|t| t.password_hint />
                <Submit form=form label=|t| t.change_password done=|t| t.password_changed />
            </form>
        </Card>
    }
}

#[component]
fn Export() -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let form = Form::new("export");
    let refused = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        let work = async move {
            let text = account::export(session).await?;
            let saved = download::save_json("latchkey-export.json", &text);
            if saved {
                toasts.show(|t| t.export_saved);
            }
            let _ = refused.try_set(!saved);
            Ok(())
        };
        form.submit(&event, || (Ok(()), work));
    };
    view! {
        <Card title=|t| t.export_title lead=|t| t.export_lead>
            <form novalidate on:submit=send>
                <Submit form=form label=|t| t.export_title class="quiet" />
                <BrowserRefusal refused=refused why=|t| t.export_failed />
            </form>
        </Card>
    }
}
