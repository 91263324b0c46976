//! A disk that accepts no more data. The kernel itself refuses the writes: the maximum file size of the running program
//! is set from outside, which needs no privilege that its own user lacks.

use crate::server::*;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Advice in the log for the operator.
const ADVICE: &str = "look whether its disk is full, read-only or failing, the server goes on by itself";

/// Starts a server whose log passes through another program, so that the limit does not apply to it.
fn start(folder: &Path) -> Server {
    let pipe = folder.join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut command = Command::new("/bin/sh");
    // With SIGXFSZ ignored, exceeding the limit is a write error and does not end the program.
    command.args(["-c", "trap '' XFSZ; exec \"$0\" 2>\"$1\""]);
    command.arg(latchkey(folder, &[]).get_program()).arg(&pipe).stdin(Stdio::null());
    command.current_dir(folder).env_clear().env("LATCHKEY_LISTEN", "127.0.0.1:0");
    let log = folder.join("log");
    std::fs::write(&log, "").unwrap();
    std::thread::spawn(move || {
        let mut lines = std::fs::File::open(pipe).unwrap();
        let mut log = std::fs::File::options().append(true).open(log).unwrap();
        std::io::copy(&mut lines, &mut log).ok();
        log.flush().ok();
    });
    Server::spawn_logging_elsewhere(command, folder)
}

/// Sets the maximum file size of the running program.
fn limit(server: &Server, size: &str) {
    let set = Command::new("prlimit")
        .args(["--pid", &server.id().to_string(), &format!("--fsize={size}:")])
        .status();
    assert!(set.unwrap().success(), "prlimit is part of util-linux");
}

pub fn sign_up(name: &str) -> Value {
    json!({"email": format!("{name}@example.org"), "password": PASSWORD, "display_name": name})
}

fn tells_nothing((status, problem): &(u16, Value)) {
    assert_eq!((*status, &problem["code"]), (500, &json!("internal")), "{problem}");
    let text = problem.to_string().to_lowercase();
    for word in ["sql", "disk", "file", "database", "write", "code: "] {
        assert!(!text.contains(word), "names {word:?}: {problem}");
    }
}

pub async fn verify(server: &Server, signed_in: &Value) -> u16 {
    let token = signed_in["access_token"].as_str().unwrap();
    http_client()
        .get(server.url("/api/auth/verify"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

/// Asserts that every request that has to write fails with an internal error.
pub async fn must_write(server: &Server, ada: &Value) {
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    for (path, body) in [
        ("/api/auth/signup", sign_up("bob")),
        ("/api/auth/login", login),
        ("/api/auth/refresh", json!({"refresh_token": ada["refresh_token"]})),
        ("/api/auth/logout", json!({"refresh_token": ada["refresh_token"]})),
    ] {
        tells_nothing(&server.post(path, &body).await);
    }
}

#[tokio::test]
async fn a_disk_that_refuses_every_write_is_told_to_the_log_and_needs_no_restart() {
    let folder = folder();
    let server = start(folder.path());
    let ada = server.signed_in().await;
    assert_eq!(verify(&server, &ada).await, 200);
    limit(&server, "0");
    // More than once: a connection on which a commit failed must not attribute the next change to that transaction.
    for _ in 0..5 {
        must_write(&server, &ada).await;
        assert_eq!(verify(&server, &ada).await, 200, "what needs no write goes on");
    }
    wait_for("the log", || server.log().contains(ADVICE).then_some(()));
    limit(&server, "unlimited");
    let (status, ada) = server.refresh(&ada).await;
    assert_eq!(status, 200, "nobody was signed out: {ada}");
    assert_eq!(server.post("/api/auth/signup", &sign_up("bob")).await.0, 201);
    assert_eq!(server.refresh(&ada).await.0, 200);
}

#[tokio::test]
async fn what_was_answered_before_the_disk_was_full_is_there_when_it_is_not() {
    let folder = folder();
    let server = start(folder.path());
    let ada = server.signed_in().await;
    let log = folder.path().join("data/latchkey.db-wal");
    limit(&server, &(std::fs::metadata(log).unwrap().len() + 100_000).to_string());
    let mut answered = Vec::new();
    loop {
        let name = format!("person{}", answered.len());
        let answer = server.post("/api/auth/signup", &sign_up(&name)).await;
        if answer.0 != 201 {
            tells_nothing(&answer);
            break;
        }
        answered.push(name);
        assert!(answered.len() < 200, "the disk never gets full");
    }
    assert!(!answered.is_empty());
    limit(&server, "unlimited");
    for name in &answered {
        let login = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
        assert_eq!(server.post("/api/auth/login", &login).await.0, 200, "{name}");
    }
    assert_eq!(server.refresh(&ada).await.0, 200);
}
