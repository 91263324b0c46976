//! A person with an account, and one signed-in client.

use super::{Answer, Call, Key, TestApp, claims_of};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Password strong enough for every check.
pub const PASSWORD: &str = "correct horse battery staple";

pub fn address_of(name: &str) -> String {
    format!("{name}@example.org")
}

/// A client keeps one pair of tokens, as a browser does: a successful refresh replaces them.
pub struct Person {
    pub app: TestApp,
    pub name: String,
    pub email: String,
    pub password: String,
    /// Key with which each refresh of this client carries a proof, if any.
    pub key: Option<Arc<Key>>,
    held: Mutex<HeldTokens>,
}

#[derive(Clone)]
struct HeldTokens {
    access: String,
    refresh: String,
}

impl Person {
    #[track_caller]
    pub fn holding(app: &TestApp, name: &str, password: &str, signed_in: &Answer) -> Self {
        let held = HeldTokens { access: signed_in.access_token(), refresh: signed_in.refresh_token() };
        Self {
            app: app.clone(),
            name: name.to_owned(),
            email: address_of(name),
            password: password.to_owned(),
            key: None,
            held: Mutex::new(held),
        }
    }

    /// Signs the same person in at another client.
    pub async fn elsewhere(&self) -> Self {
        self.elsewhere_with(json!({})).await
    }

    /// Signs the same person in at another client, with further fields in the request.
    pub async fn elsewhere_with(&self, more: Value) -> Self {
        let mut body = json!({"email": self.email, "password": self.password});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.app.post("/api/auth/login", &body).await;
        answer.ok();
        Self::holding(&self.app, &self.name, &self.password, &answer)
    }

    /// Returns the same client, connected to another server.
    pub fn at(&self, app: &TestApp) -> Self {
        let held = Mutex::new(self.held());
        let (name, email, password) = (self.name.clone(), self.email.clone(), self.password.clone());
        Self { app: app.clone(), name, email, password, key: self.key.clone(), held }
    }

    /// Returns a thief who has copied this client's tokens, but not its key.
    pub fn stolen_copy(&self) -> Self {
        Self { key: None, ..self.at(&self.app) }
    }

    /// Signs the same person in at another client, which has this key; the session is bound to it.
    pub async fn elsewhere_bound_to(&self, key: Key) -> Self {
        let body = json!({"email": self.email, "password": self.password});
        let proof = key.proof(&self.app, "/api/auth/login");
        let answer = self.app.post("/api/auth/login", &body).proof(&proof).await;
        answer.ok();
        let person = Self::holding(&self.app, &self.name, &self.password, &answer);
        Self { key: Some(Arc::new(key)), ..person }
    }

    fn held(&self) -> HeldTokens {
        self.held.lock().unwrap().clone()
    }

    pub fn access_token(&self) -> String {
        self.held().access
    }

    pub fn refresh_token(&self) -> String {
        self.held().refresh
    }

    /// Returns the claims of the access token.
    pub fn claims(&self) -> Value {
        claims_of(&self.access_token())
    }

    pub fn session_id(&self) -> String {
        self.claims()["sid"].as_str().unwrap().to_owned()
    }

    /// Refreshes as a browser does.
    pub async fn refresh(&self) -> Answer {
        let answer = self.refresh_with(&self.refresh_token()).await;
        if answer.status == 200 {
            self.store_tokens(&answer);
        }
        answer
    }

    /// Stores the tokens of a response.
    pub fn store_tokens(&self, answer: &Answer) {
        *self.held.lock().unwrap() =
            HeldTokens { access: answer.access_token(), refresh: answer.refresh_token() };
    }

    /// Refreshes with any refresh token, and does not store the new one.
    pub async fn refresh_with(&self, token: &str) -> Answer {
        let call = self.app.post("/api/auth/refresh", &json!({})).cookie(token);
        match &self.key {
            Some(key) => call.proof(&key.proof(&self.app, "/api/auth/refresh")).await,
            None => call.await,
        }
    }

    /// Returns a request with the access token.
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.app.call(method, path).bearer(&self.access_token())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).await
    }

    /// Uses only the access token.
    pub async fn verify(&self) -> Answer {
        self.get("/api/auth/verify").await
    }

    pub async fn me(&self) -> Value {
        self.get("/api/me").await.ok()
    }

    pub async fn change_profile(&self, change: &Value) -> Answer {
        self.call("PATCH", "/api/me").json(change).await
    }

    pub async fn change_password(&self, current: &str, new: &str) -> Answer {
        let body = json!({"current_password": current, "new_password": new});
        self.call("POST", "/api/me/password").json(&body).await
    }

    pub async fn delete_account(&self, password: &str) -> Answer {
        self.call("DELETE", "/api/me").json(&json!({"password": password})).await
    }

    pub async fn export(&self) -> Value {
        self.get("/api/me/export").await.ok()
    }

    /// Signs out as a browser does.
    pub async fn log_out(&self) -> Answer {
        self.app.post("/api/auth/logout", &json!({})).cookie(&self.refresh_token()).await
    }

    pub async fn sessions(&self) -> Vec<Value> {
        let (mut sessions, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next) = self.page(200, cursor.as_deref()).await;
            sessions.extend(page);
            if next.is_none() {
                return sessions;
            }
            cursor = next;
        }
    }

    /// Returns the sessions of the list that have not ended.
    pub async fn sessions_that_live(&self) -> Vec<Value> {
        let (mut living, mut cursor) = (Vec::new(), None);
        loop {
            let (mut page, next) = self.page(200, cursor.as_deref()).await;
            let all = page.len();
            page.retain(|session| session.get("ended_at").is_none());
            let is_last = page.len() < all || next.is_none();
            living.extend(page);
            if is_last {
                return living;
            }
            cursor = next;
        }
    }

    /// Returns a page of the list of sessions, and the cursor of the next one.
    pub async fn page(&self, limit: usize, cursor: Option<&str>) -> (Vec<Value>, Option<String>) {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = self.get(&format!("/api/me/sessions?limit={limit}{cursor}")).await.ok();
        assert_eq!(super::keys(&page), ["items", "next"]);
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= limit, "{} of {limit}", items.len());
        (items, page["next"].as_str().map(str::to_owned))
    }

    pub async fn end(&self, session_id: &str) -> Answer {
        self.delete(&format!("/api/me/sessions/{session_id}")).await
    }

    pub async fn end_others(&self) -> Answer {
        self.delete("/api/me/sessions").await
    }

    /// Returns the session in the list, whatever its state. Reads the list no further.
    pub async fn listed(&self, session_id: &str) -> Value {
        let mut cursor = None;
        loop {
            let (page, next) = self.page(50, cursor.as_deref()).await;
            if let Some(found) = page.into_iter().find(|session| session["id"] == session_id) {
                return found;
            }
            cursor = Some(next.unwrap());
        }
    }

    /// Asserts that both tokens are refused with this reason.
    #[track_caller]
    pub fn is_signed_out(&self, reason: latchkey_shared::EndReason) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            use latchkey_shared::ErrorCode::SessionEnded;
            let (verified, refreshed) = (self.verify().await, self.refresh().await);
            assert_eq!(verified.problem(SessionEnded).end_reason, Some(reason), "{caller}");
            assert_eq!(refreshed.problem(SessionEnded).end_reason, Some(reason), "{caller}");
            assert_eq!(refreshed.set_cookie(), None, "a refused cookie is left alone: {caller}");
        }
    }
}
