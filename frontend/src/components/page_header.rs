//! The header of a page, and the cards below it.

use super::NavigationState;
use crate::effect::effect;
use crate::i18n::{TextKey, tr};
use crate::platform::document::{self, Focus};
use leptos::prelude::*;

/// The page's heading. It sets the document title, and takes the focus unless the page is the first one shown.
#[component]
pub fn PageHeader(
    /// The document title.
    title: TextKey,
    /// The heading, if it differs from the title.
    #[prop(optional)]
    heading: Option<AnyView>,
    /// A sentence below the heading.
    #[prop(optional)]
    lead: Option<TextKey>,
) -> impl IntoView {
    let title = tr(title);
    effect(move || document::set_title(&format!("{} · Latchkey", title())));
    if !use_context::<NavigationState>().is_some_and(NavigationState::mark_page_shown) {
        Focus::now().move_to("h1".to_owned());
    }
    let heading = match heading {
        Some(heading) => view! { <h1 tabindex="-1">{heading}</h1> }.into_any(),
        None => view! { <h1 tabindex="-1" prop:textContent=title></h1> }.into_any(),
    };
    view! {
        <div class="head">
            {heading}
            {lead.map(|lead| view! { <p class="lead" prop:textContent=tr(lead)></p> })}
        </div>
    }
}

/// A section of a page with its own heading.
#[component]
pub fn Card(
    /// The section's heading.
    title: TextKey,
    /// A sentence below the heading.
    #[prop(optional)]
    lead: Option<TextKey>,
    /// An additional CSS class, such as `danger`.
    #[prop(optional)]
    class: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class=format!("card {class}")>
            <h2 prop:textContent=tr(title)></h2>
            {lead.map(|lead| view! { <p class="lead" prop:textContent=tr(lead)></p> })}
            {children()}
        </section>
    }
}
