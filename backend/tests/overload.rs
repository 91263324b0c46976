//! The program under overload: it stays up, requests that only check a token stay fast, and its memory stays bounded.
//! Every threshold is a generous ratio of two measurements of one run, because other programs use the machine, too.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "polling/mod.rs"]
#[expect(dead_code, reason = "the rest of it is for other tests")]
mod polling;
#[path = "program/server.rs"]
#[expect(dead_code, reason = "the rest of it is for the program's other tests")]
mod server;

use serde_json::json;
use server::{Server, folder};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A server with one hashing thread, and a client that reuses its connections and has no timeout.
struct OverloadedServer {
    server: Server,
    client: reqwest::Client,
    _folder: TempDir,
}

impl OverloadedServer {
    fn start(max_wait: &str) -> Self {
        let folder = folder();
        let settings = [
            ("LATCHKEY_PASSWORDS__THREADS", "1"),
            ("LATCHKEY_PASSWORDS__MAX_WAIT", max_wait),
            // The crowd comes from one machine, and its email addresses have no accounts.
            ("LATCHKEY_THROTTLE__PER_NETWORK", "100000"),
        ];
        let server = Server::start(folder.path(), &settings);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { server, client, _folder: folder }
    }

    async fn signed_up(&self) -> String {
        self.server.signed_in().await["access_token"].as_str().unwrap().to_owned()
    }

    /// Starts `size` concurrent sign-ins, each with an email address of its own that has no account.
    fn crowd(&self, size: usize) -> JoinSet<(u16, bool)> {
        (0..size)
            .map(|number| {
                let login =
                    json!({"email": format!("person{number}@example.org"), "password": server::PASSWORD});
                let call = self.client.post(self.server.url("/api/auth/login"));
                let call = call.header("content-type", "application/json").body(login.to_string());
                async move {
                    let answer = call.send().await.unwrap();
                    (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
                }
            })
            .collect()
    }

    /// Returns the median duration of several checks.
    async fn check(&self, token: &str) -> Duration {
        let mut times = Vec::new();
        for _ in 0..31 {
            let begun = Instant::now();
            let answer = self.client.get(self.server.url("/api/auth/verify")).bearer_auth(token).send().await;
            assert_eq!(answer.unwrap().status(), 200);
            times.push(begun.elapsed());
        }
        times.sort();
        times[times.len() / 2]
    }

    /// Returns the peak resident memory in KiB.
    fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_stay_fast_while_more_people_sign_in_than_can_be_served() {
    let server = OverloadedServer::start("60s");
    let token = server.signed_up().await;
    let (_warm, idle) = (server.check(&token).await, server.check(&token).await);
    let mut crowd = server.crowd(200);
    // One response has arrived, so all requests have.
    crowd.join_next().await.unwrap().unwrap();
    let busy = server.check(&token).await;
    assert!(!crowd.is_empty(), "the crowd was served before anything was measured");
    assert!(busy < idle * 20, "{busy:?} while they sign in, {idle:?} before");
    crowd.abort_all();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_would_wait_too_long_is_told_when_to_come_back_and_everybody_is_answered() {
    let server = OverloadedServer::start("200ms");
    let token = server.signed_up().await;
    let answers = server.crowd(300).join_all().await;
    let (mut served, mut refused) = (0, 0);
    for answer in answers {
        match answer {
            (401, false) => served += 1,
            (503, true) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(served > 0 && refused > 0, "{served} served, {refused} refused");
    server.check(&token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_thirty_times_as_large_takes_hardly_more_memory() {
    let server = OverloadedServer::start("60s");
    server.signed_up().await;
    server.crowd(8).join_all().await;
    let few = server.peak();
    server.crowd(240).join_all().await;
    let many = server.peak();
    assert!(many < few * 1.6, "{few} KiB for a few, {many} KiB for many");
}
