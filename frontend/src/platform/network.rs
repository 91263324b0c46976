//! State of the browser's network connection.

/// Returns whether the browser is certain that there is no network. Being online says nothing about the server.
pub fn is_offline() -> bool {
    web_sys::window().is_some_and(|window| !window.navigator().on_line())
}
