//! Durability: nothing that was confirmed is lost, whichever process is killed under load, and whenever.

use crate::load::{Person, Progress};
use crate::polling::until;
use crate::postgres::Cluster;
use crate::server::*;
use futures::future::join_all;
use latchkey::db::Snapshot;
use nix::sys::signal::Signal;

const PEOPLE: usize = 5;
const ROUNDS: usize = 4;
/// Number of responses between two kills.
const ANSWERS: usize = 100;
const TRUSTING: (&str, &str) = ("LATCHKEY_PROXIES__TRUSTED", "127.0.0.1");

/// The clients, with the state that was confirmed to each, and their common progress.
struct Crowd {
    people: Vec<Person>,
    progress: Progress,
}

impl Crowd {
    fn new() -> Self {
        let progress = Progress::default();
        Self { people: (0..PEOPLE).map(|number| Person::new(number, &progress)).collect(), progress }
    }

    /// Lets the clients work until `kill` interrupts them, which cuts off pending requests.
    async fn work_until(&mut self, address: &str, kill: impl AsyncFnOnce()) {
        let enough = self.progress.count() + ANSWERS;
        let people = std::mem::take(&mut self.people);
        let at_work: Vec<_> =
            people.into_iter().map(|one| tokio::spawn(one.live(address.to_owned()))).collect();
        until("they get on", async || {
            self.progress.count() >= enough || at_work.iter().any(tokio::task::JoinHandle::is_finished)
        })
        .await;
        kill().await;
        // A client between two requests may find the server restarted, or not notice the kill.
        self.progress.halt(true);
        for one in at_work {
            self.people.push(one.await.unwrap());
        }
        self.progress.halt(false);
        let cut: Vec<_> = self.people.iter().filter_map(Person::cut).collect();
        assert!(self.progress.count() >= enough, "somebody was cut off too early: {cut:?}");
    }

    async fn find_what_was_answered(&mut self, address: &str) {
        assert!(self.people.iter().any(Person::brought_somebody), "nobody is new");
        join_all(self.people.iter_mut().map(|one| one.finds_what_was_answered(address))).await;
        assert!(self.people.iter().any(Person::is_signed_up));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_kill_9_under_load_on_sqlite() {
    let folder = folder();
    let mut crowd = Crowd::new();
    let mut server = Server::start(folder.path(), &[TRUSTING]);
    for _ in 0..ROUNDS {
        let address = server.address.clone();
        crowd.work_until(&address, async || killed(server)).await;
        server = Server::start(folder.path(), &[TRUSTING]);
        let mut database = Snapshot::open_read_only(&folder.path().join("data/latchkey.db")).await.unwrap();
        database.check_integrity().await.unwrap();
        database.close().await.unwrap();
        crowd.find_what_was_answered(&server.address).await;
    }
}

/// Kills the server, then one of the processes that serve it (PostgreSQL then restarts by itself), then all of
/// PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn what_was_answered_survives_kill_9_under_load_on_postgresql() {
    let mut cluster = Cluster::start();
    let folder = folder();
    let url = cluster.url();
    let settings = [TRUSTING, ("LATCHKEY_DATABASE__URL", &*url)];
    let mut crowd = Crowd::new();
    let mut server = Server::start(folder.path(), &settings);
    for round in 0..ROUNDS {
        let address = server.address.clone();
        match round % 3 {
            0 => {
                crowd.work_until(&address, async || killed(server)).await;
                server = Server::start(folder.path(), &settings);
            }
            1 => crowd.work_until(&address, async || cluster.kill_a_backend().await).await,
            _ => crowd.work_until(&address, async || cluster.stop_at_once()).await,
        }
        cluster.serve_again();
        becomes_ready(&server).await;
        cluster.has_no_orphans().await;
        cluster.is_whole();
        crowd.find_what_was_answered(&server.address).await;
    }
}

fn killed(server: Server) {
    assert_eq!(server.stop(Signal::SIGKILL).code(), None);
}

async fn becomes_ready(server: &Server) {
    until("ready again", async || server.get("/api/health/ready").await.0 == 200).await;
}
