//! A list of languages to choose from.

use crate::i18n::{TextKey, texts, tr};
use latchkey_shared::Locale;
use leptos::prelude::*;

/// A labelled list of languages, each named in its own words.
#[component]
pub fn Select(
    /// The id that ties the label to the list.
    id: &'static str,
    /// What is chosen.
    label: TextKey,
    /// The value that is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// What happens with another one.
    choose: Callback<String>,
    /// The languages' tags, and what they are called.
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

/// Every language, each in its own words.
pub fn languages() -> Vec<(&'static str, &'static str)> {
    Locale::ALL.map(|locale| (locale.tag(), texts(locale).native_name)).to_vec()
}
