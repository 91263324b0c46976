//! A language selector.

use crate::i18n::{TextKey, texts, tr};
use latchkey_shared::Locale;
use leptos::prelude::*;

/// A labelled list of languages, each named in that language.
#[component]
pub fn Select(
    /// The id that links the label to the list.
    id: &'static str,
    /// The label.
    label: TextKey,
    /// The selected value.
    #[prop(into)]
    value: Signal<String>,
    /// Called when another value is selected.
    choose: Callback<String>,
    /// The languages' tags and names.
    options: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(key, name)| {
            view! { <option value=key lang=key selected=move || value.get() == key>{name}</option> }
        })
        .collect_view();
    view! {
        <div class="field select">
            <label for=id prop:textContent=tr(label)></label>
            <select id=id name=id prop:value=move || value.get() on:change:target=move |event| choose.run(event.target().value())>
                {options}
            </select>
        </div>
    }
}

/// Returns the tag of every language, and its name in that language.
pub fn languages() -> Vec<(&'static str, &'static str)> {
    Locale::ALL.map(|locale| (locale.tag(), texts(locale).native_name)).to_vec()
}
