//! Databases that exist but cannot be used as they are: each is reported in one line that says what to do.

use crate::polling::until;
use crate::postgres::{Cluster, owner};
use crate::server::*;
use nix::sys::signal::Signal;
use serde_json::json;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// Returns the line with which the program refuses this database.
fn refused(url: &str, settings: &[(&str, &str)]) -> String {
    let folder = folder();
    let settings = [&[("LATCHKEY_DATABASE__URL", url)], settings].concat();
    let line = startup_error(&mut latchkey(folder.path(), &settings));
    assert!(line.starts_with("latchkey: database.url: ") && !line.contains("hunter2"), "{line}");
    line
}

async fn serves(url: &str, settings: &[(&str, &str)]) {
    let folder = folder();
    let settings = [&[("LATCHKEY_DATABASE__URL", url)], settings].concat();
    let server = Server::start(folder.path(), &settings);
    assert_eq!(server.get("/api/health/ready").await, (200, json!({"status": "ok"})));
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
}

#[tokio::test]
async fn a_locked_sqlite_file_is_told_with_its_name_and_its_lock() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    let file = folder.path().join("data/latchkey.db");
    let mut options = sea_orm::ConnectOptions::new(format!("sqlite://{}", file.display()));
    options.max_connections(1).sqlx_logging(false);
    let other = sea_orm::Database::connect(options).await.unwrap();
    // Like another program with an exclusive lock, or a file system whose locks are never released.
    let lock = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (a INT)";
    sea_orm::ConnectionTrait::execute_unprepared(&other, lock).await.unwrap();
    let line = startup_error(&mut latchkey(folder.path(), &[]));
    for part in
        ["database.url: ", "latchkey.db is locked", "latchkey.db-wal", "network file system", "local disk"]
    {
        assert!(line.contains(part), "{part}: {line}");
    }
    other.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn a_role_that_may_make_no_tables_is_told_the_grant_that_it_needs() {
    let cluster = Cluster::start();
    cluster.run("CREATE ROLE \"id-server\" LOGIN").await;
    cluster.run("CREATE DATABASE ours").await;
    let url = format!("postgres://id-server:hunter2@127.0.0.1:{}", cluster.port());
    let line = refused(&format!("{url}/ours"), &[]);
    assert!(line.contains("GRANT USAGE, CREATE ON SCHEMA public TO \"id-server\""), "{line}");
    let line = refused(&format!("{url}/nowhere"), &[]);
    assert!(line.contains("\"nowhere\" does not exist"), "{line}");
    // A role with the same name as its password, however common that is.
    let alike = url.replace("hunter2", "id-server");
    let line = refused(&format!("{alike}/ours"), &[]);
    assert!(line.contains("GRANT USAGE, CREATE ON SCHEMA public TO \"id-server\""), "{line}");
    // Privileges on the schema do not help if another role owns the tables.
    cluster.run("CREATE DATABASE theirs").await;
    serves(&format!("postgres://latchkey@127.0.0.1:{}/theirs", cluster.port()), &[]).await;
    let grant = "GRANT USAGE, CREATE ON SCHEMA public TO \"id-server\"";
    cluster.run_in("theirs", grant).await;
    let line = refused(&format!("{url}/theirs"), &[]);
    assert!(line.contains("permission denied for table") && !line.contains("GRANT"), "{line}");
    // The advice of the error message is sufficient.
    cluster.run("GRANT USAGE, CREATE ON SCHEMA public TO \"id-server\"").await;
    serves(&format!("{url}/postgres"), &[]).await;
}

/// The timeouts are set on the role, as the documents advise for PgBouncer, and another server keeps the lock for
/// longer.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn limits_that_a_role_has_do_not_cut_migrations_short() {
    const TURN: i64 = 0x004C_6174_6368_6B65;
    let cluster = std::sync::Arc::new(Cluster::start());
    for limit in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
        cluster.run(&format!("ALTER ROLE latchkey SET {limit} = '1s'")).await;
    }
    let holding = tokio::spawn({
        let cluster = std::sync::Arc::clone(&cluster);
        async move {
            cluster.run(&format!("BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({TURN}); SELECT pg_sleep(4); COMMIT")).await;
        }
    });
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    until("somebody holds it", async || cluster.count(held).await > 0).await;
    serves(&cluster.url(), &[]).await;
    holding.await.unwrap();
}

