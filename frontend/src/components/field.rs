//! A form field: the label above the input, the hint or the error below it.

use super::Form;
use crate::i18n::{TextKey, tr, use_i18n};
use leptos::prelude::*;

/// The kind of content a field accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// An e-mail address.
    Email,
    /// A password, with a button that reveals it.
    Password,
}

/// A field with a label, a hint and an error, linked for screen readers.
#[component]
pub fn Field(
    form: Form,
    /// The field's name in the request.
    name: &'static str,
    /// The label.
    label: TextKey,
    /// The current value.
    value: RwSignal<String>,
    /// The kind of content.
    kind: FieldKind,
    /// The `autocomplete` value, for password managers.
    autocomplete: &'static str,
    /// A hint for filling in the field, shown while it has no error.
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
        // E-mail fields have the type `text` too: inputs of the type `email` do not expose the caret's position.
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

/// A username field for password managers: they look for a text field before the password, and ignore inputs of the
/// type `hidden`. It is visually hidden and inert.
#[component]
pub fn Username(
    /// The account's e-mail address.
    email: String,
) -> impl IntoView {
    view! {
        <div class="visually-hidden" inert><input type="text" name="username" autocomplete="username" value=email readonly tabindex="-1" /></div>
    }
}

/// A button that toggles the visibility of a password.
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
