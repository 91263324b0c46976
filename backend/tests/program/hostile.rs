//! Log injection: hostile text creates no line of its own in the log, and no terminal control sequences.

use crate::server::*;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Marker that every text contains, to find it in the log.
const MARK: &str = "FORGED";

/// Lines in both formats of the log, sequences that move a terminal's cursor or set its title (with C0 and C1
/// controls), characters that other programs take for a line break or a change of direction, and the same in encodings
/// that a program might decode.
const TEXTS: [&str; 8] = [
    "\r\n2026-01-15T12:00:00.000000Z  INFO latchkey: FORGED\r\n",
    "\"}\n{\"timestamp\":\"2026-01-15T12:00:00.000000Z\",\"level\":\"INFO\",\"message\":\"FORGED\"}\n",
    "\u{1b}[2J\u{1b}[31mFORGED\u{1b}]0;FORGED\u{7}\u{8}\u{0}",
    "\u{9b}2JFORGED\u{85}FORGED\u{9d}0;FORGED\u{9c}",
    "FORGED\u{2028}FORGED\u{2029}FORGED\u{202e}FORGED\u{2066}",
    "%0d%0aFORGED%1b[2J%c2%9b2J",
    "\\r\\nFORGED\\u001b[2J\\x1b[2J",
    "{FORGED} {} {:?} %s %n ${jndi:ldap://FORGED}",
];

