//! The quiet bar that says that the server is out of reach.

use crate::components::{Banner, use_session};
use crate::i18n::tr;
use crate::session::State;
use leptos::prelude::*;

/// Says that the server gives no usable answer, and that nobody is signed out for that.
#[component]
pub fn SessionBar() -> impl IntoView {
    let session = use_session();
    let (kept, restoring) = (tr(|t| t.interrupted), tr(|t| t.restoring_interrupted));
    let text = Signal::derive(move || {
        let restores = session.with(|state| *state == State::Restoring);
        if restores { restoring().to_owned() } else { kept().to_owned() }
    });
    view! {
        <div role="status" class="bar-place" data-testid="session-bar">
            {move || session.waiting_for_server().then(|| view! {
                <Banner text=text label=|t| t.try_now press=move || session.try_now() />
            }.into_any())}
        </div>
    }
}
