//! Sends a call with the access token. A token that is refused is replaced, and the call sent once more.

use super::Failure;
use crate::platform::clock::{now, wait};
use crate::session::Session;
use gloo_net::http::{Method, RequestBuilder, Response};
use latchkey_shared::{Problem, Secret};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::time::Duration;
use web_sys::{AbortSignal, RequestCredentials};

/// After this time a call counts as lost.
const TIMEOUT_MS: u32 = 15_000;

/// A call that can be sent more than once.
pub struct Call {
    method: Method,
    path: String,
    body: Option<Result<String, Failure>>,
}

impl Call {
    /// Asks for what is at `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    /// Asks to end what is at `path`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// Sends `body` to `path`.
    pub fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::POST, ..Self::get(path) }.carrying(body)
    }

    /// Changes what is at `path` as `body` says.
    pub fn patch(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::PATCH, ..Self::get(path) }.carrying(body)
    }

    /// The same, with a body.
    pub fn carrying(self, body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).map_err(|_| GARBLED);
        Self { body: Some(text), ..self }
    }

    /// Sends the call with this token, or without one; hands over the answer's text.
    pub async fn send(&self, token: Option<&Secret>) -> Result<String, Failure> {
        let signal = AbortSignal::timeout_with_u32(TIMEOUT_MS);
        let mut request = RequestBuilder::new(&self.path)
            .method(self.method.clone())
            .credentials(RequestCredentials::SameOrigin)
            .header("accept", "application/json")
            .abort_signal(Some(&signal));
        if let Some(token) = token {
            request = request.header("authorization", &format!("Bearer {}", token.expose()));
        }
        let request = match &self.body {
            Some(text) => request.header("content-type", "application/json").body(text.clone()?),
            None => request.build(),
        };
        let response = request.map_err(|_| GARBLED)?.send().await.map_err(|_| Failure::Unreachable)?;
        let text = response.text().await.map_err(|_| Failure::Unreachable)?;
        match response.ok() {
            true if says_something(&text) => Ok(text),
            true => Err(Failure::Garbled { status: response.status(), retry_after: None }),
            false => Err(refusal(&response, &text)),
        }
    }

    /// Sends the call in the person's name; waits where the token has to be replaced or the password asked for. A
    /// question whose answer is lost is asked again before anybody hears of it.
    pub async fn send_as(&self, session: Session) -> Result<String, Failure> {
        let start = now();
        let mut answer = self.attempt(session).await?;
        for pause in PAUSES {
            let soon = start.until(now()) < SOON;
            if !(soon && self.is_question() && answer.as_ref().is_err_and(Failure::is_lost_answer)) {
                break;
            }
            wait(pause).await;
            answer = self.attempt(session).await?;
        }
        session.heard_from_server(answer.as_ref().err());
        answer
    }

    /// Sends the call; once more with another token where the first is refused. Fails by itself only without a token.
    async fn attempt(&self, session: Session) -> Result<Result<String, Failure>, Failure> {
        let token = session.token(None).await?;
        let answer = self.send(Some(&token)).await;
        if !answer.as_ref().is_err_and(Failure::asks_for_another_token) {
            return Ok(answer);
        }
        let next = session.token(Some(&token)).await?;
        Ok(self.send(Some(&next)).await)
    }

    /// Whether the call changes nothing (RFC 9110 §9.2.1): the server may have acted although its answer was lost.
    fn is_question(&self) -> bool {
        self.method == Method::GET
    }
}

/// Between the tries of a question whose answer is lost.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];
/// An answer that is lost later than this was waited for long enough: the person should hear of it.
const SOON: Duration = Duration::from_secs(3);

const GARBLED: Failure = Failure::Garbled { status: 0, retry_after: None };

/// Whether an answer is whole: JSON, or nothing at all. Else something stands between the page and the server, and the
/// server counts as out of reach.
fn says_something(text: &str) -> bool {
    text.is_empty() || serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Reads an answer; one that does not say what it should is garbled.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::Garbled { status: 200, retry_after: None })
}

fn refusal(response: &Response, text: &str) -> Failure {
    let seconds = response.headers().get("retry-after").and_then(|value| value.trim().parse().ok());
    let retry_after = seconds.map(Duration::from_secs);
    match serde_json::from_str::<Problem>(text) {
        Ok(problem) => Failure::Refused { problem, retry_after },
        Err(_) => Failure::Garbled { status: response.status(), retry_after },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_good_status_over_rubbish_is_no_answer() {
        for text in ["{\"access_token\":", "<!doctype html>", "OK", "{} {}"] {
            assert!(!says_something(text), "{text}");
        }
        for text in ["", "{}", " {\"a\": [1, null]}\n"] {
            assert!(says_something(text), "{text}");
        }
    }
}
