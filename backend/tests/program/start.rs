//! Starting the program, and its refusals to start.

use crate::polling::until;
use crate::server::*;
use nix::sys::signal::Signal;
use serde_json::json;

#[tokio::test]
async fn it_starts_with_nothing_configured_and_stops_when_asked() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.get("/api/health/ready").await, (200, json!({"status": "ok"})));
    let keys = server.get("/.well-known/jwks.json").await;
    let data = folder.path().join("data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("secrets.json")), 0o600);
    assert_eq!(mode(&data.join("latchkey.db")), 0o600);
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    assert_eq!(names(&data), ["latchkey.db", "secrets.json"], "the write-ahead log is folded in");
    let again = Server::start(folder.path(), &[]);
    assert_eq!(again.get("/.well-known/jwks.json").await, keys);
    assert_eq!(again.stop(Signal::SIGINT).code(), Some(0));
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let (status, signed_in) = server.refresh(&server.signed_in().await).await;
    assert_eq!(status, 200);
    server.stop(Signal::SIGKILL);
    let server = Server::start(folder.path(), &[]);
    let (status, signed_in) = server.refresh(&signed_in).await;
    assert_eq!((status, &signed_in["account"]["email"]), (200, &json!("ada@example.org")));
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line() {
    let folder = folder();
    for (name, value, parts) in [
        ("LATCHKEY_LISTEN", "127.0.0.1:99999", ["listen", "127.0.0.1:99999", "127.0.0.1:3000"]),
        ("LATCHKEY_LISTEN", "everywhere", ["listen", "expected", "127.0.0.1:3000"]),
        ("LATCHKEY_PUBLIC_URL", "id.example.org", ["public_url", "expected", "https://"]),
        ("LATCHKEY_TOKENS__ACCESS_LIFETIME", "soon", ["tokens.access_lifetime", "expected", "10m"]),
        ("LATCHKEY_SESSIONS__IDLE", "0s", ["sessions.idle", "0ns", "more than nothing"]),
        ("LATCHKEY_PASSWORDS__THREADS", "many", ["passwords.threads", "expected", "u16"]),
        ("LATCHKEY_PROXIES__TRUSTED", "friends", ["proxies.trusted", "expected", "10.0.0.0/8"]),
        ("LATCHKEY_TOKENS__SIGNING_KEY", "secret", ["tokens.signing_key", "Ed25519", "PEM"]),
        ("LATCHKEY_TOKENS__REFRESH_SECRET", "c2hvcnQ", ["tokens.refresh_secret", "32", "base64url"]),
        ("LATCHKEY_DATABASE__URL", "mysql://u:hunter2@db/x", ["database.url", "sqlite://", "postgres://"]),
        ("LATCHKEY_COLOUR", "red", ["colour", "unknown", "listen"]),
        ("LATCHKEY_TOKENS__COLOUR", "red", ["tokens.colour", "unknown", "access_lifetime"]),
        (
            "LATCHKEY_DATABASE__URL_FILE",
            "/proc/self/url",
            ["LATCHKEY_DATABASE__URL_FILE", "/proc/self/url", "read"],
        ),
    ] {
        let line = startup_error(&mut latchkey(folder.path(), &[(name, value)]));
        for part in parts {
            assert!(line.contains(part), "{name}={value}: {line}");
        }
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn a_bad_file_of_settings_stops_the_start_with_one_line() {
    let folder = folder();
    let line = startup_error(latchkey(folder.path(), &[]).args(["--config", "elsewhere.toml"]));
    assert!(line.contains("elsewhere.toml"), "{line}");
    for (text, part) in [
        ("colour = \"red\"", "colour"),
        ("listen = 3000", "listen"),
        ("[tokens]\naccess_lifetime = \"soon\"", "tokens.access_lifetime"),
        ("listen = \"127.0.0.1:1\nnonsense", "latchkey.toml"),
    ] {
        std::fs::write(folder.path().join("latchkey.toml"), text).unwrap();
        let line = startup_error(latchkey(folder.path(), &[]).env_remove("LATCHKEY_LISTEN"));
        assert!(line.contains(part), "{text}: {line}");
    }
}

#[test]
fn a_port_that_is_taken_stops_the_start_with_one_line() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = startup_error(&mut latchkey(folder.path(), &[("LATCHKEY_LISTEN", &address)]));
    assert!(line.contains(&format!("listen: {address}")) && line.contains("in use"), "{line}");
    assert_eq!(names(folder.path()), Vec::<String>::new(), "nothing is made before it is known to start");
}

/// The user of the tests may have permission to read everything: so these paths are not folders at all.
#[test]
fn a_data_folder_that_cannot_be_used_stops_the_start_with_one_line() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for data_dir in ["file", "file/data", "/proc/data"] {
        let line = startup_error(&mut latchkey(folder.path(), &[("LATCHKEY_DATA_DIR", data_dir)]));
        assert!(line.contains("data_dir: ") && line.contains(data_dir), "{line}");
    }
    std::fs::create_dir_all(folder.path().join("data/secrets.json")).unwrap();
    let line = startup_error(&mut latchkey(folder.path(), &[]));
    assert!(line.contains("data_dir: ") && line.contains("secrets.json"), "{line}");
}

#[test]
fn damaged_secrets_stop_the_start_with_one_line_that_does_not_tell_them() {
    let folder = folder();
    let file = folder.path().join("data/secrets.json");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    for text in ["", "{}", "{\"signing_seed\": \"hunter2\", \"refresh_secret\": \"hunter2\"}", "hunter2"] {
        std::fs::write(&file, text).unwrap();
        let line = startup_error(&mut latchkey(folder.path(), &[]));
        assert!(line.contains("secrets.json is damaged") && !line.contains("hunter2"), "{line}");
    }
}

#[test]
fn a_database_that_cannot_be_opened_stops_the_start_with_one_line() {
    let folder = folder();
    std::fs::write(folder.path().join("no.db"), "not a database, but some other file that is long enough")
        .unwrap();
    for url in [
        "postgres://latchkey:hunter2@127.0.0.1:1/latchkey",
        "postgres://latchkey:hunter2@nowhere.invalid/latchkey",
        "sqlite://nowhere/latchkey.db",
        "sqlite://no.db",
    ] {
        let line = startup_error(&mut latchkey(folder.path(), &[("LATCHKEY_DATABASE__URL", url)]));
        assert!(line.contains("database.url: ") && !line.contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn secrets_can_come_from_files() {
    // Key of RFC 8410 §10.3.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let folder = folder();
    for (name, text) in [("url", "sqlite://elsewhere.db"), ("key", PEM), ("secret", &"A".repeat(43))] {
        std::fs::write(folder.path().join(name), format!("{text}\n")).unwrap();
    }
    let settings = [
        ("LATCHKEY_DATABASE__URL_FILE", "url"),
        ("LATCHKEY_TOKENS__SIGNING_KEY_FILE", "key"),
        ("LATCHKEY_TOKENS__REFRESH_SECRET_FILE", "secret"),
    ];
    let server = Server::start(folder.path(), &settings);
    let (_, keys) = server.get("/.well-known/jwks.json").await;
    assert_eq!(keys["keys"][0]["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    assert_eq!(server.refresh(&server.signed_in().await).await.0, 200);
    assert!(folder.path().join("elsewhere.db").is_file());
    assert_eq!(names(&folder.path().join("data")), Vec::<String>::new());
}

#[tokio::test]
async fn keys_are_changed_under_a_running_server_and_nobody_is_signed_out() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let signed_in = server.signed_in().await;
    let published =
        || async { server.get("/.well-known/jwks.json").await.1["keys"].as_array().unwrap().len() };
    assert_eq!(published().await, 1);
    let rotate = || latchkey(folder.path(), &[]).args(["keys", "rotate", "--lead", "1h"]).output().unwrap();
    let told = rotate();
    assert!(told.status.success());
    assert_eq!(String::from_utf8(told.stdout).unwrap().lines().count(), 3);
    assert_eq!(mode(&folder.path().join("data/secrets.json")), 0o600);
    until("the running server publishes the new key", async || published().await == 2).await;
    let (status, next) = server.refresh(&signed_in).await;
    assert_eq!(status, 200);
    assert_eq!(server.refresh(&next).await.0, 200);
    let second = rotate();
    assert!(!second.status.success() && String::from_utf8(second.stderr).unwrap().contains("wait already"));
}

#[tokio::test]
async fn a_server_whose_keys_are_not_those_of_its_database_says_so_at_its_start() {
    let (first, second) = (folder(), folder());
    let url = format!("sqlite://{}/latchkey.db", first.path().display());
    let shared = [("LATCHKEY_DATABASE__URL", url.as_str())];
    // It is logged before the first response.
    let start = async |folder: &std::path::Path| {
        let server = Server::start(folder, &shared);
        assert_eq!(server.get("/api/health/ready").await.0, 200);
        let says_so = server.log().contains("not the keys that this database was used with");
        (server, says_so)
    };
    let (one, says_so) = start(first.path()).await;
    assert!(!says_so, "nobody was here before: {}", one.log());
    let signed_in = one.signed_in().await;
    one.stop(Signal::SIGTERM);
    let (other, says_so) = start(second.path()).await;
    assert!(says_so, "{}", other.log());
    assert_eq!(other.refresh(&signed_in).await.0, 401);
    other.stop(Signal::SIGTERM);
    let (one, says_so) = start(first.path()).await;
    assert!(says_so, "it was the other who was here last: {}", one.log());
    one.stop(Signal::SIGTERM);
    std::fs::copy(first.path().join("data/secrets.json"), second.path().join("data/secrets.json")).unwrap();
    let (other, says_so) = start(second.path()).await;
    assert!(!says_so, "now they agree: {}", other.log());
    assert_eq!(other.refresh(&signed_in).await.0, 200);
    other.stop(Signal::SIGTERM);
    let rotate = latchkey(first.path(), &shared).args(["keys", "rotate"]).status();
    assert!(rotate.unwrap().success());
    let (one, says_so) = start(first.path()).await;
    assert!(!says_so, "the old keys still stand beside the new: {}", one.log());
}

/// Covers every path by which a server can reach the file.
#[tokio::test]
async fn a_second_server_on_one_sqlite_database_is_refused_with_one_line_and_a_killed_one_leaves_no_lock() {
    let (first, second) = (folder(), folder());
    let data = first.path().join("data");
    let server = Server::start(first.path(), &[]);
    let signed_in = server.signed_in().await;
    std::os::unix::fs::symlink(&data, second.path().join("data")).unwrap();
    std::os::unix::fs::symlink(data.join("latchkey.db"), second.path().join("link.db")).unwrap();
    let absolute = format!("sqlite://{}/latchkey.db", data.display());
    let database = |url: &'static str| ("LATCHKEY_DATABASE__URL", url);
    let elsewhere = ("LATCHKEY_DATA_DIR", "elsewhere");
    let refused = |folder: &std::path::Path, settings: &[(&str, &str)]| {
        let line = startup_error(&mut latchkey(folder, settings));
        assert!(
            line.contains("database.url: another server uses ") && line.contains("latchkey.db")
                || line.contains("link.db"),
            "{line}"
        );
    };
    refused(first.path(), &[]);
    refused(second.path(), &[]);
    refused(second.path(), &[elsewhere, ("LATCHKEY_DATABASE__URL", &absolute)]);
    refused(second.path(), &[elsewhere, database("sqlite://link.db")]);
    // Commands that work while a server runs still do.
    assert!(latchkey(first.path(), &[]).args(["backup", "kept.backup"]).status().unwrap().success());
    assert!(latchkey(first.path(), &[]).args(["keys", "rotate"]).status().unwrap().success());
    let line =
        startup_error(latchkey(second.path(), &[elsewhere, ("LATCHKEY_DATABASE__URL", &absolute)]).args([
            "restore",
            first.path().join("kept.backup").to_str().unwrap(),
            "--force",
        ]));
    assert!(line.contains("in use: stop the server first"), "{line}");
    assert_eq!(server.get("/api/health/ready").await.0, 200, "the first goes on");
    server.stop(Signal::SIGKILL);
    let server = Server::start(first.path(), &[]);
    assert_eq!(server.refresh(&signed_in).await.0, 200);
    server.stop(Signal::SIGTERM);
    // Another database in the same folder does not conflict.
    let one = Server::start(first.path(), &[]);
    let other = Server::start(first.path(), &[database("sqlite://other.db")]);
    assert_eq!(other.get("/api/health/ready").await.0, 200);
    assert_eq!(one.get("/api/health/ready").await.0, 200);
}
