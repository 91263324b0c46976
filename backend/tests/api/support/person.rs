//! Somebody with an account, and one client of theirs that is signed in.

use super::{Answer, Call, Key, TestApp, claims_of};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Strong enough for every check.
pub const PASSWORD: &str = "correct horse battery staple";

pub fn address_of(name: &str) -> String {
    format!("{name}@example.org")
}

/// A client holds one pair of tokens, as a browser does: a refresh that succeeds replaces them.
pub struct Person {
    pub app: TestApp,
    pub name: String,
    pub email: String,
    pub password: String,
    /// What each refresh of this client proves, if anything.
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

    /// The same person at another client.
    pub async fn elsewhere(&self) -> Self {
        self.elsewhere_with(json!({})).await
    }

    /// The same person at another client that asks for more than the address and the password say.
    pub async fn elsewhere_with(&self, more: Value) -> Self {
        let mut body = json!({"email": self.email, "password": self.password});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.app.post("/api/auth/login", &body).await;
        answer.ok();
        Self::holding(&self.app, &self.name, &self.password, &answer)
    }

    /// The same client, talking to another server.
    pub fn at(&self, app: &TestApp) -> Self {
        let held = Mutex::new(self.held());
        let (name, email, password) = (self.name.clone(), self.email.clone(), self.password.clone());
        Self { app: app.clone(), name, email, password, key: self.key.clone(), held }
    }

    /// Somebody who has copied this client's tokens, and not its key.
    pub fn stolen_copy(&self) -> Self {
        Self { key: None, ..self.at(&self.app) }
    }

    /// The same person at another client, which has this key; the session is bound to it.
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

    /// What the access token says.
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

    /// Keeps the tokens that an answer brought.
    pub fn store_tokens(&self, answer: &Answer) {
        *self.held.lock().unwrap() =
            HeldTokens { access: answer.access_token(), refresh: answer.refresh_token() };
    }

    /// Shows any refresh token, and does not keep what it brings.
    pub async fn refresh_with(&self, token: &str) -> Answer {
        let call = self.app.post("/api/auth/refresh", &json!({})).cookie(token);
        match &self.key {
            Some(key) => call.proof(&key.proof(&self.app, "/api/auth/refresh")).await,
            None => call.await,
        }
    }

    /// A call with the access token.
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.app.call(method, path).bearer(&self.access_token())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).await
    }

    /// Uses the access token, and nothing else.
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

    /// Those of the list that have not ended.
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

    /// A page of the list of sessions, and the cursor of the next one.
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

    /// The session in the list, however it is. The list is read no further.
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

    /// Neither token opens anything any more, and both are told why.
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
