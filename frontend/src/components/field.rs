//! One field of a form: its label above it, and what is wrong with it below.

use super::Form;
use crate::i18n::{TextKey, tr, use_i18n};
use leptos::prelude::*;

/// What a field is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// An e-mail address.
    Email,
    /// A password, with a button that shows it.
    Password,
}

/// A field with a label, a hint and its error, all tied together for screen readers.
#[component]
pub fn Field(
    form: Form,
    /// The field's name in the request.
    name: &'static str,
    /// What the field is called.
    label: TextKey,
    /// What is typed.
    value: RwSignal<String>,
    /// What the field is for.
    kind: FieldKind,
    /// What a password manager puts here.
    autocomplete: &'static str,
    /// What helps to fill it in.
    #[prop(optional)]
    hint: Option<TextKey>,
) -> impl IntoView {
    form.register(name);
    let i18n = use_i18n();
    let shown = RwSignal::new(false);
    let error = move || form.error(name, i18n.texts());
    let (id, hint_id, error_id) =
        (form.id(name), form.id(&format!("{name}-hint")), form.id(&format!("{name}-error")));
    let described_by = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || match (error(), hint) {
            (Some(_), _) => Some(error_id.clone()),
            (None, Some(_)) => Some(hint_id.clone()),
            (None, None) => None,
        }
    };
    let input_type = move || match kind {
        FieldKind::Password if !shown.get() => "password",
        // An address is plain text to the browser: fields of its own kind do not say where the caret is.
        _ => "text",
    };
    view! {
        <div class="field">
            <label for=id.clone() prop:textContent=tr(label)></label>
            <div class="control">
                <input
                    id=id
                    name=name
                    type=input_type
                    inputmode=(kind == FieldKind::Email).then_some("email")
                    autocomplete=autocomplete
                    dir=(kind == FieldKind::Text).then_some("auto")
                    autocapitalize=(kind != FieldKind::Text).then_some("none")
                    spellcheck="false"
                    aria-describedby=described_by
                    aria-invalid=move || error().map(|_| "true")
                    prop:value=move || value.get()
                    on:input:target=move |event| {
                        value.set(event.target().value());
                        form.clear_error(name);
                    }
                />
                {(kind == FieldKind::Password).then(|| view! { <RevealButton shown=shown /> })}
            </div>
            {move || match (error(), hint) {
                (Some(error), _) => Some(view! { <p class="error" role="alert" id=error_id.clone() prop:textContent=error></p> }.into_any()),
                (None, Some(hint)) => Some(view! { <p class="hint" id=hint_id.clone() prop:textContent=tr(hint)></p> }.into_any()),
                (None, None) => None,
            }}
        </div>
    }
}

/// Whose password a form is about, for password managers: they look for a field of text before the password, and pass over
/// one of the type `hidden`. Nobody else meets it.
#[component]
pub fn Username(
    /// The account's address.
    email: String,
) -> impl IntoView {
    view! {
        <div class="visually-hidden" inert><input type="text" name="username" autocomplete="username" value=email readonly tabindex="-1" /></div>
    }
}

/// The button that shows a password, and hides it again.
#[component]
fn RevealButton(shown: RwSignal<bool>) -> impl IntoView {
    let (show, hide) = (tr(|t| t.show_password), tr(|t| t.hide_password));
    let name = move || if shown.get() { hide() } else { show() };
    view! {
        <button type="button" class="reveal" aria-label=name title=name on:click=move |_| shown.update(|shown| *shown = !*shown)>
            <i class="icon eye" class:closed=move || shown.get()></i>
        </button>
    }
}
