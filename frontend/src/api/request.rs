//! HTTP requests with the access token. A refused token is replaced and the request sent once more, or up to three
//! times while tokens expire in transit; a request whose response is lost is sent again before the failure is reported.
//! A request is made for one account: it is never repeated for another one, nor is its response passed to another one.

use super::Failure;
use crate::platform::clock::{now, wait};
use crate::platform::{dpop, json};
use crate::session::{Caller, MAX_REFRESHES, SessionHandle};
use gloo_net::http::{Method, RequestBuilder, Response};
use latchkey_shared::{ErrorCode, Problem, Secret, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use web_sys::{AbortSignal, RequestCredentials};

/// Time after which a request counts as lost, in milliseconds.
const TIMEOUT_MS: u32 = 15_000;

/// Request that can be sent more than once.
pub struct ApiRequest {
    method: Method,
    path: String,
    body: Option<Result<String, Failure>>,
    token: Option<Secret>,
    cookies: bool,
    /// Server time minus browser time in milliseconds; set if the request carries a proof of the browser's key.
    proof: Option<i64>,
}

impl ApiRequest {
    /// Creates a GET request.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, token: None, cookies: true, proof: None }
    }

    /// Creates a DELETE request.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// Creates a POST request with `body` as JSON.
    pub fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::POST, ..Self::get(path) }.with_body(body)
    }

    /// Creates a PATCH request with `body` as JSON.
    pub fn patch(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::PATCH, ..Self::get(path) }.with_body(body)
    }

    /// Returns the request with `body` as JSON.
    pub fn with_body(self, body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).map_err(|_| INVALID_RESPONSE);
        Self { body: Some(text), ..self }
    }

    /// Returns the request with this token, which is used if it is sent without a caller. Without `cookies`, the
    /// browser neither sends cookies nor keeps those of the response.
    pub fn with_token(self, token: Option<Secret>, cookies: bool) -> Self {
        Self { token, cookies, ..self }
    }

    /// Returns the request with a proof of this browser's key (DPoP). `time` is the server's time, as far as it is
    /// known.
    pub fn with_proof(self, time: Timestamp) -> Self {
        Self { proof: Some(time.as_millis() - now().as_millis()), ..self }
    }

    /// Sends the request with or without this token and returns the response's text. If the server rejects the proof, a
    /// new one is sent, twice at most: with the server's nonce if the clocks differ, and once more if the key was not
    /// available or the network delivered the first proof twice.
    pub async fn send_with_proof(&self, token: Option<&Secret>) -> Result<String, Failure> {
        let (mut nonce, mut proof_retries) = (None, 0);
        loop {
            match self.send_once(token, nonce.as_deref()).await {
                Err(Failure::ProofRejected { nonce: given }) if proof_retries < 2 => {
                    nonce = given;
                    proof_retries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn send_once(&self, token: Option<&Secret>, nonce: Option<&str>) -> Result<String, Failure> {
        let proof = self.prove(nonce).await;
        let signal = AbortSignal::timeout_with_u32(TIMEOUT_MS);
        let mut request = RequestBuilder::new(&self.path)
            .method(self.method.clone())
            .credentials(if self.cookies { RequestCredentials::SameOrigin } else { RequestCredentials::Omit })
            .header("accept", "application/json")
            .abort_signal(Some(&signal));
        if let Some(token) = token {
            request = request.header("authorization", &format!("Bearer {}", token.expose()));
        }
        if let Some(proof) = proof {
            request = request.header("dpop", &proof);
        }
        let request = match &self.body {
            Some(text) => request.header("content-type", "application/json").body(text.clone()?),
            None => request.build(),
        };
        let response =
            request.map_err(|_| INVALID_RESPONSE)?.send().await.map_err(|_| Failure::Unreachable)?;
        let text = response.text().await.map_err(|_| Failure::Unreachable)?;
        match response.ok() {
            true if is_empty_or_json(&text) => Ok(text),
            true => Err(Failure::InvalidResponse { status: response.status(), retry_after: None }),
            false => Err(to_failure(&response, &text)),
        }
    }

    async fn prove(&self, nonce: Option<&str>) -> Option<String> {
        let time = Timestamp::from_millis(now().as_millis() + self.proof?);
        dpop::prove(self.method.as_ref(), &self.path, time, nonce).await
    }

    /// Sends the request, for a session or without one, and again if the response is lost. Reads and idempotent changes
    /// can be repeated; for other requests, the functions that make them handle the server's response to a repetition
    /// after the first try took effect.
    ///
    /// Waits while the token is replaced or the user is asked for the password.
    pub async fn send(&self, session: Option<SessionHandle>) -> ApiResponse {
        self.send_as(session.map(SessionHandle::caller)).await
    }

    /// Sends the request like [`Self::send`], for a caller that has made another request before it.
    pub async fn send_as(&self, mut caller: Option<Caller>) -> ApiResponse {
        let (mut sent, mut tries, mut lost_since) = (Timestamp::default(), 0, None);
        loop {
            let text = match self.attempt(caller.as_mut(), &mut sent).await {
                Ok(text) => text,
                Err(no_token) => return ApiResponse { text: Err(no_token), tries },
            };
            tries += 1;
            if caller.as_mut().is_some_and(|caller| !caller.bind_and_check_account()) {
                return ApiResponse { text: Err(Failure::SignedOut), tries };
            }
            // Earlier waits, for a token or for the password, do not count as waiting for the response.
            let waited = lost_since.get_or_insert(sent).until(now());
            match text.as_ref().err().and_then(|failure| retry_delay(failure, tries, waited)) {
                Some(pause) => wait(pause).await,
                None => {
                    if let Some(caller) = caller {
                        caller.session().report_call_outcome(text.as_ref().err(), tries);
                    }
                    return ApiResponse { text, tries };
                }
            }
        }
    }

    /// Sends the request, and again with another token if the first is refused. Sets `sent` to the time of the last
    /// try. The outer error means that no token was available.
    async fn attempt(
        &self,
        caller: Option<&mut Caller>,
        sent: &mut Timestamp,
    ) -> Result<Result<String, Failure>, Failure> {
        let Some(caller) = caller else {
            *sent = now();
            return Ok(self.send_with_proof(self.token.as_ref()).await);
        };
        let (mut token, mut refreshes) = (caller.token(None).await?, 0);
        loop {
            *sent = now();
            match (self.send_with_proof(Some(&token)).await, refreshes) {
                (Err(failure), refreshes) if should_refresh(&failure, refreshes) => {
                    token = caller.token(Some(&token)).await?;
                }
                (Err(failure), MAX_REFRESHES) if failure.code() == Some(ErrorCode::TokenExpired) => {
                    return Ok(Err(Failure::TooSlow));
                }
                (answer, _) => return Ok(answer),
            }
            refreshes += 1;
        }
    }
}

/// Returns whether a request refused with `failure` is sent again with another token, after `refreshes` replacements. A
/// newer token that has expired as well is no failure: on a stalled machine, both expire in transit.
fn should_refresh(failure: &Failure, refreshes: u32) -> bool {
    match failure.code() {
        Some(ErrorCode::TokenExpired) => refreshes < MAX_REFRESHES,
        _ => refreshes == 0 && failure.needs_new_token(),
    }
}

/// Outcome of a request.
pub struct ApiResponse {
    /// The response's text, or the failure.
    pub text: Result<String, Failure>,
    /// Number of times the request was sent.
    pub tries: u32,
}

impl ApiResponse {
    /// Returns whether this refusal may result from the request itself: an earlier try, whose response was lost, may
    /// have taken effect.
    pub fn may_be_duplicate(&self, code: ErrorCode) -> bool {
        self.tries > 1 && self.text.as_ref().is_err_and(|failure| failure.code() == Some(code))
    }
}

/// Returns the pause before the next try, after `tries` tries and `waited` time; none if the failure is to be reported:
/// if it is not a lost response, or after three tries or three seconds.
fn retry_delay(failure: &Failure, tries: u32, waited: Duration) -> Option<Duration> {
    match tries {
        _ if !failure.is_lost_answer() || waited >= Duration::from_secs(3) => None,
        1 => Some(Duration::from_millis(300)),
        2 => Some(Duration::from_millis(900)),
        _ => None,
    }
}

const INVALID_RESPONSE: Failure = Failure::InvalidResponse { status: 0, retry_after: None };

/// Returns whether a response is complete: JSON, or empty. Otherwise something between the page and the server has sent
/// it, and the server counts as unreachable.
fn is_empty_or_json(text: &str) -> bool {
    text.is_empty() || json::is_json(text)
}

/// Deserializes a response. Error: `InvalidResponse` if it does not have the expected content.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    json::read(text).ok_or(Failure::InvalidResponse { status: 200, retry_after: None })
}

fn to_failure(response: &Response, text: &str) -> Failure {
    let seconds = response.headers().get("retry-after").and_then(|value| value.trim().parse().ok());
    let retry_after = seconds.map(Duration::from_secs);
    match json::read::<Problem>(text) {
        Some(problem) if problem.code == ErrorCode::TokenInvalid && asks_for_proof(response) => {
            Failure::ProofRejected { nonce: response.headers().get("dpop-nonce") }
        }
        Some(problem) => Failure::Refused { problem, retry_after },
        None => Failure::InvalidResponse { status: response.status(), retry_after },
    }
}

/// Returns whether the refusal concerns the proof of the key (RFC 9449 §7.1, §8).
fn asks_for_proof(response: &Response) -> bool {
    response.headers().get("www-authenticate").is_some_and(|challenge| challenge.starts_with("DPoP"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_good_status_over_rubbish_is_no_answer() {
        for text in ["{\"access_token\":", "<!doctype html>", "OK", "{} {}"] {
            assert!(!is_empty_or_json(text), "{text}");
        }
        for text in ["", "{}", " {\"a\": [1, null]}\n"] {
            assert!(is_empty_or_json(text), "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn only_lost_answers_are_asked_for_again_and_only_for_a_short_time() {
        let (lost, soon) = (Failure::Unreachable, Duration::from_millis(40));
        assert!(retry_delay(&lost, 1, soon) < retry_delay(&lost, 2, soon));
        assert_eq!(retry_delay(&lost, 3, soon), None);
        assert_eq!(retry_delay(&lost, 1, Duration::from_secs(15)), None);
        let pause = Some(Duration::from_secs(1));
        for answered in [
            Failure::SignedOut,
            Failure::InvalidResponse { status: 429, retry_after: None },
            Failure::InvalidResponse { status: 404, retry_after: None },
            Failure::InvalidResponse { status: 503, retry_after: pause },
        ] {
            assert_eq!(retry_delay(&answered, 1, soon), None, "{answered:?}");
        }
        for status in [200, 502, 503, 504] {
            assert!(retry_delay(&Failure::InvalidResponse { status, retry_after: None }, 1, soon).is_some());
        }
    }

    fn refused(code: &str) -> Failure {
        let problem =
            format!(r#"{{"type":"","title":"","status":401,"code":"{code}","detail":"","request_id":""}}"#);
        Failure::Refused { problem: read(&problem).unwrap(), retry_after: None }
    }

    #[wasm_bindgen_test]
    fn a_token_that_ends_on_its_way_is_replaced_three_times_and_any_other_that_is_refused_once() {
        let tries =
            |code: &str| (0..9).take_while(|refreshes| should_refresh(&refused(code), *refreshes)).count();
        assert_eq!(tries("token_expired"), 3);
        for code in ["token_invalid", "token_missing", "session_ended", "replay_detected"] {
            assert_eq!(tries(code), 1, "{code}");
        }
        for code in ["credentials_rejected", "forbidden", "too_many_requests", "internal", "unheard_of"] {
            assert_eq!(tries(code), 0, "{code}");
        }
    }

    #[wasm_bindgen_test]
    fn a_refusal_of_the_first_try_is_no_echo() {
        let answer = |tries| ApiResponse { text: Err(refused("email_taken")), tries };
        assert!(!answer(1).may_be_duplicate(ErrorCode::EmailTaken));
        assert!(answer(2).may_be_duplicate(ErrorCode::EmailTaken));
        assert!(!answer(2).may_be_duplicate(ErrorCode::CredentialsRejected));
    }
}
