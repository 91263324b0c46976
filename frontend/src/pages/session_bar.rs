//! The banner shown while the server is unreachable, or responds only at another address.

use crate::components::{Banner, use_session};
use crate::i18n::use_i18n;
use crate::session::State;
use latchkey_shared::ErrorCode;
use leptos::prelude::*;

/// Reports that the server sends no usable response, and that nobody is signed out because of it.
#[component]
pub fn SessionBar() -> impl IntoView {
    let session = use_session();
    let i18n = use_i18n();
    // Each attempt changes the state: without the memo, an unchanged text would be announced again.
    let restores = Memo::new(move |_| session.with(|state| *state == State::Restoring));
    let text = Signal::derive(move || {
        let texts = i18n.texts();
        match session.public_url() {
            Some(address) => format!("{} {address}", (texts.problem)(ErrorCode::WrongOrigin)),
            None if restores.get() => texts.restoring_interrupted.to_owned(),
            None => texts.interrupted.to_owned(),
        }
    });
    view! {
        <div role="status" class="bar-place" data-testid="session-bar">
            {move || session.server_unreachable().then(|| view! {
                <Banner text=text label=|t| t.try_now press=move || session.try_now() />
            }.into_any())}
        </div>
    }
}
