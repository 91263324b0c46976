//! The sign-in page.

use super::auth_layout::{AuthLayout, redirect_when_signed_in, use_next};
use crate::components::{Field, FieldKind, Form, PageHeader, Submit, Switch, use_session};
use crate::effect::effect;
use crate::i18n::{Texts, tr, use_i18n};
use crate::platform::storage;
use crate::routes::{Route, with_next};
use crate::session::{SessionHandle, State};
use latchkey_shared::{LogIn as Validated, LogInRequest, TokenDelivery};
use leptos::{ev::SubmitEvent, prelude::*};

/// Local storage key of the last choice of "keep me signed in".
const REMEMBER: &str = "latchkey.remember";

/// Returns the last choice of "keep me signed in"; true by default.
pub fn remembered() -> bool {
    storage::read(REMEMBER).unwrap_or(true)
}

/// The sign-in page.
#[component]
pub fn LogIn() -> impl IntoView {
    redirect_when_signed_in();
    let next = use_next();
    view! {
        <AuthLayout>
            <PageHeader title=|t| t.sign_in lead=|t| t.sign_in_lead />
            <SignInNotice />
            <LogInForm />
            <p class="aside">
                <span prop:textContent=tr(|t| t.no_account)></span> " "
                <a href=move || with_next(Route::SignUp, &next.get()) prop:textContent=tr(|t| t.create_account)></a>
            </p>
        </AuthLayout>
    }
}

/// The reason for which the previous session ended, or for which it needs the password.
#[component]
fn SignInNotice() -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    view! {
        <div role="status">
            {move || notice_text(session, i18n.texts()).map(|notice_text| view! { <p class="notice" prop:textContent=notice_text></p> }.into_any())}
        </div>
    }
}

fn notice_text(session: SessionHandle, texts: &Texts) -> Option<&'static str> {
    session.with(|state| match state {
        State::KeyLost(_) => Some(texts.key_lost),
        other => other.end_reason().map(texts.end_reason),
    })
}

#[component]
fn LogInForm() -> impl IntoView {
    let session = use_session();
    let form = Form::new("login");
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let remember = RwSignal::new(remembered());
    let send = move |event: SubmitEvent| {
        form.submit(&event, move || {
            let request = LogInRequest {
                email: email.get_untracked(),
                password: password.get_untracked().into(),
                remember: remember.get_untracked(),
                token_delivery: TokenDelivery::Cookie,
            };
            let checked = Validated::try_from(request.clone()).map(drop);
            (checked, async move { session.sign_in(&request).await })
        });
    };
    view! {
        <form novalidate on:submit=send>
            <Field form=form name="email" label=|t| t.email value=email kind=FieldKind::Email autocomplete="username" />
            <Field form=form name="password" label=|t| t.password value=password kind=FieldKind::Password autocomplete="current-password" />
            <KeepSignedIn id="remember" value=remember />
            <Submit form=form label=|t| t.sign_in />
        </form>
    }
}

/// A switch that makes the session outlive the browser's window. The choice is stored at once, as in the outline.
#[component]
pub fn KeepSignedIn(id: &'static str, value: RwSignal<bool>) -> impl IntoView {
    effect(move || {
        let chosen = value.get();
        if chosen != remembered() {
            storage::write(REMEMBER, &chosen);
        }
    });
    view! { <Switch id=id name="remember" label=|t| t.keep_signed_in hint=|t| t.keep_signed_in_hint value=value /> }
}
