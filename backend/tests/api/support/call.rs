//! A request. Nothing is added implicitly: no cookie, no token.

use super::{Answer, LogCapture, TestApp};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

/// A request; awaiting it sends it.
pub struct Call {
    name: String,
    method: String,
    path: String,
    request: reqwest::RequestBuilder,
    log_capture: Arc<LogCapture>,
}

impl Call {
    pub fn new(app: &TestApp, method: &str, path: &str) -> Self {
        let request = app.http.request(method.parse().unwrap(), format!("{}{path}", app.base));
        let (name, log_capture) = (format!("{method} {path}"), Arc::clone(&app.log_capture));
        Self { name, method: method.to_owned(), path: path.to_owned(), request, log_capture }
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.log_capture.keep_header(name, value.as_ref());
        let name: HeaderName = name.parse().unwrap();
        self.request = self.request.header(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Adds an access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Adds a refresh token as a browser does, in the cookie.
    pub fn cookie(self, token: &str) -> Self {
        self.header("cookie", format!("latchkey_refresh={token}"))
    }

    /// Adds a proof of a key.
    pub fn proof(self, proof: &str) -> Self {
        self.header("dpop", proof)
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw_json(body.to_string())
    }

    /// Sets a body that is declared as JSON, but may be anything.
    pub fn raw_json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// Sends a request whose response may get lost: returns nothing, a truncated response, or one of an intermediary.
    pub async fn attempt(self) -> Option<Answer> {
        let response = self.request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.ok()?.to_vec();
        self.log_capture.keep_answer(&headers, &bytes);
        let is_the_servers = headers.contains_key("x-request-id");
        is_the_servers.then(|| Answer::checked(&self.method, &self.path, status, headers, bytes))
    }

    /// Sets a body without a content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.log_capture.keep_body(&body);
        self.request = self.request.body(body);
        self
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response =
                self.request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", self.name));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.unwrap().to_vec();
            self.log_capture.keep_answer(&headers, &bytes);
            Answer::checked(&self.method, &self.path, status, headers, bytes)
        })
    }
}
