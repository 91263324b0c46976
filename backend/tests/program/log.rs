//! Content of the log for the operator.

use crate::server::*;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("LATCHKEY_LOG__FORMAT", "json");

fn lines(server: &Server) -> Vec<Value> {
    server.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn log_in(server: &Server, header: (&str, &str)) -> u16 {
    let body = json!({"email": "ada@example.org", "password": "not the right one"}).to_string();
    let call = http_client().post(server.url("/api/auth/login")).header("content-type", "application/json");
    call.header(header.0, header.1).body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn attack_sources_are_in_the_log_where_they_are_asked_for_and_nowhere_else() {
    for (addresses, tells) in [("true", true), ("false", false), ("", false)] {
        let folder = folder();
        let settings = [
            JSON,
            ("LATCHKEY_LOG__ADDRESSES", addresses),
            ("LATCHKEY_THROTTLE__PER_ACCOUNT", "1"),
            ("LATCHKEY_PROXIES__TRUSTED", "127.0.0.1"),
        ];
        let server = Server::start(folder.path(), &settings);
        for source in ["203.0.113.9", "2001:db8::9"] {
            assert_eq!(log_in(&server, ("x-forwarded-for", source)).await, 401);
            assert_eq!(log_in(&server, ("x-forwarded-for", source)).await, 429);
            let lines = lines(&server);
            let named: Vec<_> = lines.iter().filter(|line| line["client.address"] == source).collect();
            assert_eq!(named.len(), usize::from(tells), "{addresses}: {lines:?}");
            assert_eq!(server.log().contains(source), tells, "{addresses}");
        }
    }
}

#[tokio::test]
async fn a_page_that_is_opened_elsewhere_is_told_with_both_addresses_and_fills_no_log() {
    let folder = folder();
    let server = Server::start(folder.path(), &[JSON, ("LATCHKEY_PUBLIC_URL", "https://id.example.org")]);
    let hostile = ["http://192.0.2.7:8080", "null", "https://[evil", "x\"} {\"level\":\"ERROR\""];
    for origin in hostile {
        assert_eq!(log_in(&server, ("origin", origin)).await, 403);
    }
    for _ in 0..50 {
        assert_eq!(log_in(&server, ("origin", "http://192.0.2.7:8080")).await, 403);
    }
    let lines = lines(&server);
    let told: Vec<_> = lines.iter().filter(|line| line.get("origin.seen").is_some()).collect();
    assert_eq!(told.len(), 10, "{lines:?}");
    assert_eq!(told[0]["origin.seen"], "http://192.0.2.7:8080");
    assert!(told.iter().all(|line| line["origin.expected"] == "https://id.example.org"), "{told:?}");
    assert_eq!((&told[1]["origin.seen"], &told[3]["origin.seen"]), (&json!("null"), &json!("no web origin")));
}

/// Finds where a line contains the request's ID, as paths of field names.
fn places(value: &Value, id: &str, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(id) => found.push(at.to_owned()),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| places(value, id, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|value| places(value, id, &format!("{at}/…"), found)),
        _ => {}
    }
}

/// Covers lines logged while a request is processed, and the failure that is logged after it.
#[tokio::test]
async fn each_line_that_a_call_causes_has_its_id_once_and_in_one_place() {
    for level in ["trace", "error"] {
        let folder = folder();
        let server = Server::start(folder.path(), &[JSON, ("RUST_LOG", &format!("{level},latchkey=info"))]);
        let database = folder.path().join("data/latchkey.db");
        server.signed_in().await;
        let refused = async |path: &str, status: u16| {
            let body = json!({"email": "ada@example.org", "password": "not the right one"});
            let (answered, problem) = server.post(path, &body).await;
            assert_eq!(answered, status, "{problem}");
            problem["request_id"].as_str().unwrap().to_owned()
        };
        let mut ids = vec![refused("/api/auth/login", 401).await];
        // Renames a table while the server runs, so that its requests fail.
        let other = sea_orm::Database::connect(format!("sqlite://{}", database.display())).await.unwrap();
        let drop = "PRAGMA foreign_keys = OFF; ALTER TABLE accounts RENAME TO gone";
        sea_orm::ConnectionTrait::execute_unprepared(&other, drop).await.unwrap();
        ids.push(refused("/api/auth/login", 500).await);
        let lines = lines(&server);
        for id in ids {
            let of_the_call: Vec<_> = lines.iter().filter(|line| line.to_string().contains(&id)).collect();
            assert!(!of_the_call.is_empty(), "{lines:?}");
            for line in of_the_call {
                let mut found = Vec::new();
                places(line, &id, "", &mut found);
                assert_eq!(found, ["/span/request.id"], "{line}");
            }
        }
    }
}
