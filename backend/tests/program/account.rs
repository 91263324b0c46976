//! `latchkey account set-password`, for users who have forgotten their password.

use crate::polling::until;
use crate::server::*;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

const NEW: &str = "an entirely different phrase";

/// Runs the command with this input. Whatever the result, the output contains none of the input.
fn set_password(folder: &Path, email: &str, input: &str) -> Output {
    let mut command = latchkey(folder, &[]);
    command.args(["account", "set-password", email]).stdin(Stdio::piped());
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses the email address need not read the password.
    running.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = running.wait_with_output().unwrap();
    let told = String::from_utf8([&output.stdout[..], &output.stderr].concat()).unwrap();
    let password = input.trim_end();
    assert!(password.is_empty() || !told.contains(password), "{told}");
    output
}

fn refused(folder: &Path, email: &str, input: &str) -> String {
    let output = set_password(folder, email, input);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1), "{line}");
    line
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_beside_a_running_server_and_every_session_ends() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    // One session of the sign-up, one of a client.
    let ada = server.signed_in().await;
    let output = set_password(folder.path(), "Ada@example.org", &format!("{NEW}\n"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "the password is set; sessions that were ended: 2\n"
    );
    let (status, problem) = server.refresh(&ada).await;
    assert_eq!((status, &problem["end_reason"]), (401, &json!("password_reset")), "{problem}");
    let token = ada["access_token"].as_str().unwrap();
    let verify = async || {
        let call = http_client().get(server.url("/api/auth/verify")).bearer_auth(token).send().await;
        call.unwrap().status().as_u16()
    };
    until("the running server learns of it", async || verify().await == 401).await;
    for (password, status) in [(PASSWORD, 401), (NEW, 200)] {
        let login = json!({"email": "ada@example.org", "password": password});
        assert_eq!(server.post("/api/auth/login", &login).await.0, status);
    }
}

#[tokio::test]
async fn a_password_that_is_not_taken_changes_nothing_and_is_told_in_one_line() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let ada = server.signed_in().await;
    for (email, input, part) in [
        ("eve@example.org", NEW, "no account"),
        // An account of an earlier version may have this email address.
        ("ada@100%.example.org", NEW, "no account"),
        ("no address", NEW, "EMAIL"),
        ("ada@example.org", "", "no password"),
        ("ada@example.org", "\n", "no password"),
        ("ada@example.org", "one\ntwo", "one line"),
        ("ada@example.org", "short", "not taken"),
        ("ada@example.org", "password1", "not taken"),
        ("ada@example.org", "adaada@example.org", "not taken"),
    ] {
        let line = refused(folder.path(), email, input);
        assert!(line.contains(part), "{email}: {line}");
    }
    assert_eq!(server.refresh(&ada).await.0, 200);
}

#[test]
fn without_a_database_there_is_nothing_to_set_a_password_in() {
    let folder = folder();
    let line = refused(folder.path(), "ada@example.org", NEW);
    assert!(line.contains("database.url: there is no database at ./data/latchkey.db"), "{line}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}
