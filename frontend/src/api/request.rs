//! Sends a call with the access token. A token that is refused is replaced, and the call sent once more, or up to three
//! times while tokens end on their way; a call whose answer is lost is sent again before anybody hears of it. A call is
//! made in one account's name, and neither sent again nor answered in another's.

use super::Failure;
use crate::platform::clock::{now, wait};
use crate::platform::{dpop, json};
use crate::session::{Caller, MAX_REFRESHES, SessionHandle};
use gloo_net::http::{Method, RequestBuilder, Response};
use latchkey_shared::{ErrorCode, Problem, Secret, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use web_sys::{AbortSignal, RequestCredentials};

/// After this time a call counts as lost.
const TIMEOUT_MS: u32 = 15_000;

/// A call that can be sent more than once.
pub struct ApiRequest {
    method: Method,
    path: String,
    body: Option<Result<String, Failure>>,
    token: Option<Secret>,
    cookies: bool,
    /// By how many milliseconds the server's clock is ahead of the browser's, where the browser proves that it holds its key.
    proof: Option<i64>,
}

impl ApiRequest {
    /// Asks for what is at `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, token: None, cookies: true, proof: None }
    }

    /// Asks to end what is at `path`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// Sends `body` to `path`.
    pub fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::POST, ..Self::get(path) }.with_body(body)
    }

    /// Changes what is at `path` as `body` says.
    pub fn patch(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::PATCH, ..Self::get(path) }.with_body(body)
    }

    /// The same, with a body.
    pub fn with_body(self, body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).map_err(|_| INVALID_RESPONSE);
        Self { body: Some(text), ..self }
    }

    /// The same with this token, where it is sent in nobody's name. Without the browser's cookies, those that the answer
    /// brings are not kept either.
    pub fn with_token(self, token: Option<Secret>, cookies: bool) -> Self {
        Self { token, cookies, ..self }
    }

    /// The same, with a proof that this browser holds its key. `time` is the server's clock, as far as it is known.
    pub fn with_proof(self, time: Timestamp) -> Self {
        Self { proof: Some(time.as_millis() - now().as_millis()), ..self }
    }

    /// Sends the call with this token or without one; hands over the answer's text. A proof that the server does not take
    /// is made anew, twice at most: with its nonce where the clocks differ, and once more where the key was not at hand or
    /// the network delivered the first one twice.
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

    /// Sends the call, in somebody's name or in nobody's, and again where the answer is lost on the way. A question and
    /// a change that says what shall be can be sent twice; what the server answers to the other calls, when it has acted
    /// on the first try, their own functions know.
    ///
    /// Waits where the token has to be replaced or the password asked for.
    pub async fn send(&self, session: Option<SessionHandle>) -> ApiResponse {
        self.send_as(session.map(SessionHandle::caller)).await
    }

    /// The same, for a caller who has made another call before it.
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
            // What came before, for a token or for the password, was no wait for an answer.
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

    /// Sends the call; again with another token where the first is refused. Fails by itself only without a token. Notes
    /// when it was `sent`.
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

/// Whether a call that is refused like this is sent again with another token, as it was `refreshes` times before. That a newer
/// token has ended as well is no failure: where the machine stalls, both end on their way.
fn should_refresh(failure: &Failure, refreshes: u32) -> bool {
    match failure.code() {
        Some(ErrorCode::TokenExpired) => refreshes < MAX_REFRESHES,
        _ => refreshes == 0 && failure.needs_new_token(),
    }
}

/// What became of a call.
pub struct ApiResponse {
    /// The answer's text, or why there is none.
    pub text: Result<String, Failure>,
    /// How often the call was sent.
    pub tries: u32,
}

impl ApiResponse {
    /// Whether this refusal may come of the call itself: an earlier try, whose answer was lost, may have done it all.
    pub fn may_be_duplicate(&self, code: ErrorCode) -> bool {
        self.tries > 1 && self.text.as_ref().is_err_and(|failure| failure.code() == Some(code))
    }
}

/// The pause before a call is sent again that was sent so often, for so long, and has failed like this. After three tries,
/// or three seconds, the person should hear of it.
fn retry_delay(failure: &Failure, tries: u32, waited: Duration) -> Option<Duration> {
    match tries {
        _ if !failure.is_lost_answer() || waited >= Duration::from_secs(3) => None,
        1 => Some(Duration::from_millis(300)),
        2 => Some(Duration::from_millis(900)),
        _ => None,
    }
}

const INVALID_RESPONSE: Failure = Failure::InvalidResponse { status: 0, retry_after: None };

/// Whether an answer is whole: JSON, or nothing at all. Else something stands between the page and the server, and the
/// server counts as out of reach.
fn is_empty_or_json(text: &str) -> bool {
    text.is_empty() || json::is_json(text)
}

/// Reads an answer; one that does not say what it should is garbled.
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

/// Whether the refusal is about the proof of the key (RFC 9449 §7.1, §8).
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
