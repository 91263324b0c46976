//! The quiet bar that says that the server is out of reach.

use crate::components::use_session;
use crate::i18n::tr;
use crate::session::State;
use leptos::prelude::*;

/// Says that the server gives no usable answer, and that nobody is signed out for that.
#[component]
pub fn SessionBar() -> impl IntoView {
    let session = use_session();
    let (kept, restoring) = (tr(|t| t.interrupted), tr(|t| t.restoring_interrupted));
    let text = move || if session.with(|state| *state == State::Restoring) { restoring() } else { kept() };
    view! {
        <div role="status" class="bar-place" data-testid="session-bar">
            {move || session.waiting_for_server().then(|| view! {
                <div class="bar">
                    <p>{move || text()}</p>
                    <button type="button" class="quiet" on:click=move |_| session.try_now()>{tr(|t| t.try_now)}</button>
                </div>
            }.into_any())}
        </div>
    }
}