/// PgBouncer in front of a cluster. Dropping it stops the program.
struct PgBouncer {
    running: Child,
    port: u16,
    _folder: TempDir,
}

impl PgBouncer {
    fn start(cluster: &Cluster, mode: &str, more: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
        let Some(program) = program.iter().find(|program| Path::new(program).is_file()) else {
            skip_or_fail("PgBouncer");
            return None;
        };
        let folder = folder();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\npostgres = host=127.0.0.1 port={} dbname=postgres user=latchkey\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\n\
             pool_mode = {mode}\n{more}\n",
            cluster.port()
        );
        std::fs::write(&config, text).unwrap();
        let mut run = Command::new(program);
        run.arg("--quiet").arg(&config).stderr(Stdio::null()).stdout(Stdio::null());
        // PgBouncer refuses to run as root.
        if let Some(user) = owner() {
            for path in [folder.path(), &config] {
                chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
            run.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let running = run.spawn().unwrap();
        wait_for("PgBouncer", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Some(Self { running, port, _folder: folder })
    }

    fn url(&self) -> String {
        format!("postgres://latchkey:hunter2@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.running.kill().ok();
        self.running.wait().ok();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn a_pooler_that_changes_connections_is_told_with_the_mode_that_is_needed() {
    let cluster = Cluster::start();
    for (mode, more) in [
        ("transaction", ""),
        ("transaction", "default_pool_size = 1"),
        ("transaction", "server_round_robin = 1\nmin_pool_size = 5"),
        ("transaction", "server_reset_query_always = 1"),
        ("statement", ""),
    ] {
        let Some(pooler) = PgBouncer::start(&cluster, mode, more) else { return };
        // A server that retries gets the same message each time.
        for _ in 0..2 {
            let line = refused(&pooler.url(), &[]);
            for part in ["pool_mode = session", "prepared", "1.21"] {
                assert!(line.contains(part), "{mode} {more}: {part}: {line}");
            }
        }
    }
}

/// Meanwhile PgBouncer waits for a connection of its own, and reports nothing, or reports it with the code of a
/// protocol violation.
#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn a_pooler_with_too_few_connections_is_not_waited_for_and_its_mode_is_not_blamed() {
    let cluster = Cluster::start();
    for (more, part) in [
        ("default_pool_size = 1", "default_pool_size"),
        ("default_pool_size = 1\nquery_wait_timeout = 2", "query_wait_timeout"),
    ] {
        let Some(pooler) = PgBouncer::start(&cluster, "session", more) else { return };
        let start = Instant::now();
        let line = refused(&pooler.url(), &[]);
        assert!(line.contains(part) && !line.contains("prepared"), "{line}");
        assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
    }
}

/// Only PgBouncer's mode is configured: it does not forward parameters that it does not know.
#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn behind_a_pooler_that_keeps_connections_two_servers_tell_each_other_of_ends() {
    let cluster = Cluster::start();
    let Some(pooler) = PgBouncer::start(&cluster, "session", "default_pool_size = 60") else { return };
    let (url, keys) = (pooler.url(), folder());
    let settings =
        [("LATCHKEY_DATABASE__URL", url.as_str()), ("LATCHKEY_DATA_DIR", keys.path().to_str().unwrap())];
    let (one, other) = (folder(), folder());
    let (one, other) = (Server::start(one.path(), &settings), Server::start(other.path(), &settings));
    let ada = one.signed_in().await;
    let token = ada["access_token"].as_str().unwrap();
    let verify = async || {
        http_client()
            .get(other.url("/api/auth/verify"))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(verify().await, 200);
    let log_out = http_client().post(one.url("/api/auth/logout")).header("content-type", "application/json");
    let body = json!({"refresh_token": ada["refresh_token"]}).to_string();
    assert_eq!(log_out.body(body).send().await.unwrap().status().as_u16(), 204);
    until("the other server learns of it", async || verify().await == 401).await;
}

/// A test certificate authority, and the certificate that it has issued for `localhost`.
struct CertificateAuthority(TempDir);

impl CertificateAuthority {
    fn new() -> Self {
        let made = Self(folder());
        let extension = made.file("names");
        std::fs::write(&extension, "subjectAltName = DNS:localhost\n").unwrap();
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let authority =
            ["req", "-x509", "-subj", "/CN=Ours", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem"];
        made.openssl(&[&authority[..], &new_key].concat());
        let request = ["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"];
        made.openssl(&[&request[..], &new_key].concat());
        made.openssl(&[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            "names",
            "-out",
            "server.crt",
        ]);
        made
    }

    fn openssl(&self, words: &[&str]) {
        let output = Command::new("openssl").current_dir(self.0.path()).args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Installs the certificate in a cluster's data folder.
    fn issue_certificate(&self, data: &Path) {
        for name in ["server.crt", "server.key"] {
            let file = data.join(name);
            std::fs::copy(self.file(name), &file).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            if let Some(user) = owner() {
                chown(&file, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
        }
        let mut settings = std::fs::read_to_string(data.join("postgresql.conf")).unwrap();
        settings.push_str("\nssl = on\n");
        std::fs::write(data.join("postgresql.conf"), settings).unwrap();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn a_wrong_password_is_told_without_it_and_any_character_of_a_right_one_can_be_written() {
    let cluster = Cluster::prepared(|data| {
        let rules = "host all latchkey 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
    });
    cluster.run("CREATE ROLE app LOGIN PASSWORD 'hunter2@:/?#%& 비밀'").await;
    cluster.run("CREATE DATABASE app OWNER app").await;
    let url = |password: &str| format!("postgres://app:{password}@127.0.0.1:{}/app", cluster.port());
    for wrong in ["hunter2", "hunter2%40%3A", "nothunter2%25"] {
        let line = refused(&url(wrong), &[]);
        assert!(line.contains("percent-encode"), "{line}");
    }
    serves(&url("hunter2%40%3A%2F%3F%23%25%26%20%EB%B9%84%EB%B0%80"), &[]).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn a_companys_own_authority_is_found_in_the_urls_file_or_in_the_systems_store() {
    let authority = CertificateAuthority::new();
    let cluster = Cluster::prepared(|data| authority.issue_certificate(data));
    let url = |host: &str, more: &str| {
        let port = cluster.port();
        format!("postgres://latchkey:hunter2@{host}:{port}/postgres?sslmode=verify-full{more}")
    };
    let file = authority.file("ca.pem");
    let named = format!("&sslrootcert={}", file.display());
    // The URLs of some hosting providers contain the last parameter.
    serves(&url("localhost", &format!("{named}&channel_binding=require")), &[]).await;
    // The file that Debian's `update-ca-certificates` would write, for this program only.
    let store = ("SSL_CERT_FILE", file.to_str().unwrap());
    serves(&url("localhost", ""), &[store]).await;
    for more in ["", "&channel_binding=prefer&connect_timeout=10"] {
        let line = refused(&url("localhost", more), &[]);
        assert!(line.contains("sslrootcert=") && line.contains("system's store"), "{line}");
    }
    let line = refused(&url("127.0.0.1", &named), &[]);
    assert!(line.contains("another name"), "{line}");
    let line = refused(&url("localhost", "&sslrootcert=/nowhere/ca.pem"), &[]);
    assert!(line.contains("sslrootcert: cannot read /nowhere/ca.pem"), "{line}");
    let line =
        refused(&url("localhost", &format!("&sslrootcert={}", authority.file("names").display())), &[]);
    assert!(line.contains("sslrootcert="), "{line}");
}
