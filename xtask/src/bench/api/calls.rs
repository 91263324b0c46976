//! The requests that the benchmarks send.

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
/// Password of every account; bench/src/people.rs has the same value.
const PASSWORD: &str = "an entirely different phrase";

/// Proofs made for each second of a run: more than the server can process.
const PROOFS_PER_SECOND: u32 = 30_000;

/// Checks of access tokens, in the order of the list.
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

/// Sign-ins, one account after the other.
pub fn sign_ins<'a>(server: &Server, dataset: &'a Dataset, connections: usize, seconds: u32) -> Load<'a> {
    let (port, lists, more) = (server.port, dataset.path(), vec![PASSWORD.to_owned()]);
    Load { script: "login.lua", port, path: LOGIN, threads: 1, connections, seconds, lists, more }
}

/// Sign-ups with hostile passwords; each run uses addresses of its own.
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

/// Returns the number of wrk threads, at most 2, to leave cores for the server; the connections are divided among them.
fn threads(clients: usize) -> usize {
    clients.min(2)
}

/// Returns the number of sessions that a run uses: one for each client, and a spare one for each thread.
pub fn sessions_of(clients: usize) -> usize {
    clients + threads(clients)
}

/// Refreshes that carry a proof of the session's key. More proofs are prepared than the server can process.
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

/// Refreshes by clients that each use a session of their own, starting with session number `used`.
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