/// Sends this head unchanged with a body of matching length, and returns the response. Some of the heads are not valid
/// HTTP.
async fn send(server: &Server, head: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(&server.address).await.unwrap();
    let more = format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let bytes = [head.as_bytes(), more.as_bytes()].concat();
    let mut answer = Vec::new();
    // The server may close the connection before it has read everything.
    if connection.write_all(&bytes).await.is_ok() {
        let read = tokio::time::timeout(TIMEOUT, connection.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "not answered: {head}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the text in every place of a request that accepts text.
async fn everywhere(server: &Server, text: &str, signed_in: &Value) {
    let (access, refresh) =
        ["access_token", "refresh_token"].map(|name| signed_in[name].as_str().unwrap()).into();
    for name in [
        "user-agent",
        "x-forwarded-for",
        "x-request-id",
        "origin",
        "host",
        "referer",
        "traceparent",
        "cookie",
        text,
    ] {
        let head = format!("GET /api/me HTTP/1.1\r\nauthorization: Bearer {access}\r\n{name}: {text}\r\n");
        send(server, &head, "").await;
    }
    for name in ["authorization: Bearer ", "cookie: latchkey_refresh=", "sec-fetch-site: "] {
        let head = format!("POST /api/auth/refresh HTTP/1.1\r\nhost: x\r\n{name}{text}\r\n");
        send(server, &head, "").await;
    }
    let (no_space, method) = (text.replace(' ', "%20"), text.replace(' ', ""));
    for line in [
        format!("GET /{no_space} HTTP/1.1"),
        format!("GET /api/{no_space} HTTP/1.1"),
        format!("DELETE /api/me/sessions/{no_space} HTTP/1.1"),
        format!("GET /api/me?{no_space}={no_space} HTTP/1.1"),
        format!("{method} /api/me HTTP/1.1"),
        format!("GET /api/me {text}"),
    ] {
        send(server, &format!("{line}\r\nhost: x\r\nauthorization: Bearer {access}\r\n"), "").await;
    }
    let (address, phrase) = (format!("{text}@example.org"), "a phrase of somebody who is up to something");
    for (path, body) in [
        ("POST /api/auth/signup", json!({"email": address, "password": phrase, "display_name": "Eve"})),
        (
            "POST /api/auth/signup",
            json!({"email": "eve@example.org", "password": text, "display_name": text}),
        ),
        ("POST /api/auth/login", json!({"email": address, "password": text})),
        (
            "POST /api/auth/login",
            json!({"email": "ada@example.org", "password": text, "token_delivery": text}),
        ),
        ("POST /api/auth/refresh", json!({"refresh_token": text})),
        ("POST /api/auth/refresh", json!({"refresh_token": format!("{refresh}{text}")})),
        ("PATCH /api/me", json!({"display_name": text, "locale": "en"})),
        ("PATCH /api/me", json!({"display_name": "Ada", "locale": text})),
        ("PATCH /api/me", json!({text: text})),
        ("POST /api/me/password", json!({"current_password": text, "new_password": text})),
    ] {
        let head = format!(
            "{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {access}\r\ncontent-type: application/json\r\n\
             user-agent: {MARK} \u{9b}2J\u{85}\u{2028}{MARK}\r\n"
        );
        send(server, &head, &body.to_string()).await;
    }
}

/// Replays a token of a session whose user agent is hostile, which the log reports.
async fn replay(server: &Server) {
    let call = async |path: &str, body: Value| {
        let request = http_client().post(server.url(path)).header("content-type", "application/json");
        let request = request.header("user-agent", "FORGED\u{9b}2J\u{85}FORGED\u{2028}FORGED".as_bytes());
        let answer = request.body(body.to_string()).send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice::<Value>(&answer).unwrap()
    };
    let login = json!({"email": "ada@example.org", "password": PASSWORD, "token_delivery": "body"});
    let first = call("/api/auth/login", login).await["refresh_token"].clone();
    let second = call("/api/auth/refresh", json!({"refresh_token": first})).await["refresh_token"].clone();
    call("/api/auth/refresh", json!({"refresh_token": second})).await;
    let replayed = call("/api/auth/refresh", json!({"refresh_token": first})).await;
    assert_eq!(replayed["code"], "replay_detected", "{replayed}");
}

/// Returns `true` if the line begins, and is structured, as lines of the log are.
fn is_ours(line: &str, format: &str) -> bool {
    const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    if format == "json" {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        return line["timestamp"].is_string() && LEVELS.contains(&line["level"].as_str().unwrap_or_default());
    }
    let mut words = line.split_whitespace();
    let (time, level) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    time.len() == 27 && time.ends_with('Z') && LEVELS.contains(&level)
}

fn steers_a_terminal(c: &char) -> bool {
    c.is_control() && *c != '\n'
        || ('\u{2028}'..='\u{202e}').contains(c)
        || ('\u{2066}'..='\u{2069}').contains(c)
}

#[tokio::test]
async fn no_text_of_a_callers_makes_a_line_of_the_log_or_steers_a_terminal() {
    for format in ["text", "json"] {
        let folder = folder();
        let settings = [
            ("RUST_LOG", "trace"),
            ("LATCHKEY_LOG__FORMAT", format),
            ("LATCHKEY_PROXIES__TRUSTED", "127.0.0.1"),
            ("LATCHKEY_THROTTLE__PER_ACCOUNT", "1000"),
            ("LATCHKEY_THROTTLE__PER_NETWORK", "1000"),
        ];
        let server = Server::start(folder.path(), &settings);
        let ada = server.signed_in().await;
        for text in TEXTS {
            everywhere(&server, text, &ada).await;
        }
        replay(&server).await;
        // From here on every request that needs the database fails, and the log reports the cause.
        let url = format!("sqlite://{}/data/latchkey.db", folder.path().display());
        let database = sea_orm::Database::connect(url).await.unwrap();
        for table in ["accounts", "sessions"] {
            let away = format!("ALTER TABLE {table} RENAME TO {table}_away");
            database.execute_unprepared(&away).await.unwrap();
        }
        database.close().await.unwrap();
        for text in TEXTS {
            everywhere(&server, text, &ada).await;
        }
        let log = server.log();
        for told in ["Latchkey answers", "Refresh token replayed", "Request failed"] {
            assert!(log.contains(told), "{told}: {log}");
        }
        for line in log.lines() {
            assert!(is_ours(line, format), "{line:?}");
            assert!(!line.contains(MARK), "{line:?}");
        }
        assert_eq!(log.chars().find(steers_a_terminal), None);
    }
}
