//! A failure in the person's words.

use crate::api::Failure;
use crate::i18n::{Texts, use_i18n};
use latchkey_shared::ErrorCode;
use leptos::prelude::*;

/// The general line of a failure, announced: what happened, how long to wait, and where to find it in the server's log.
#[component]
pub fn ProblemText(failure: Failure) -> impl IntoView {
    let i18n = use_i18n();
    view! { <p class="problem" role="alert">{move || words(i18n.texts(), &failure)}</p> }
}

fn words(texts: &Texts, failure: &Failure) -> String {
    let mut words = match failure {
        Failure::Unreachable => texts.unreachable.to_owned(),
        Failure::Garbled { .. } => texts.garbled.to_owned(),
        Failure::SignedOut => texts.signed_out_failure.to_owned(),
        Failure::Refused { problem, .. } => (texts.problem)(problem.code).to_owned(),
    };
    if let Some(pause) = failure.retry_after() {
        words = format!("{words} {}", (texts.wait)(pause.as_secs()));
    }
    if let Failure::Refused { problem, .. } = failure
        && matches!(problem.code, ErrorCode::Internal | ErrorCode::Unknown)
    {
        words = format!("{words} ({})", (texts.request_id)(&problem.request_id));
    }
    words
}
