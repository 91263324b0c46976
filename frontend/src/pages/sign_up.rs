//! The sign-up page.

use super::auth_layout::{AuthLayout, redirect_when_signed_in, use_next};
use crate::components::{Field, FieldKind, Form, PageHeader, Submit, use_session};
use crate::i18n::{tr, use_i18n};
use crate::routes::{Route, with_next};
use latchkey_shared::{ErrorCode, SignUp as Validated, SignUpRequest, TokenDelivery};
use leptos::{ev::SubmitEvent, prelude::*};

/// The sign-up page.
#[component]
pub fn SignUp() -> impl IntoView {
    redirect_when_signed_in();
    let next = use_next();
    view! {
        <AuthLayout>
            <PageHeader title=|t| t.sign_up_title lead=|t| t.sign_up_lead />
            <SignUpForm />
            <p class="aside">
                <span prop:textContent=tr(|t| t.have_account)></span> " "
                <a href=move || with_next(Route::LogIn, &next.get()) prop:textContent=tr(|t| t.sign_in)></a>
            </p>
        </AuthLayout>
    }
}

#[component]
fn SignUpForm() -> impl IntoView {
    let (session, i18n, next) = (use_session(), use_i18n(), use_next());
    let form = Form::new("signup").field_for_code(ErrorCode::EmailTaken, "email");
    let (email, password, name) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let send = move |event: SubmitEvent| {
        form.submit(&event, move || {
            let request = SignUpRequest {
                email: email.get_untracked(),
                password: password.get_untracked().into(),
                display_name: name.get_untracked(),
                locale: Some(untrack(|| i18n.locale()).tag().to_owned()),
                token_delivery: TokenDelivery::Cookie,
            };
            let checked = Validated::try_from(request.clone()).map(drop);
            (checked, async move { session.sign_up(&request).await })
        });
    };
    let taken = move || form.code() == Some(ErrorCode::EmailTaken);
    view! {
        <form novalidate on:submit=send>
            <Field form=form name="email" label=|t| t.email value=email kind=FieldKind::Email autocomplete="username" />
            <Field form=form name="display_name" label=|t| t.display_name value=name kind=FieldKind::Text autocomplete="name" />
            <Field form=form name="password" label=|t| t.password value=password kind=FieldKind::Password autocomplete="new-password" hint=|t| t.password_hint />
            <Submit form=form label=|t| t.create_account />
            {move || taken().then(|| view! {
                <p class="aside"><a href=with_next(Route::LogIn, &next.get()) prop:textContent=tr(|t| t.email_taken_link)></a></p>
            }.into_any())}
        </form>
    }
}
