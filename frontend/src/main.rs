//! Frontend of Latchkey: all views, rendered in the browser.
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
mod theme;

fn main() {
    // `boot.js` replaces the static outline as soon as the first view is drawn.
    leptos::mount::mount_to_body(app::App);
}
