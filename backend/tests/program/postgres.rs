//! A PostgreSQL of the test's own, which may be killed; `LATCHKEY_TEST_POSTGRES_PROGRAMS` is the folder of its
//! programs. It has PostgreSQL's default durability.

use crate::server::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, Statement};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    server: Child,
}

impl Cluster {
    pub fn start() -> Self {
        Self::prepared(|_| {})
    }

    /// Starts a cluster; `prepare` can add files to its data folder before it starts.
    #[expect(clippy::disallowed_methods, reason = "which PostgreSQL the tests run is said from outside")]
    pub fn prepared(prepare: impl FnOnce(&Path)) -> Self {
        let Some(programs) = std::env::var_os("LATCHKEY_TEST_POSTGRES_PROGRAMS").map(PathBuf::from) else {
            panic!("LATCHKEY_TEST_POSTGRES_PROGRAMS must name the folder of PostgreSQL's programs")
        };
        let folder = folder();
        if let Some(user) = owner() {
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut create = program(&programs, &folder, "initdb");
        create.args(["--username=latchkey", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        // With checksums, a page that was only partly written is detected when it is read.
        create.arg("--data-checksums");
        assert!(create.args(["--pgdata", "data"]).stdout(Stdio::null()).status().unwrap().success());
        prepare(&folder.path().join("data"));
        let server = serve(&programs, &folder, port);
        Self { programs, folder, port, server }
    }

    /// Returns the port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements as the superuser.
    pub async fn run(&self, statements: &str) {
        self.run_in("postgres", statements).await;
    }

    /// Runs statements as the superuser in another database.
    pub async fn run_in(&self, database: &str, statements: &str) {
        let database = self.connect_to(database).await;
        database.execute_unprepared(statements).await.unwrap();
        database.close().await.unwrap();
    }

    pub fn url(&self) -> String {
        format!("postgres://latchkey@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills one of the processes that serve Latchkey. PostgreSQL ends the others and recovers from its log.
    pub async fn kill_a_backend(&self) {
        let database = self.connect().await;
        let find = "SELECT pid FROM pg_stat_activity WHERE application_name = 'latchkey' LIMIT 1";
        let found = database.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, find)).await;
        let process: i32 = found.unwrap().unwrap().try_get_by_index(0).unwrap();
        kill(Pid::from_raw(process), Signal::SIGKILL).unwrap();
    }

    /// Suspends every process that serves Latchkey until the returned value is dropped.
    pub async fn freeze(&self) -> Frozen {
        let database = self.connect().await;
        let find = "SELECT pid FROM pg_stat_activity WHERE application_name = 'latchkey'";
        let found = database.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, find)).await;
        let processes =
            found.unwrap().iter().map(|row| Pid::from_raw(row.try_get_by_index(0).unwrap())).collect();
        database.close().await.unwrap();
        Frozen::stop(processes)
    }

    /// Stops PostgreSQL in "immediate" mode: no transaction is finished.
    pub fn stop_at_once(&mut self) {
        kill(Pid::from_raw(self.server.id().try_into().unwrap()), Signal::SIGQUIT).unwrap();
        self.server.wait().unwrap();
    }

    /// Starts PostgreSQL again if it has been stopped.
    pub fn serve_again(&mut self) {
        if self.server.try_wait().unwrap().is_some() {
            self.server = serve(&self.programs, &self.folder, self.port);
        }
    }

    pub async fn has_no_orphans(&self) {
        let count = "SELECT count(*) FROM sessions WHERE account_id NOT IN (SELECT id FROM accounts)";
        assert_eq!(self.count(count).await, 0);
    }

    /// Returns the number that a query yields.
    pub async fn count(&self, query: &str) -> i64 {
        let database = self.connect().await;
        let found = database.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, query)).await;
        let count = found.unwrap().unwrap().try_get_by_index(0).unwrap();
        database.close().await.unwrap();
        count
    }

    /// Reads every page of every table and index, and checks that each row is in its indexes.
    pub fn is_whole(&self) {
        let mut check = program(&self.programs, &self.folder, "pg_amcheck");
        check.args(["--host=127.0.0.1", "--port", &self.port.to_string(), "--username=latchkey"]);
        check.args(["--database=postgres", "--install-missing", "--heapallindexed", "--rootdescend"]);
        let found = check.output().unwrap();
        let told = [found.stdout, found.stderr].concat();
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&told));
    }

    async fn connect(&self) -> DatabaseConnection {
        self.connect_to("postgres").await
    }

    async fn connect_to(&self, database: &str) -> DatabaseConnection {
        let url = format!("postgres://latchkey@127.0.0.1:{}/{database}", self.port);
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1).min_connections(0).sqlx_logging(false);
        sea_orm::Database::connect(options).await.unwrap()
    }
}

/// Suspended processes.
pub struct Frozen(Vec<Pid>);

impl Frozen {
    fn stop(processes: Vec<Pid>) -> Self {
        for process in &processes {
            kill(*process, Signal::SIGSTOP).unwrap();
        }
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.0 {
            kill(*process, Signal::SIGCONT).ok();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

fn serve(programs: &Path, folder: &TempDir, port: u16) -> Child {
    let mut serve = program(programs, folder, "postgres");
    serve.args(["-D", "data", "-p", &port.to_string()]);
    serve.args([
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "log_min_messages=panic",
    ]);
    let mut server = serve.stderr(Stdio::null()).spawn().unwrap();
    let mut ask = program(programs, folder, "pg_isready");
    ask.args(["--host=127.0.0.1", "--port", &port.to_string()]).stdout(Stdio::null());
    wait_for("PostgreSQL", || {
        assert!(server.try_wait().unwrap().is_none(), "PostgreSQL has ended");
        ask.status().unwrap().success().then_some(())
    });
    server
}

fn program(programs: &Path, folder: &TempDir, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    command.current_dir(folder.path());
    if let Some(user) = owner() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

/// Returns the user who owns the server, since PostgreSQL refuses to run as root.
pub fn owner() -> Option<User> {
    if !Uid::effective().is_root() {
        return None;
    }
    ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).unwrap())
}
