//! The calls that are measured.

use super::load::Load;
use super::server::{Dataset, Server};
use crate::failure::Outcome;
use crate::process::run_checked;
use std::path::Path;

pub const VERIFY: &str = "/api/auth/verify";
const SIGN_UP: &str = "/api/auth/signup";
const LOGIN: &str = "/api/auth/login";
const REFRESH: &str = "/api/auth/refresh";
pub const LIST: &str = "/api/me/sessions";
/// Everybody's; bench/src/people.rs says the same.
const PASSWORD: &str = "an entirely different phrase";

/// More than the server answers in a second.
const PROOFS_PER_SECOND: u32 = 30_000;

/// Checks of access tokens, one after the other.
pub fn checks<'a>(server: &Server, lists: &'a Path, connections: usize, seconds: u32) -> Load<'a> {
    let more = vec!["0".to_owned()];
    Load {
        script: "tokens.lua",
        port: server.port,
        path: VERIFY,
        threads: 1,
        connections,
        seconds,
        lists,
        more,
    }
}

/// Everybody signs in, one after the other.
pub fn sign_ins<'a>(server: &Server, dataset: &'a Dataset, connections: usize, seconds: u32) -> Load<'a> {
    let (port, lists, more) = (server.port, dataset.path(), vec![PASSWORD.to_owned()]);
    Load { script: "login.lua", port, path: LOGIN, threads: 1, connections, seconds, lists, more }
}

/// Strangers sign up with hostile passwords, each run of them with addresses of its own.
pub fn hostile_sign_ups<'a>(
    server: &Server,
    dataset: &'a Dataset,
    connections: usize,
    seconds: u32,
    run: usize,
) -> Load<'a> {
    let (port, lists, more) = (server.port, dataset.path(), vec![run.to_string()]);
    Load { script: "signup.lua", port, path: SIGN_UP, threads: 1, connections, seconds, lists, more }
}

/// As many as there are cores to spare; each has its share of the connections.
fn threads(clients: usize) -> usize {
    clients.min(2)
}

/// How many sessions a run takes: each thread has a spare one.
pub fn sessions_of(clients: usize) -> usize {
    clients + threads(clients)
}

/// The same with a proof of the sessions' key in each call. There are proofs for more calls than can be answered.
pub fn proven_refreshes<'a>(
    server: &Server,
    dataset: &'a Dataset,
    clients: usize,
    used: usize,
    seconds: u32,
) -> Outcome<Load<'a>> {
    let mut proofs = dataset.tool("proofs");
    proofs.arg((PROOFS_PER_SECOND * seconds).to_string()).arg("--out").arg(dataset.path());
    run_checked("latchkey-bench proofs", &mut proofs)?;
    let mut load = refreshes(server, dataset, clients, used, seconds);
    load.more.push(load.threads.to_string());
    Ok(load)
}

/// Clients that each follow a session of their own, from the `used`th on.
pub fn refreshes<'a>(
    server: &Server,
    dataset: &'a Dataset,
    clients: usize,
    used: usize,
    seconds: u32,
) -> Load<'a> {
    let (port, lists, threads) = (server.port, dataset.path(), threads(clients));
    let more = vec![used.to_string(), (clients / threads).to_string()];
    Load { script: "refresh.lua", port, path: REFRESH, threads, connections: clients, seconds, lists, more }
}
