//! Log and metrics: what the server reports, and what it must not reveal.

use crate::leak_detector::LeakDetector;
use crate::server::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// A client that records every secret that it sends or receives.
pub struct RecordingClient<'a> {
    server: &'a Server,
    pub secrets: Mutex<LeakDetector>,
    called: Mutex<BTreeSet<(String, String)>>,
}

pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub id: String,
    cookie: Option<String>,
}

impl Reply {
    pub fn access(&self) -> &str {
        self.body["access_token"].as_str().unwrap()
    }

    fn refresh(&self) -> &str {
        self.body["refresh_token"].as_str().unwrap()
    }
}

impl<'a> RecordingClient<'a> {
    pub fn new(server: &'a Server) -> Self {
        Self { server, secrets: Mutex::default(), called: Mutex::default() }
    }

    /// Sends a request to `route`, in which `{id}` is replaced by `id`.
    pub async fn call(
        &self,
        method: &str,
        route: &str,
        id: &str,
        bearer: &str,
        cookie: &str,
        body: &Value,
    ) -> Reply {
        self.called.lock().unwrap().insert((method.to_owned(), route.to_owned()));
        let url = self.server.url(&route.replace("{id}", id));
        let mut request = http_client().request(method.parse().unwrap(), url);
        if !bearer.is_empty() {
            self.keep(bearer);
            request = request.bearer_auth(bearer);
        }
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        if !body.is_null() {
            self.keep_all(body);
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let cookie = header("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned());
        let (status, id) = (answer.status().as_u16(), header("x-request-id").unwrap());
        if let Some((_, value)) = cookie.as_ref().and_then(|cookie| cookie.split_once('=')) {
            self.keep(value);
        }
        let body = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        self.keep_all(&body);
        Reply { status, body, id, cookie }
    }

    pub async fn post(&self, route: &str, body: &Value) -> Reply {
        self.call("POST", route, "", "", "", body).await
    }

    pub async fn get(&self, route: &str, bearer: &str) -> Reply {
        self.call("GET", route, "", bearer, "", &Value::Null).await
    }

    fn keep_all(&self, body: &Value) {
        self.secrets.lock().unwrap().keep_all(body);
    }

    fn keep(&self, secret: &str) {
        self.secrets.lock().unwrap().keep(secret);
    }
}

/// Sends every request of the API, successful and failing.
pub async fn exercise(client: &RecordingClient<'_>) {
    let sign_up = |name: &str| json!({"email": format!("{name}@example.org"), "password": PASSWORD, "display_name": name});
    let ada = client.post("/api/auth/signup", &sign_up("ada")).await;
    assert_eq!(ada.status, 201);
    assert_eq!(client.post("/api/auth/signup", &sign_up("ada")).await.status, 409);
    let weak = json!({"email": "eve@example.org", "password": "monkey123456", "display_name": "Eve"});
    assert_eq!(client.post("/api/auth/signup", &weak).await.status, 422);
    let cookie = ada.cookie.clone().unwrap();
    let ada = client.call("POST", "/api/auth/refresh", "", "", &cookie, &json!({})).await;
    assert_eq!(ada.status, 200);
    let log_in =
        |password: &str| json!({"email": "ada@example.org", "password": password, "token_delivery": "body"});
    let first = client.post("/api/auth/login", &log_in(PASSWORD)).await;
    assert_eq!(client.post("/api/auth/login", &log_in("an invented phrase")).await.status, 401);
    let nobody = json!({"email": "nobody@example.org", "password": "another invented phrase"});
    assert_eq!(client.post("/api/auth/login", &nobody).await.status, 401);
    // Rotated, repeated, and replayed.
    let refresh = |token: &str| json!({"refresh_token": token});
    let second = client.post("/api/auth/refresh", &refresh(first.refresh())).await;
    assert_eq!(client.post("/api/auth/refresh", &refresh(first.refresh())).await.status, 200);
    let third = client.post("/api/auth/refresh", &refresh(second.refresh())).await;
    assert_eq!(client.get("/api/auth/verify", third.access()).await.status, 200);
    assert_eq!(client.get("/api/auth/verify", third.access()).await.status, 200);
    let replayed = client.post("/api/auth/refresh", &refresh(first.refresh())).await;
    assert_eq!((replayed.status, &replayed.body["code"]), (401, &json!("replay_detected")));
    assert_eq!(client.get("/api/auth/verify", third.access()).await.status, 401);
    assert_eq!(client.get("/api/auth/verify", "rubbish-token-that-nobody-signed").await.status, 401);
    assert_eq!(client.post("/api/auth/refresh", &refresh("other-rubbish-nobody-signed")).await.status, 401);
    assert_eq!(client.get("/api/me", first.refresh()).await.status, 401);
    let access = ada.access();
    for route in ["/api/me", "/api/me/export", "/api/me/sessions"] {
        assert_eq!(client.get(route, access).await.status, 200);
    }
    let name = json!({"display_name": "Ada L."});
    assert_eq!(client.call("PATCH", "/api/me", "", access, "", &name).await.status, 200);
    let other = client.post("/api/auth/login", &log_in(PASSWORD)).await;
    let sessions = client.get("/api/me/sessions", other.access()).await;
    let id = sessions.body["items"][0]["id"].as_str().unwrap().to_owned();
    let ended = client.call("DELETE", "/api/me/sessions/{id}", &id, access, "", &Value::Null).await;
    assert_eq!(ended.status, 204);
    assert_eq!(client.call("DELETE", "/api/me/sessions", "", access, "", &Value::Null).await.status, 204);
    let change =
        |current: &str| json!({"current_password": current, "new_password": "a rather different phrase"});
    for (current, status) in [("not the present phrase", 401), (PASSWORD, 200)] {
        let changed = client.call("POST", "/api/me/password", "", access, "", &change(current)).await;
        assert_eq!(changed.status, status);
    }
    let gone = client.post("/api/auth/login", &log_in("a rather different phrase")).await;
    assert_eq!(client.post("/api/auth/logout", &refresh(gone.refresh())).await.status, 204);
    for route in ["/api/health/live", "/api/health/ready", "/api/openapi.json", "/.well-known/jwks.json"] {
        assert_eq!(client.get(route, "").await.status, 200);
    }
    assert_eq!(client.get("/.well-known/change-password", "").await.status, 302);
    for method in ["POST", "PATCH", "DELETE"] {
        assert_eq!(client.call(method, "/api/auth/verify", "", access, "", &Value::Null).await.status, 200);
    }
    assert_eq!(client.get("/api/nowhere", "").await.status, 404);
    let broken = json!({"password": {"nested": "a phrase in the wrong place"}});
    client.keep("a phrase in the wrong place");
    assert_eq!(client.call("DELETE", "/api/me", "", access, "", &broken).await.status, 422);
    let leave = json!({"password": "a rather different phrase"});
    assert_eq!(client.call("DELETE", "/api/me", "", access, "", &leave).await.status, 204);
}

/// Returns the secrets that the server has generated itself, which it must not reveal either.
fn own_secrets(folder: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("data/secrets.json")).unwrap();
    let keys: Value = serde_json::from_str(&text).unwrap();
    let entries = ["signing", "refresh"].into_iter().flat_map(|kind| keys[kind].as_array().unwrap().clone());
    entries
        .map(|entry| entry["secret"].as_str().unwrap().to_owned())
        .chain(["$argon2id".to_owned()])
        .collect()
}

#[tokio::test]
async fn the_log_tells_no_secret_and_no_address_however_much_it_tells() {
    for format in ["text", "json"] {
        let folder = folder();
        let server = Server::start(folder.path(), &[("RUST_LOG", "trace"), ("LATCHKEY_LOG__FORMAT", format)]);
        let client = RecordingClient::new(&server);
        exercise(&client).await;
        let described = latchkey::server::description();
        for (route, item) in &described.paths.paths {
            for (method, there) in [
                ("GET", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ] {
                let called = client.called.lock().unwrap().contains(&(method.to_owned(), route.clone()));
                assert!(called || !there, "{method} {route} is never called here");
            }
        }
        let log = server.log();
        assert!(log.contains("Refresh token replayed") && !log.contains('\u{1b}'), "{log}");
        let mut secrets = client.secrets.into_inner().unwrap();
        assert!(secrets.count() > 25, "{}", secrets.count());
        own_secrets(folder.path()).iter().for_each(|secret| secrets.keep(secret));
        assert_eq!(secrets.found_in(&log), None);
    }
}

#[tokio::test]
async fn every_line_that_a_call_causes_carries_its_id() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("LATCHKEY_LOG__FORMAT", "json")]);
    let client = RecordingClient::new(&server);
    let first = server.signed_in().await;
    let refresh = |token: &Value| json!({"refresh_token": token});
    let second = client.post("/api/auth/refresh", &refresh(&first["refresh_token"])).await;
    let third = client.post("/api/auth/refresh", &refresh(&second.body["refresh_token"])).await;
    assert_eq!(third.status, 200);
    let replayed = client.post("/api/auth/refresh", &refresh(&first["refresh_token"])).await;
    assert_eq!(replayed.body["code"], "replay_detected");
    assert_eq!(replayed.body["request_id"], replayed.id.as_str());
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line =
        lines.iter().find(|line| line["message"].as_str().unwrap().starts_with("Refresh token replayed"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert_eq!(line["span"]["request.id"], replayed.id.as_str());
    assert_eq!(line["span"]["http.route"], "/api/auth/refresh");
    assert_eq!(line["level"], "WARN");
}

async fn scrape(address: &str, path: &str) -> (u16, String) {
    let answer = http_client().get(format!("http://{address}{path}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn prometheus_reads_every_number_and_nobody_is_in_them() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("LATCHKEY_METRICS__LISTEN", "127.0.0.1:0")]);
    let metrics = wait_for("the address", || {
        let log = server.log();
        let line = log.lines().find(|line| line.contains("The metrics can be read"))?;
        Some(line.split_once("metrics.listen=")?.1.trim().to_owned())
    });
    let client = RecordingClient::new(&server);
    exercise(&client).await;
    let (status, page) = scrape(&metrics, "/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "latchkey_requests_total{route=\"/api/auth/signup\",method=\"POST\",status=\"201\"} 1",
        "latchkey_requests_total{route=\"/api/auth/signup\",method=\"POST\",status=\"409\"} 1",
        "latchkey_requests_total{route=\"/api/me/sessions/{id}\",method=\"DELETE\",status=\"204\"} 1",
        "latchkey_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 1",
        "latchkey_request_duration_seconds_count{route=\"/api/auth/login\",method=\"POST\"} 5",
        "latchkey_request_duration_seconds_bucket{le=\"+Inf\",route=\"/api/auth/login\",method=\"POST\"} 5",
        "latchkey_refreshes_total{result=\"rotated\"} 3",
        "latchkey_refreshes_total{result=\"repeated\"} 1",
        "latchkey_refreshes_total{result=\"replayed\"} 1",
        "latchkey_refreshes_total{result=\"invalid\"} 1",
        "latchkey_refreshes_total{result=\"failed\"} 0",
        "latchkey_sign_ins_total{result=\"accepted\"} 3",
        "latchkey_sign_ins_total{result=\"rejected\"} 2",
        "latchkey_sessions_ended_total{reason=\"replay_detected\"} 1",
        "latchkey_sessions_ended_total{reason=\"signed_out\"} 1",
        "latchkey_sessions_ended_total{reason=\"account_deleted\"} 1",
        "latchkey_hashing_waiting 0",
        "latchkey_hashing_refused_total 0",
        "# EOF",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
    for name in [
        "latchkey_token_checks_total{result=\"remembered\"} ",
        "latchkey_token_checks_total{result=\"checked\"} ",
        "latchkey_hashing_jobs_total ",
        "latchkey_hashing_wait_seconds_total ",
        "latchkey_database_connections ",
        "latchkey_database_connections_idle ",
    ] {
        let line =
            page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}\n{page}"));
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() >= 0.0, "{line}");
    }
    assert_eq!(client.secrets.into_inner().unwrap().found_in(&page), None);
    assert_eq!(scrape(&metrics, "/api/me").await.0, 404);
    assert_eq!(scrape(&server.address, "/metrics").await.0, 404, "the API does not tell them");
}

#[tokio::test]
async fn refused_sign_ins_are_in_the_log_and_a_wait_once_when_it_begins() {
    let folder = folder();
    let server = Server::start(
        folder.path(),
        &[("LATCHKEY_LOG__FORMAT", "json"), ("LATCHKEY_THROTTLE__PER_ACCOUNT", "3")],
    );
    let ada = server.signed_in().await["account"]["id"].clone();
    for email in ["ada@example.org", "nobody@example.org"] {
        let guess = json!({"email": email, "password": "an invented phrase"});
        for expected in [401, 401, 401, 429, 429, 429] {
            assert_eq!(server.post("/api/auth/login", &guess).await.0, expected);
        }
    }
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let about = |start: &str| {
        let text = |line: &Value| line["message"].as_str().unwrap().starts_with(start);
        lines.iter().filter(|line| text(line)).cloned().collect::<Vec<_>>()
    };
    let refused = about("Sign-in refused");
    assert_eq!(refused.iter().filter(|line| line["account.id"] == ada).count(), 3, "{log}");
    assert_eq!(refused.iter().filter(|line| line.get("account.id").is_none()).count(), 3, "{log}");
    let waits = about("Too many wrong tries");
    assert_eq!(waits.len(), 2, "{log}");
    assert!(waits.iter().all(|line| line["wait.seconds"] == 2 && line["level"] == "WARN"), "{log}");
    assert!(
        waits.iter().chain(&refused).all(|line| line["span"]["http.route"] == "/api/auth/login"),
        "{log}"
    );
}

#[tokio::test]
async fn an_outage_of_the_database_is_in_the_log_when_it_begins_and_when_it_is_over() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("LATCHKEY_LOG__FORMAT", "json")]);
    let signed_in = server.signed_in().await;
    let url = format!("sqlite://{}/data/latchkey.db", folder.path().display());
    let database = sea_orm::Database::connect(url).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        sea_orm::ConnectionTrait::execute_unprepared(&database, &statement).await.unwrap();
    };
    let told = |words: &str| server.log().lines().filter(|line| line.contains(words)).count();
    let tells = |words: &str| wait_for(words, || (told(words) > 0).then_some(()));
    rename("ended_sessions", "ended_away").await;
    rename("sessions", "sessions_away").await;
    let access = signed_in["access_token"].as_str().unwrap();
    assert_eq!(
        http_client().get(server.url("/api/auth/verify")).bearer_auth(access).send().await.unwrap().status(),
        200
    );
    tells("Cannot read which sessions have ended");
    tells("Cannot write down which tokens were used");
    // Enough time for each of them to fail a few more times.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    rename("sessions_away", "sessions").await;
    rename("ended_away", "ended_sessions").await;
    tells("It can be read again which sessions have ended");
    tells("It can be written down again which tokens were used");
    database.close().await.unwrap();
    assert_eq!(told("Cannot read which sessions have ended"), 1, "{}", server.log());
    assert_eq!(told("Cannot write down which tokens were used"), 1, "{}", server.log());
}
