//! The quiet bar that says that the server is out of reach.

use crate::components::use_session;
use crate::i18n::tr;
use crate::session::State;
use leptos::prelude::*;

/// Says that the server gives no usable answer, and that nobody is signed out for that.
#[component]
pub fn SessionBar() -> impl IntoView {
    let session = use_session();
    let waiting = Memo::new(move |_| session.waiting_for_server());
    let signed_in = Memo::new(move |_| !session.with(|state| *state == State::Restoring));
    let (kept, restoring) = (tr(|t| t.interrupted), tr(|t| t.restoring_interrupted));
    let text = move || if signed_in.get() { kept() } else { restoring() };
    view! {
        <div role="status" class="bar-place" data-testid="session-bar">
            {move || waiting.get().then(|| view! {
                <div class="bar">
                    <p>{text}</p>
                    <button type="button" class="quiet" on:click=move |_| session.try_now()>{tr(|t| t.try_now)}</button>
                </div>
            })}
        </div>
    }
}
