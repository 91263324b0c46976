//! Exhibits of buttons, fields, selects and switches.

use super::exhibit::{Exhibit, State};
use super::samples::{KOREAN, LONG, refused};
use crate::components::{Field, FieldKind, Form, Select, Submit, Switch, languages};
use crate::pages::preferences::ThemePreference;
use latchkey_shared::{ErrorCode, FieldError, FieldErrorCode};
use leptos::prelude::*;

#[component]
pub fn Buttons() -> impl IntoView {
    let looks = ["primary", "quiet", "danger"];
    let row = move |name, forced| {
        let buttons =
            looks.map(|look| view! { <button type="button" class=look>"Save"</button> }).collect_view();
        view! { <State name=name forced=forced><div class="actions">{buttons}</div></State> }
    };
    let long = looks.map(|look| view! { <button type="button" class=look>{LONG}</button> }).collect_view();
    view! {
        <Exhibit name="Button">
            {row("as it is", "")}
            {row("hover", "hover")}
            {row("focus", "focus")}
            {row("pressed", "active")}
            <State name="on its way"><Submit form=Form::new("dev-busy").with_state(Vec::new(), None, true, 0, false) label=|t| t.save /></State>
            <State name="waiting"><Submit form=Form::new("dev-wait").with_state(Vec::new(), Some(refused(ErrorCode::TooManyRequests)), false, 37, false) label=|t| t.save class="quiet" /></State>
            <State name="failed"><Submit form=Form::new("dev-failed").with_state(Vec::new(), Some(refused(ErrorCode::Internal)), false, 0, false) label=|t| t.delete_title class="danger" /></State>
            <State name="done"><Submit form=Form::new("dev-done").with_state(Vec::new(), None, false, 0, true) label=|t| t.save done=|t| t.saved /></State>
            <State name="long text"><div class="actions">{long}</div></State>
            <State name="Korean"><div class="actions"><button type="button" class="primary" lang="ko">{KOREAN}</button></div></State>
            <State name="a link that looks like one"><p><a class="button primary" href="/dev/components">"Home"</a></p></State>
            <State name="one that looks like a link"><button type="button" class="link">"Sign in as someone else"</button></State>
        </Exhibit>
    }
}

/// A field in a form of its own, with an optional error.
fn field(
    form: &'static str,
    value: &str,
    kind: FieldKind,
    wrong: Option<FieldErrorCode>,
) -> impl IntoView + use<> {
    let errors = wrong.map(|code| FieldError::new("field", code));
    let form = Form::new(form).with_state(errors.into_iter().collect(), None, false, 0, false);
    let label: crate::i18n::TextKey =
        if kind == FieldKind::Password { |t| t.password } else { |t| t.display_name };
    let value = RwSignal::new(value.to_owned());
    view! { <Field form=form name="field" label=label value=value kind=kind autocomplete="off" hint=|t| t.name_hint /> }
}

#[component]
pub fn Fields() -> impl IntoView {
    view! {
        <Exhibit name="Field">
            <State name="empty">{field("dev-empty", "", FieldKind::Text, None)}</State>
            <State name="filled in">{field("dev-filled", "Ada Lovelace", FieldKind::Text, None)}</State>
            <State name="hover" forced="hover">{field("dev-hover", "Ada Lovelace", FieldKind::Text, None)}</State>
            <State name="focus" forced="focus">{field("dev-focus", "Ada Lovelace", FieldKind::Text, None)}</State>
            <State name="wrong">{field("dev-wrong", " ", FieldKind::Text, Some(FieldErrorCode::Required))}</State>
            <State name="wrong, focus" forced="focus">{field("dev-wrong-focus", " ", FieldKind::Text, Some(FieldErrorCode::Required))}</State>
            <State name="long text">{field("dev-long", LONG, FieldKind::Text, Some(FieldErrorCode::PasswordPattern))}</State>
            <State name="Korean">{field("dev-korean", KOREAN, FieldKind::Text, None)}</State>
        </Exhibit>
        <Exhibit name="Password field">
            <State name="empty">{field("dev-password", "", FieldKind::Password, None)}</State>
            <State name="filled in; the eye shows it">{field("dev-secret", "analytical engine 1843", FieldKind::Password, None)}</State>
            <State name="wrong">{field("dev-weak", "password", FieldKind::Password, Some(FieldErrorCode::PasswordCommon))}</State>
        </Exhibit>
    }
}

#[component]
pub fn Selects() -> impl IntoView {
    let chosen = RwSignal::new("ko".to_owned());
    let choose = Callback::new(move |tag| chosen.set(tag));
    let long = RwSignal::new(String::new());
    view! {
        <Exhibit name="Select">
            <State name="as it is"><Select id="dev-select" label=|t| t.language value=chosen choose=choose options=languages() /></State>
            <State name="hover" forced="hover"><Select id="dev-select-hover" label=|t| t.language value=chosen choose=choose options=languages() /></State>
            <State name="focus" forced="focus"><Select id="dev-select-focus" label=|t| t.language value=chosen choose=choose options=languages() /></State>
            <State name="long text"><Select id="dev-select-long" label=|t| t.language value=long choose=Callback::new(move |text| long.set(text)) options=vec![("", LONG), ("ko", KOREAN)] /></State>
        </Exhibit>
    }
}

#[component]
pub fn Switches() -> impl IntoView {
    let switch = |id, on| view! { <Switch id=id name=id label=|t| t.keep_signed_in hint=|t| t.keep_signed_in_hint value=RwSignal::new(on) /> };
    view! {
        <Exhibit name="Switch">
            <State name="on">{switch("dev-on", true)}</State>
            <State name="off">{switch("dev-off", false)}</State>
            <State name="focus" forced="focus">{switch("dev-on-focus", true)}</State>
            <State name="long text"><Switch id="dev-switch-long" name="dev-switch-long" label=|_| LONG hint=|_| KOREAN value=RwSignal::new(true) /></State>
            <State name="one of a few"><ThemePreference id="dev-segments" /></State>
        </Exhibit>
    }
}
