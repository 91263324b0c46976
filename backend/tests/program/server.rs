//! The program as it runs on a machine: started in its own folder, used over HTTP, and stopped or killed.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub use crate::polling::TIMEOUT;
pub const PASSWORD: &str = "correct horse battery staple";

/// Returns the command of the program in an empty folder, with nothing of the environment of the test machine.
pub fn latchkey(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.current_dir(folder).env_clear().env("LATCHKEY_LISTEN", "127.0.0.1:0");
    // All clients of these tests share one address.
    command.env("LATCHKEY_THROTTLE__PER_NETWORK", "100000");
    // On a busy machine a hash takes long, which these tests are not about.
    command.env("LATCHKEY_PASSWORDS__MAX_WAIT", "5m");
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// A server that accepts requests.
pub struct Server {
    child: Child,
    log: PathBuf,
    pub address: String,
}

impl Server {
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::spawn(latchkey(folder, settings), folder)
    }

    /// Starts the server with this command; its log is written to the folder.
    pub fn spawn(mut command: Command, folder: &Path) -> Self {
        command.stderr(File::create(folder.join("log")).unwrap());
        Self::spawn_logging_elsewhere(command, folder)
    }

    /// Starts the server with this command, whose log is written by another process.
    pub fn spawn_logging_elsewhere(mut command: Command, folder: &Path) -> Self {
        let log = folder.join("log");
        let mut child = command.spawn().unwrap();
        let address = wait_for("the server", || {
            let text = std::fs::read_to_string(&log).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "it has ended: {text}");
            let line = text.lines().find(|line| line.contains("Latchkey answers"))?;
            match serde_json::from_str::<Value>(line) {
                Ok(line) => Some(line["listen"].as_str()?.to_owned()),
                Err(_) => Some(line.split_once("listen=")?.1.split(' ').next()?.to_owned()),
            }
        });
        Self { child, log, address }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The accounts here share one password and one domain, and every token has the same beginning.
    fn assert_no_secret_logged(&self) {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        for secret in [PASSWORD, "@example.org", "eyJ"] {
            assert!(!log.contains(secret), "{secret:?} is in the log: {log}");
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.id().try_into().unwrap()), signal).unwrap();
    }

    pub fn ends(&mut self) -> ExitStatus {
        wait_for("the end", || self.child.try_wait().unwrap())
    }

    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        self.send(signal);
        self.ends()
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let answer = http_client().get(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = http_client().post(self.url(path)).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    /// Signs up, and signs in at a client that keeps its refresh token.
    pub async fn signed_in(&self) -> Value {
        let ada = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
        assert_eq!(self.post("/api/auth/signup", &ada).await.0, 201);
        let login = json!({"email": "ada@example.org", "password": PASSWORD, "token_delivery": "body"});
        let (status, signed_in) = self.post("/api/auth/login", &login).await;
        assert_eq!(status, 200);
        signed_in
    }

    /// Returns the connection of a sign-up whose handler has started and waits for the body.
    pub async fn accepting(&self, length: usize) -> TcpStream {
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

    pub async fn refresh(&self, signed_in: &Value) -> (u16, Value) {
        self.post("/api/auth/refresh", &json!({"refresh_token": signed_in["refresh_token"]})).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if !std::thread::panicking() {
            self.assert_no_secret_logged();
        }
    }
}

/// Reports that a test is skipped, and what it needs. On a machine that is made for tests, that is a failure.
#[expect(clippy::disallowed_methods, reason = "whether this is such a machine is said from outside")]
pub fn skip_or_fail(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "there must be {what}");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // Bypasses libtest, which captures the output of tests that pass.
    let told = format!("\n{test} tests nothing here: it needs {what}\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

pub fn http_client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .unwrap()
}

/// Polls another program's progress, which takes real time.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < TIMEOUT, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Returns the single line with which the program reports why it does not start.
pub fn startup_error(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(output.stdout, b"", "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("latchkey: ") && !text.contains("panicked"), "{text}");
    text.trim_end().to_owned()
}
