//! Latchkey's page: every view, drawn in the browser.
#![expect(
    clippy::redundant_closure,
    reason = "a closure that stands in a view is boxed by the macro; one that is named would be a type of its own"
)]

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod app;
mod routes;
mod session;

mod api;
mod components;
mod pages;

mod effect;
mod i18n;
mod platform;

fn main() {
    // The static outline gives way as soon as the first view is drawn: `boot.js` sees to that.
    leptos::mount::mount_to_body(app::App);
}
