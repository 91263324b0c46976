//! Failures as text in the page's language.

use crate::api::Failure;
use crate::i18n::{TextKey, Texts, tr, use_i18n};
use latchkey_shared::ErrorCode;
use leptos::prelude::*;

/// The message of a failure, announced by screen readers: what happened, how long to wait, and the request's id in the
/// server's log. An optional countdown of the wait is shown next to it; its seconds are not announced.
#[component]
pub fn ProblemText(
    failure: Failure,
    /// The seconds left to wait, and the id of the element that shows them.
    #[prop(optional)]
    countdown: Option<(RwSignal<u64>, String)>,
) -> impl IntoView {
    let i18n = use_i18n();
    let counted = countdown.is_some();
    view! {
        <p class="problem">
            <span role="alert" prop:textContent=move || message(i18n.texts(), &failure, !counted)></span>
            {countdown.map(|(left, id)| view! {
                <span
                    role="timer"
                    id=id
                    prop:textContent=move || match left.get() {
                        0 => String::new(),
                        left => format!(" {}", (i18n.texts().wait)(left)),
                    }
                ></span>
            })}
        </p>
    }
}

/// Announces that the browser refused an operation; renders nothing until then.
#[component]
pub fn BrowserRefusal(
    /// True once the browser has refused.
    refused: RwSignal<bool>,
    /// The message, with what the person can do about it.
    why: TextKey,
) -> impl IntoView {
    let why = tr(why);
    move || {
        refused.get().then(|| view! { <p class="problem" role="alert" prop:textContent=why></p> }.into_any())
    }
}

fn message(texts: &Texts, failure: &Failure, with_pause: bool) -> String {
    let mut words = match failure {
        Failure::Unreachable => texts.unreachable.to_owned(),
        Failure::InvalidResponse { .. } => texts.invalid_response.to_owned(),
        Failure::ProofRejected { .. } => (texts.problem)(ErrorCode::TokenInvalid).to_owned(),
        Failure::TooSlow => texts.too_slow.to_owned(),
        Failure::SignedOut => texts.signed_out_failure.to_owned(),
        Failure::Refused { problem, .. } => (texts.problem)(problem.code).to_owned(),
    };
    if let Some(pause) = failure.retry_after().filter(|_| with_pause) {
        words = format!("{words} {}", (texts.wait)(pause.as_secs()));
    }
    if let Failure::Refused { problem, .. } = failure
        && matches!(problem.code, ErrorCode::Internal | ErrorCode::Unknown)
    {
        words = format!("{words} ({})", (texts.request_id)(&problem.request_id));
    }
    if let Failure::Refused { problem, .. } = failure
        && let Some(address) = &problem.public_url
    {
        words = format!("{words} {address}");
    }
    words
}
