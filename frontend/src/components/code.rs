//! A block of code or other machine-readable text.

use leptos::prelude::*;

/// A code block. It can take the focus, so that the keyboard can scroll it.
#[component]
pub fn Code(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <pre class="code" tabindex="0"><code translate="no" prop:textContent=move || text.get()></code></pre> }
}
