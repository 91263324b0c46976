//! A response. What every response must contain is checked for each one that any test receives.

use super::{FieldErrorCode, is_uuid_v7, keys, openapi};
use latchkey_shared::{ErrorCode, Problem};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Answer {
    /// Description of the request, for messages.
    pub call: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn checked(method: &str, path: &str, status: u16, headers: HeaderMap, bytes: Vec<u8>) -> Self {
        let answer = Self { call: format!("{method} {path}"), status, headers, bytes };
        assert!(is_uuid_v7(answer.header("x-request-id").unwrap_or_default()), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{answer}");
        let media_type = match status {
            204 | 302 => None,
            200 | 201 => Some("application/json; charset=utf-8"),
            503 if path == "/api/health/ready" => Some("application/json; charset=utf-8"),
            _ => Some("application/problem+json; charset=utf-8"),
        };
        assert_eq!(answer.header("content-type"), media_type, "{answer}");
        openapi::assert_described(method, path, status);
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    #[track_caller]
    fn with_status(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }

    #[track_caller]
    pub fn ok(&self) -> Value {
        self.with_status(200)
    }

    #[track_caller]
    pub fn created(&self) -> Value {
        self.with_status(201)
    }

    #[track_caller]
    pub fn no_content(&self) {
        assert_eq!((self.status, self.bytes.len()), (204, 0), "{self}");
    }

    /// Returns the problem details of this response, fully checked.
    #[track_caller]
    pub fn problem(&self, code: ErrorCode) -> Problem {
        assert_eq!(self.status, code.status(), "expected {code}: {self}");
        let raw = self.json();
        let problem: Problem = serde_json::from_value(raw.clone()).unwrap();
        assert_eq!(problem.code, code, "{self}");
        assert_eq!(problem.status, self.status, "{self}");
        assert_eq!(problem.kind, format!("urn:latchkey:problem:{code}"), "{self}");
        assert_eq!(problem.title, code.title(), "{self}");
        assert_eq!(Some(problem.request_id.as_str()), self.header("x-request-id"), "{self}");
        assert_eq!(problem.errors.is_empty(), code != ErrorCode::ValidationFailed, "{self}");
        let retry_after = self.header("retry-after").map(|seconds| seconds.parse::<u32>().unwrap());
        // A body that is always too large must not be retried; one for which there is no room at the moment may be (RFC
        // 9110 §15.5.14).
        if self.status != 413 {
            let says_when = retry_after.is_some_and(|seconds| seconds > 0);
            assert_eq!(says_when, [429, 503].contains(&self.status), "{self}");
        }
        let mut expected = vec!["code", "detail", "request_id", "status", "title", "type"];
        expected.extend((!problem.errors.is_empty()).then_some("errors"));
        expected.extend(problem.end_reason.is_some().then_some("end_reason"));
        expected.extend((code == ErrorCode::WrongOrigin).then_some("public_url"));
        expected.sort_unstable();
        assert_eq!(keys(&raw), expected, "{self}");
        self.assert_tells_no_cause(&problem);
        problem
    }

    /// Asserts that the error names no table, no file, and no cause that the client must not know.
    #[track_caller]
    fn assert_tells_no_cause(&self, problem: &Problem) {
        assert!(!problem.detail.is_empty(), "{self}");
        let text = problem.detail.to_lowercase();
        for word in ["sql", "postgres", "database", "accounts", "sessions", ".rs", ".db", "pool", "panic"] {
            assert!(!text.contains(word), "names {word:?}: {self}");
        }
    }

    /// Asserts that the response is a refusal that asks for a valid proof.
    #[track_caller]
    pub fn asks_for_the_right_proof(&self) {
        self.problem(ErrorCode::TokenInvalid);
        assert_eq!(
            self.header("www-authenticate"),
            Some(r#"DPoP error="invalid_dpop_proof", algs="ES256""#),
            "{self}"
        );
        assert_eq!((self.header("dpop-nonce"), self.set_cookie()), (None, None), "{self}");
    }

    /// Asserts that the response is a refusal that asks for a proof with a nonce; returns the nonce.
    #[track_caller]
    pub fn asked_nonce(&self) -> String {
        self.problem(ErrorCode::TokenInvalid);
        let challenge = r#"DPoP error="use_dpop_nonce", algs="ES256""#;
        assert_eq!(self.header("www-authenticate"), Some(challenge), "{self}");
        assert_eq!(self.set_cookie(), None, "{self}");
        self.header("dpop-nonce").unwrap_or_else(|| panic!("{self}")).to_owned()
    }

    /// Returns the refused fields of the body, each with its error code.
    #[track_caller]
    pub fn refused_fields(&self) -> BTreeMap<String, FieldErrorCode> {
        let problem = self.problem(ErrorCode::ValidationFailed);
        for error in &problem.errors {
            assert_eq!(error.message, error.code.message(), "{self}");
        }
        problem.errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[track_caller]
    pub fn refuses(&self, field: &str, code: FieldErrorCode) {
        assert_eq!(self.refused_fields(), BTreeMap::from([(field.to_owned(), code)]), "{self}");
    }

    /// Returns the cookies that this response sets, in their order.
    pub fn set_cookies(&self) -> Vec<SetCookie> {
        let all = self.headers.get_all("set-cookie").iter();
        all.map(|text| SetCookie::parse(text.to_str().unwrap())).collect()
    }

    /// Returns the refresh cookie that this response sets, if it sets any cookie; the hint cookie comes with it.
    #[track_caller]
    pub fn set_cookie(&self) -> Option<SetCookie> {
        let [cookie, mark, ..] = &self.set_cookies()[..] else {
            assert!(self.set_cookies().is_empty(), "{self}");
            return None;
        };
        assert!(cookie.name.contains("latchkey_refresh") && mark.name.starts_with("latchkey_hint"), "{self}");
        Some(cookie.clone())
    }

    /// Returns the refresh token of this response, from its body or its cookie.
    #[track_caller]
    pub fn refresh_token(&self) -> String {
        let in_body = self.json()["refresh_token"].as_str().map(str::to_owned);
        in_body.or_else(|| self.set_cookie().map(|cookie| cookie.value)).unwrap_or_else(|| panic!("{self}"))
    }

    #[track_caller]
    pub fn access_token(&self) -> String {
        self.json()["access_token"].as_str().unwrap_or_else(|| panic!("{self}")).to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { call, status, headers, bytes } = self;
        write!(f, "{call} → {status} {headers:?} {}", String::from_utf8_lossy(bytes))
    }
}

/// A `Set-Cookie` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    pub name: String,
    pub value: String,
    /// Attributes in alphabetical order.
    pub attributes: Vec<String>,
}

impl SetCookie {
    fn parse(text: &str) -> Self {
        let mut parts = text.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let mut attributes: Vec<_> = parts.map(str::to_owned).collect();
        attributes.sort_unstable();
        Self { name: name.to_owned(), value: value.to_owned(), attributes }
    }
}
