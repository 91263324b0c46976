//! A proxy between a client and the API that injects faults: those of a bad network and of an overloaded reverse proxy.
//!
//! One connection carries one request, so that no client repeats a failed one by itself.

use super::TestApp;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Fault injected into one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server does not receive the request; this response is sent instead.
    Answer(u16, &'static str),
    /// The server processes the request, but this response is sent instead, as by a proxy that has timed out.
    ReplaceTheAnswer(u16, &'static str),
    /// The request is delayed before it is forwarded.
    Delay(Duration),
    /// The server processes the request, but the connection breaks before its response arrives.
    LoseTheAnswer,
    /// The server processes the request, but only half of its response arrives.
    TruncateTheAnswer,
    /// The server receives the request twice; the second response is returned.
    Duplicate,
    /// The response is delayed until that of a later request has arrived.
    Reorder,
    /// The connection breaks before the server receives the request.
    Cut,
}

struct Rule {
    path: &'static str,
    fault: Fault,
    times: usize,
}

/// A second address of a server, with fault injection.
pub struct FaultyProxy {
    pub base: String,
    state: Arc<ProxyState>,
    // Dropping it aborts the pending requests.
    _serving: JoinSet<()>,
}

struct ProxyState {
    target: SocketAddr,
    is_away: AtomicBool,
    rules: Mutex<Vec<Rule>>,
    overtaken: Notify,
}

impl FaultyProxy {
    pub async fn before(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let target = app.base.strip_prefix("http://").unwrap().parse().unwrap();
        let (is_away, rules, overtaken) = (AtomicBool::new(false), Mutex::default(), Notify::new());
        let state = Arc::new(ProxyState { target, is_away, rules, overtaken });
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&state)));
        Self { base, state, _serving: serving }
    }

    /// Injects the fault into the next request to this path.
    pub fn once(&self, path: &'static str, fault: Fault) {
        self.times(1, path, fault);
    }

    /// Injects the fault into the next `times` requests to this path.
    pub fn times(&self, times: usize, path: &'static str, fault: Fault) {
        self.state.rules.lock().unwrap().push(Rule { path, fault, times });
    }

    /// Makes every further connection break at once.
    pub fn go_away(&self) {
        self.state.is_away.store(true, Ordering::Relaxed);
    }

    pub fn come_back(&self) {
        self.state.is_away.store(false, Ordering::Relaxed);
    }

    /// Asserts that every fault has occurred as often as planned: a test without its faults proves nothing.
    #[track_caller]
    pub fn is_used_up(&self) {
        let left: Vec<_> =
            self.state.rules.lock().unwrap().iter().map(|rule| (rule.path, rule.fault)).collect();
        assert_eq!(left, []);
    }
}

impl ProxyState {
    fn fault(&self, path: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let index = rules.iter().position(|rule| rule.path == path)?;
        rules[index].times -= 1;
        let fault = rules[index].fault;
        rules.retain(|rule| rule.times > 0);
        Some(fault)
    }

    /// Carries one request, from its first byte to the last one of its response. Returning closes the connection.
    async fn carry(&self, mut near: TcpStream) -> io::Result<()> {
        if self.is_away.load(Ordering::Relaxed) {
            return Ok(());
        }
        let call = read_call(&mut near).await?;
        let fault = self.fault(&call.path);
        match fault {
            Some(Fault::Cut) => return Ok(()),
            Some(Fault::Answer(status, body)) => return near.write_all(&said(status, body)).await,
            Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
            Some(Fault::Duplicate) => {
                self.ask(&call.bytes).await?;
            }
            _ => {}
        }
        let answer = self.ask(&call.bytes).await?;
        match fault {
            Some(Fault::LoseTheAnswer) => Ok(()),
            Some(Fault::TruncateTheAnswer) => near.write_all(&answer[..answer.len() / 2]).await,
            Some(Fault::ReplaceTheAnswer(status, body)) => near.write_all(&said(status, body)).await,
            Some(Fault::Reorder) => {
                self.overtaken.notified().await;
                near.write_all(&answer).await
            }
            _ => {
                near.write_all(&answer).await?;
                near.shutdown().await?;
                self.overtaken.notify_one();
                Ok(())
            }
        }
    }

    async fn ask(&self, call: &[u8]) -> io::Result<Vec<u8>> {
        let mut far = TcpStream::connect(self.target).await?;
        far.write_all(call).await?;
        let mut answer = Vec::new();
        far.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

async fn serve(listener: TcpListener, state: Arc<ProxyState>) {
    let mut calls = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        calls.spawn(async move {
            // A client that disconnects is an expected case.
            let _ = state.carry(near).await;
        });
    }
}

struct CallBytes {
    path: String,
    /// Bytes of the request as received, with a `Connection: close` header added.
    bytes: Vec<u8>,
}

async fn read_call(near: &mut TcpStream) -> io::Result<CallBytes> {
    let mut bytes = Vec::new();
    let head = loop {
        if near.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let (first, headers) = text.split_once("\r\n").unwrap_or((&text, ""));
    let length: usize = headers
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    while bytes.len() < head + 4 + length {
        if near.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    bytes.splice(first.len()..first.len(), b"\r\nconnection: close".iter().copied());
    Ok(CallBytes { path, bytes })
}

fn said(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Fault\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}
