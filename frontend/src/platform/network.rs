//! The browser's connection.

/// Whether the browser is certain that there is no network. That it sees one says nothing about the server.
pub fn is_offline() -> bool {
    web_sys::window().is_some_and(|window| !window.navigator().on_line())
}
