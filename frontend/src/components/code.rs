//! Text for machines.

use leptos::prelude::*;

/// A block of it, which the keyboard can scroll.
#[component]
pub fn Code(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <pre class="code" tabindex="0"><code translate="no" prop:textContent=move || text.get()></code></pre> }
}
