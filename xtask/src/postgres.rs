//! A temporary PostgreSQL in a temporary folder on a spare port, for as long as the tests run.

use crate::failure::{Context, Failure, Outcome};
use crate::interrupt;
use crate::process::{Process, output_of};
use crate::temporary::TemporaryFolder;
use crate::web::spare_port;
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};
use std::fs;
use std::io::Read;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Settings of a cluster that is thrown away: a crash may lose it. Every test has its own database and connection pool.
const NON_DURABLE: &[&str] =
    &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400", "autovacuum=off"];
/// PostgreSQL's default durability, as in production.
const DURABLE: &[&str] = &["fsync=on", "synchronous_commit=on"];
const ALWAYS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "log_min_messages=fatal",
    "log_min_error_statement=panic",
];

/// A running server. Dropping it stops the server and removes its folder.
pub struct Postgres {
    url: String,
    // Fields are dropped in this order: the server stops before its folder is removed.
    _server: Process,
    _folder: TemporaryFolder,
}

impl Postgres {
    /// Starts the server whose programs are in `programs`.
    pub fn start(programs: &Path) -> Outcome<Self> {
        Self::start_with(programs, NON_DURABLE)
    }

    /// Starts a durable server: committed transactions are on the disk.
    pub fn start_durable(programs: &Path) -> Outcome<Self> {
        Self::start_with(programs, DURABLE)
    }

    fn start_with(programs: &Path, settings: &[&str]) -> Outcome<Self> {
        let folder = TemporaryFolder::new("postgres")?;
        let cluster = Cluster { programs, folder: folder.path(), owner: owner()?, password: password()? };
        cluster.create()?;
        let port = spare_port()?;
        let mut server = cluster.serve(port, settings)?;
        let ready = interrupt::wait_until(TIMEOUT, || {
            server.must_run()?;
            Ok(cluster.answers(port))
        })?;
        if !ready {
            return Err(Failure::message("PostgreSQL does not answer."));
        }
        let url = format!("postgres://latchkey:{}@127.0.0.1:{port}/postgres", cluster.password);
        Ok(Self { url, _server: server, _folder: folder })
    }

    /// Returns the URL for connections as a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }
}

struct Cluster<'a> {
    programs: &'a Path,
    folder: &'a Path,
    owner: Option<User>,
    password: String,
}

impl Cluster<'_> {
    fn create(&self) -> Outcome {
        let secret = self.folder.join("password");
        fs::write(&secret, &self.password).context("write PostgreSQL's password")?;
        if let Some(user) = &self.owner {
            for path in [self.folder, &secret] {
                chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                    .context("give PostgreSQL its folder")?;
            }
        }
        // The password crosses the loopback interface only; hashing it for each of many connections would cost the
        // tests seconds.
        let mut create = self.program("initdb");
        create.args(["--username=latchkey", "--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        create.arg("--pgdata").arg(self.data()).arg("--pwfile").arg(secret).stdout(Stdio::null());
        crate::process::run_checked("initdb", &mut create)
    }

    fn serve(&self, port: u16, settings: &[&str]) -> Outcome<Process> {
        let mut serve = self.program("postgres");
        serve.arg("-D").arg(self.data()).args(["-p", &port.to_string()]);
        serve.args(ALWAYS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        // SIGINT: the server does not wait for clients that are still connected.
        Ok(Process::start("PostgreSQL", &mut serve)?.stop_with(Signal::SIGINT))
    }

    fn answers(&self, port: u16) -> bool {
        let mut ask = self.program("pg_isready");
        output_of(ask.args(["--host=127.0.0.1", "--port", &port.to_string()])).is_some()
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Returns a command of one of PostgreSQL's programs, as a user under whom it agrees to run.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder);
        if let Some(user) = &self.owner {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

/// Returns the user who owns the server. PostgreSQL refuses to run as root; then it is the user `postgres`, or
/// `nobody`.
fn owner() -> Outcome<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let known = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
    known
        .map(Some)
        .ok_or_else(|| Failure::message("PostgreSQL refuses to run as root, and there is no other user."))
}

fn password() -> Outcome<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("make a password")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns the folder with PostgreSQL's programs; distributions keep most of them off the PATH.
pub fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let families = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"];
    let elsewhere = families.iter().flat_map(|family| newest_first(Path::new(family)));
    on_path.into_iter().chain(elsewhere).find(|folder| has_all_programs(folder))
}

/// Returns the folder with PostgreSQL's programs; fails if there is none.
pub fn require_programs() -> Outcome<PathBuf> {
    programs().ok_or_else(|| Failure::message("This takes PostgreSQL."))
}

fn has_all_programs(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_isready"].iter().all(|program| folder.join(program).is_file())
}

fn newest_first(family: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(family).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path().join("bin")).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(version_of(folder)));
    folders
}

/// Returns the number in a path such as `…/postgresql@17/bin`.
fn version_of(folder: &Path) -> u32 {
    let digits: String = folder.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_done_leaves_nothing_behind() {
        // Without PostgreSQL there is nothing to start.
        let Some(programs) = programs() else { return };
        let postgres = Postgres::start(&programs).unwrap();
        let folder = postgres._folder.path().to_owned();
        let port = postgres.url().rsplit([':', '/']).nth(1).unwrap().parse().unwrap();
        assert!(crate::web::is_taken(port));
        drop(postgres);
        assert!(!crate::web::is_taken(port));
        assert!(!folder.exists());
    }

    #[test]
    fn the_newest_version_is_tried_first() {
        assert!(
            version_of(Path::new("/opt/x/postgresql@17/bin"))
                > version_of(Path::new("/opt/x/postgresql@9/bin"))
        );
        assert_eq!(version_of(Path::new("/opt/x/openssl/bin")), 0);
    }
}
