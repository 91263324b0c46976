//! Clients under load, each of which records what was confirmed: that must hold whenever the server is back.

use crate::server::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A missing response, or one of a server error (5xx): the request may have taken effect or not.
#[derive(Debug)]
pub struct Unanswered {
    /// Error or response that was received instead.
    instead: String,
}

impl From<reqwest::Error> for Unanswered {
    fn from(error: reqwest::Error) -> Self {
        Self { instead: format!("{error:?}") }
    }
}

type Answered = Result<(u16, Value), Unanswered>;

/// Number of responses received by all clients, and whether they are to stop.
#[derive(Clone, Default)]
pub struct Progress(Arc<(AtomicUsize, AtomicBool)>);

impl Progress {
    pub fn count(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    fn add(&self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Prevents new requests, or permits them again.
    pub fn halt(&self, halted: bool) {
        self.0.1.store(halted, Ordering::SeqCst);
    }

    fn is_halted(&self) -> bool {
        self.0.1.load(Ordering::SeqCst)
    }
}

/// A session as its client knows it.
struct HeldSession {
    access: String,
    refresh: String,
    generation: u64,
}

impl HeldSession {
    fn of(signed_in: &Value) -> Self {
        let text = |name: &str| signed_in[name].as_str().unwrap().to_owned();
        let access = text("access_token");
        let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        Self { access, refresh: text("refresh_token"), generation: claims["gen"].as_u64().unwrap() }
    }
}

/// A client, and the state that was confirmed to it.
pub struct Person {
    number: usize,
    email: String,
    /// `true` if the sign-up was confirmed.
    signed_up: bool,
    password: String,
    /// New password of an interrupted change: either this one is valid, or the one before.
    perhaps: Option<String>,
    former: Option<String>,
    sessions: Vec<HeldSession>,
    /// Sessions that an interrupted change of the password ends, if it took effect.
    with_password: Vec<HeldSession>,
    /// Sessions for which the request to end them was interrupted.
    doubtful: Vec<HeldSession>,
    over: Vec<HeldSession>,
    /// Email addresses and passwords of further accounts whose sign-up was confirmed since the last check.
    newcomers: Vec<(String, String)>,
    /// Error that interrupted the last run.
    cut: Option<Unanswered>,
    steps: usize,
    progress: Progress,
}

impl Person {
    pub fn new(number: usize, progress: &Progress) -> Self {
        Self {
            number,
            email: format!("person{number}@example.org"),
            signed_up: false,
            password: format!("the first phrase of person {number}"),
            perhaps: None,
            former: None,
            sessions: Vec::new(),
            with_password: Vec::new(),
            doubtful: Vec::new(),
            over: Vec::new(),
            newcomers: Vec::new(),
            cut: None,
            steps: number * 3,
            progress: progress.clone(),
        }
    }

    pub fn is_signed_up(&self) -> bool {
        self.signed_up
    }

    /// Returns `true` if another account was signed up since the last check.
    pub fn brought_somebody(&self) -> bool {
        !self.newcomers.is_empty()
    }

    /// Works until a response is missing, or everybody is to stop.
    pub async fn live(mut self, address: String) -> Self {
        self.cut = None;
        while !self.progress.is_halted() && self.cut.is_none() {
            self.cut = self.step(&address).await.err();
        }
        self
    }

    /// Returns the error that interrupted the last run, unless everybody was to stop.
    pub fn cut(&self) -> Option<&str> {
        self.cut.as_ref().map(|cut| &*cut.instead)
    }

    async fn step(&mut self, address: &str) -> Result<(), Unanswered> {
        self.steps += 1;
        if !self.signed_up {
            return self.sign_up(address).await;
        }
        match (self.sessions.len(), self.steps % 12) {
            (0, _) | (1, 0) => self.sign_in(address).await,
            (2.., 3) => self.end_one(address).await,
            (_, 6) => self.change_password(address).await,
            (_, 5 | 11) => self.sign_another_up(address).await,
            (1..=3, 9) => self.sign_in(address).await,
            _ => self.refresh(address).await,
        }
    }

    async fn sign_up(&mut self, address: &str) -> Result<(), Unanswered> {
        let (status, answer) = self.try_to_sign_up(address, &self.email).await?;
        // An interrupted sign-up may have taken effect.
        assert!(status == 201 || status == 409, "{status} {answer}");
        self.signed_up = true;
        Ok(())
    }

    async fn try_to_sign_up(&self, address: &str, email: &str) -> Answered {
        let body = json!({"email": email, "password": self.password, "display_name": "Person"});
        self.post(address, "/api/auth/signup", &body).await
    }

    /// Signs up another account, so that there are new accounts at every interruption.
    async fn sign_another_up(&mut self, address: &str) -> Result<(), Unanswered> {
        let email = format!("newcomer{}-{}@example.org", self.number, self.steps);
        let (status, answer) = self.try_to_sign_up(address, &email).await?;
        assert_eq!(status, 201, "{answer}");
        self.newcomers.push((email, self.password.clone()));
        Ok(())
    }

    async fn sign_in(&mut self, address: &str) -> Result<(), Unanswered> {
        let password = self.password.clone();
        let (status, answer) = self.try_password(address, &password).await?;
        assert_eq!(status, 200, "{answer}");
        self.sessions.push(HeldSession::of(&answer));
        Ok(())
    }

    async fn try_password(&self, address: &str, password: &str) -> Answered {
        self.try_to_sign_in(address, &self.email, password).await
    }

    async fn try_to_sign_in(&self, address: &str, email: &str, password: &str) -> Answered {
        let body = json!({"email": email, "password": password, "token_delivery": "body"});
        self.post(address, "/api/auth/login", &body).await
    }

    /// Rotates one session's token, and uses the new one every other time.
    async fn refresh(&mut self, address: &str) -> Result<(), Unanswered> {
        let turn = self.steps % self.sessions.len();
        let before = &self.sessions[turn];
        let body = json!({"refresh_token": before.refresh});
        let (status, answer) = self.post(address, "/api/auth/refresh", &body).await?;
        assert_eq!(status, 200, "generation {}: {answer}", before.generation);
        let after = HeldSession::of(&answer);
        assert_eq!(after.generation, before.generation + 1);
        self.sessions[turn] = after;
        if self.steps.is_multiple_of(2) {
            let (status, answer) = self.check(address, &self.sessions[turn]).await?;
            assert_eq!(status, 200, "{answer}");
        }
        Ok(())
    }

    async fn end_one(&mut self, address: &str) -> Result<(), Unanswered> {
        let ended = self.sessions.remove(0);
        let body = json!({"refresh_token": ended.refresh});
        match self.post(address, "/api/auth/logout", &body).await {
            Ok((status, answer)) => {
                assert_eq!(status, 204, "{answer}");
                self.over.push(ended);
                Ok(())
            }
            Err(cut) => {
                self.doubtful.push(ended);
                Err(cut)
            }
        }
    }

    async fn change_password(&mut self, address: &str) -> Result<(), Unanswered> {
        let new = format!("phrase {} of person {}", self.steps, self.number);
        let body = json!({"current_password": self.password, "new_password": new});
        let request = request(address, "/api/me/password", &body).bearer_auth(&self.sessions[0].access);
        let others = self.sessions.split_off(1);
        match self.answer(request).await {
            Ok((status, answer)) => {
                assert_eq!(status, 200, "{answer}");
                self.former = Some(std::mem::replace(&mut self.password, new));
                self.sessions[0] = HeldSession::of(&answer);
                self.over.extend(others);
                Ok(())
            }
            Err(cut) => {
                self.perhaps = Some(new);
                self.with_password = others;
                Err(cut)
            }
        }
    }

    /// Asserts that everything that was confirmed holds.
    pub async fn finds_what_was_answered(&mut self, address: &str) {
        if self.signed_up {
            self.finds_the_password(address).await;
        }
        for (email, password) in std::mem::take(&mut self.newcomers) {
            let (status, answer) = self.try_to_sign_in(address, &email, &password).await.unwrap();
            assert_eq!(status, 200, "{email}: a sign-up is lost: {answer}");
        }
        for held in std::mem::take(&mut self.sessions) {
            let found = self.is_open(address, &held).await;
            self.sessions.push(found.unwrap_or_else(|| panic!("{}: a session is gone", self.email)));
        }
        for held in std::mem::take(&mut self.over) {
            let found = self.is_open(address, &held).await;
            assert!(found.is_none(), "{}: a session is back", self.email);
            let (status, answer) = self.check(address, &held).await.unwrap();
            assert_eq!((status, &answer["code"]), (401, &json!("session_ended")), "{answer}");
        }
        for held in std::mem::take(&mut self.doubtful) {
            let found = self.is_open(address, &held).await;
            self.sessions.extend(found);
        }
    }

    async fn finds_the_password(&mut self, address: &str) {
        if let Some(perhaps) = self.perhaps.take() {
            let (status, answer) = self.try_password(address, &perhaps).await.unwrap();
            let has_changed = status == 200;
            if has_changed {
                self.sessions.push(HeldSession::of(&answer));
                self.former = Some(std::mem::replace(&mut self.password, perhaps));
            }
            for held in std::mem::take(&mut self.with_password) {
                let found = self.is_open(address, &held).await;
                assert_eq!(found.is_none(), has_changed, "{}: the change is there by half", self.email);
                self.sessions.extend(found);
            }
        }
        let password = self.password.clone();
        let (status, answer) = self.try_password(address, &password).await.unwrap();
        assert_eq!(status, 200, "{}: the password is not the one that was set: {answer}", self.email);
        self.sessions.push(HeldSession::of(&answer));
        if let Some(former) = self.former.take() {
            let (status, answer) = self.try_password(address, &former).await.unwrap();
            assert_eq!(status, 401, "{}: a former password is back: {answer}", self.email);
        }
    }

    /// Refreshes. The generation shows if the last rotation is stored; an interrupted one gets its response again.
    async fn is_open(&self, address: &str, held: &HeldSession) -> Option<HeldSession> {
        let body = json!({"refresh_token": held.refresh});
        let (status, answer) = self.post(address, "/api/auth/refresh", &body).await.unwrap();
        if status == 200 {
            let found = HeldSession::of(&answer);
            assert_eq!(found.generation, held.generation + 1, "{}: a rotation is lost", self.email);
            return Some(found);
        }
        assert_eq!((status, &answer["code"]), (401, &json!("session_ended")), "{}: {answer}", self.email);
        None
    }

    async fn check(&self, address: &str, held: &HeldSession) -> Answered {
        let url = format!("http://{address}/api/auth/verify");
        self.answer(http_client().get(url).bearer_auth(&held.access)).await
    }

    async fn post(&self, address: &str, path: &str, body: &Value) -> Answered {
        self.answer(request(address, path, body)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Answered {
        // Each client has an address of its own, so that they do not share a throttle.
        let from = format!("192.0.2.{}", self.number + 1);
        let answer = request.header("x-forwarded-for", from).send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        if status >= 500 {
            return Err(Unanswered { instead: format!("{status} {}", String::from_utf8_lossy(&bytes)) });
        }
        self.progress.add();
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }
}

fn request(address: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
    let request =
        http_client().post(format!("http://{address}{path}")).header("content-type", "application/json");
    request.body(body.to_string())
}
