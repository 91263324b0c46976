//! The program itself: how it starts, how it refuses to, what it writes to its log, and how it stops.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct horse battery staple";

/// The program in an empty folder, knowing nothing of the machine that it is tested on.
fn latchkey(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.current_dir(folder).env_clear().env("LATCHKEY_LISTEN", "127.0.0.1:0");
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// A server that answers.
struct Server {
    child: Child,
    log: PathBuf,
    address: String,
}

impl Server {
    fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let log = folder.join("log");
        let file = File::create(&log).unwrap();
        let mut child = latchkey(folder, settings).stderr(file).spawn().unwrap();
        let address = wait_for("the server", || {
            let text = std::fs::read_to_string(&log).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "it has ended: {text}");
            let line = text.lines().find(|line| line.contains("Latchkey answers"))?;
            Some(line.split_once("listen=")?.1.split(' ').next()?.to_owned())
        });
        Self { child, log, address }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn ends(&mut self) -> ExitStatus {
        wait_for("the end", || self.child.try_wait().unwrap())
    }

    fn stop(mut self, signal: Signal) -> ExitStatus {
        self.send(signal);
        self.ends()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let answer = client().get(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = client().post(self.url(path)).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    /// Signs up, and in again at a client that keeps its refresh token.
    async fn signed_in(&self) -> Value {
        let ada = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
        assert_eq!(self.post("/api/auth/signup", &ada).await.0, 201);
        let login = json!({"email": "ada@example.org", "password": PASSWORD, "token_delivery": "body"});
        let (status, signed_in) = self.post("/api/auth/login", &login).await;
        assert_eq!(status, 200);
        signed_in
    }

    /// The connection of a sign-up that has reached its handler, which waits for the body.
    async fn accepting(&self, length: usize) -> TcpStream {
        let head = format!(
            "POST /api/auth/signup HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
        );
        let mut connection = TcpStream::connect(&self.address).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 25];
        connection.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n");
        connection
    }

    async fn refresh(&self, signed_in: &Value) -> (u16, Value) {
        self.post("/api/auth/refresh", &json!({"refresh_token": signed_in["refresh_token"]})).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Another program's progress can only be waited for in real time.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// The one line by which the program says why it does not start.
fn refusal(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(output.stdout, b"", "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("latchkey: ") && !text.contains("panicked"), "{text}");
    text.trim_end().to_owned()
}

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

#[tokio::test]
async fn a_call_that_was_accepted_is_answered_before_the_end() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"}).to_string();
    let mut connection = server.accepting(body.len()).await;
    server.send(Signal::SIGTERM);
    wait_for("the log", || server.log().contains("Stopping").then_some(()));
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(server.ends().code(), Some(0));
}

#[tokio::test]
async fn a_client_that_never_finishes_its_call_does_not_keep_the_server_from_stopping() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let _connection = server.accepting(100).await;
    server.send(Signal::SIGTERM);
    assert_eq!(server.ends().code(), Some(0));
    assert!(server.log().contains("Some clients do not finish"), "{}", server.log());
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line() {
    let folder = folder();
    for (name, value, parts) in [
        ("LATCHKEY_LISTEN", "everywhere", ["listen", "everywhere", "127.0.0.1:3000"]),
        ("LATCHKEY_PUBLIC_URL", "id.example.org", ["public_url", "id.example.org", "https://"]),
        ("LATCHKEY_TOKENS__ACCESS_LIFETIME", "soon", ["tokens.access_lifetime", "soon", "10m"]),
        ("LATCHKEY_SESSIONS__IDLE", "0s", ["sessions.idle", "0ns", "more than nothing"]),
        ("LATCHKEY_PASSWORDS__THREADS", "many", ["passwords.threads", "many", "u16"]),
        ("LATCHKEY_PROXIES__TRUSTED", "friends", ["proxies.trusted", "friends", "10.0.0.0/8"]),
        ("LATCHKEY_TOKENS__SIGNING_KEY", "secret", ["tokens.signing_key", "Ed25519", "PEM"]),
        ("LATCHKEY_TOKENS__REFRESH_SECRET", "c2hvcnQ", ["tokens.refresh_secret", "32", "base64url"]),
        ("LATCHKEY_DATABASE__URL", "mysql://u:hunter2@db/x", ["database.url", "sqlite://", "postgres://"]),
        ("LATCHKEY_COLOUR", "red", ["colour", "unknown", "listen"]),
        ("LATCHKEY_TOKENS__COLOUR", "red", ["tokens.colour", "unknown", "access_lifetime"]),
        (
            "LATCHKEY_DATABASE__URL_FILE",
            "/nowhere/url",
            ["LATCHKEY_DATABASE__URL_FILE", "/nowhere/url", "read"],
        ),
    ] {
        let line = refusal(&mut latchkey(folder.path(), &[(name, value)]));
        for part in parts {
            assert!(line.contains(part), "{name}={value}: {line}");
        }
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn a_bad_file_of_settings_stops_the_start_with_one_line() {
    let folder = folder();
    let line = refusal(latchkey(folder.path(), &[]).args(["--config", "elsewhere.toml"]));
    assert!(line.contains("elsewhere.toml"), "{line}");
    for (text, part) in [
        ("colour = \"red\"", "colour"),
        ("listen = 3000", "listen"),
        ("[tokens]\naccess_lifetime = \"soon\"", "tokens.access_lifetime"),
        ("listen = \"127.0.0.1:1\nnonsense", "latchkey.toml"),
    ] {
        std::fs::write(folder.path().join("latchkey.toml"), text).unwrap();
        let line = refusal(latchkey(folder.path(), &[]).env_remove("LATCHKEY_LISTEN"));
        assert!(line.contains(part), "{text}: {line}");
    }
}

#[test]
fn a_port_that_is_taken_stops_the_start_with_one_line() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = refusal(&mut latchkey(folder.path(), &[("LATCHKEY_LISTEN", &address)]));
    assert!(line.contains(&format!("listen: {address}")) && line.contains("in use"), "{line}");
    assert_eq!(names(folder.path()), Vec::<String>::new(), "nothing is made before it is known to start");
}

/// Whoever runs the tests may be allowed to read everything: so these folders are none.
#[test]
fn a_data_folder_that_cannot_be_used_stops_the_start_with_one_line() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for data_dir in ["file", "file/data", "/proc/data"] {
        let line = refusal(&mut latchkey(folder.path(), &[("LATCHKEY_DATA_DIR", data_dir)]));
        assert!(line.contains("data_dir: ") && line.contains(data_dir), "{line}");
    }
    std::fs::create_dir_all(folder.path().join("data/secrets.json")).unwrap();
    let line = refusal(&mut latchkey(folder.path(), &[]));
    assert!(line.contains("data_dir: ") && line.contains("secrets.json"), "{line}");
}

#[test]
fn damaged_secrets_stop_the_start_with_one_line_that_does_not_tell_them() {
    let folder = folder();
    let file = folder.path().join("data/secrets.json");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    for text in ["", "{}", "{\"signing_seed\": \"hunter2\", \"refresh_secret\": \"hunter2\"}", "hunter2"] {
        std::fs::write(&file, text).unwrap();
        let line = refusal(&mut latchkey(folder.path(), &[]));
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
        let line = refusal(&mut latchkey(folder.path(), &[("LATCHKEY_DATABASE__URL", url)]));
        assert!(line.contains("database.url: ") && !line.contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn secrets_can_come_from_files() {
    // RFC 8410 §10.3
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
async fn its_log_tells_no_secret_and_no_address_however_much_it_tells() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("RUST_LOG", "trace")]);
    let first = server.signed_in().await;
    let (_, second) = server.refresh(&first).await;
    server.get("/api/me").await;
    let bearer = |token: &Value| format!("Bearer {}", token.as_str().unwrap());
    for token in [&second["access_token"], &json!("rubbish-token"), &first["refresh_token"]] {
        client().get(server.url("/api/me")).header("authorization", bearer(token)).send().await.unwrap();
    }
    let wrong = json!({"email": "ada@example.org", "password": "hunter2"});
    assert_eq!(server.post("/api/auth/login", &wrong).await.0, 401);
    server.refresh(&json!({"refresh_token": "rubbish-token"})).await;
    let log = server.log();
    assert!(log.contains("Latchkey answers") && !log.contains('\u{1b}'), "{log}");
    let tokens =
        [&first["access_token"], &first["refresh_token"], &second["access_token"], &second["refresh_token"]];
    let secrets = tokens.map(|token| token.as_str().unwrap().rsplit('.').next().unwrap());
    for secret in secrets.into_iter().chain([PASSWORD, "hunter2", "rubbish-token", "ada@", "$argon2id"]) {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret}: {line:?}");
    }
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
    let start = Instant::now();
    while published().await < 2 {
        assert!(start.elapsed() < PATIENCE, "the running server never publishes the new key");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (status, next) = server.refresh(&signed_in).await;
    assert_eq!(status, 200);
    assert_eq!(server.refresh(&next).await.0, 200);
    let second = rotate();
    assert!(!second.status.success() && String::from_utf8(second.stderr).unwrap().contains("wait already"));
}
