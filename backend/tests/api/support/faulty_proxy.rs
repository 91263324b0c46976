//! The way between a client and the API, with faults by rule: what a bad network and a tired reverse proxy do to a call.
//!
//! One connection carries one call, so that no client repeats a broken one by itself.

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

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server never hears of the call; this is answered instead.
    Answer(u16, &'static str),
    /// The server acts, but this is answered instead, as by a proxy that has lost its patience.
    ReplaceTheAnswer(u16, &'static str),
    /// The call waits before it is passed on.
    Delay(Duration),
    /// The server acts, but the connection breaks before its answer arrives.
    LoseTheAnswer,
    /// The server acts, but only half of its answer arrives.
    TruncateTheAnswer,
    /// The call reaches the server twice; the second answer is the one that arrives.
    Duplicate,
    /// The answer waits until that of a later call has passed it.
    Reorder,
    /// The connection breaks before the server hears of the call.
    Cut,
}

struct Rule {
    path: &'static str,
    fault: Fault,
    times: usize,
}

/// A second address of a server, which does damage by rule.
pub struct FaultyProxy {
    pub base: String,
    state: Arc<ProxyState>,
    // Dropping it ends what is under way.
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

    /// The next call to this path meets the fault.
    pub fn once(&self, path: &'static str, fault: Fault) {
        self.times(1, path, fault);
    }

    /// The next so many calls to this path meet the fault.
    pub fn times(&self, times: usize, path: &'static str, fault: Fault) {
        self.state.rules.lock().unwrap().push(Rule { path, fault, times });
    }

    /// From now on every connection breaks at once.
    pub fn go_away(&self) {
        self.state.is_away.store(true, Ordering::Relaxed);
    }

    pub fn come_back(&self) {
        self.state.is_away.store(false, Ordering::Relaxed);
    }

    /// Every fault has struck as often as it was meant to: a test that meets none proves nothing.
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

    /// One call, from its first byte to the last one of its answer. Returning is closing the connection.
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
            // A client that has gone away is one of the things that happen.
            let _ = state.carry(near).await;
        });
    }
}

struct CallBytes {
    path: String,
    /// As it came, apart from the word that the connection ends with it.
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
