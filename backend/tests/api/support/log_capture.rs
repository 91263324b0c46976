//! Capture of everything that this process logs, at the finest level, and the check that it contains no secret of any
//! test.
//!
//! The tests run concurrently, and what one test causes is logged on many threads. So there is one log for all of them,
//! and each test searches everything logged since it began for the secrets that it has used.

use crate::leak_detector::LeakDetector;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

static LOG: Mutex<Log> = Mutex::new(Log { text: Vec::new(), forgotten: 0, captures: BTreeMap::new() });

struct Log {
    text: Vec<u8>,
    /// Number of bytes discarded from the start of the log.
    forgotten: usize,
    /// Number of captures that began at each position.
    captures: BTreeMap<usize, usize>,
}

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    fn end(&self) -> usize {
        self.forgotten + self.text.len()
    }

    /// Discards what no capture needs.
    fn forget(&mut self) {
        let needed = self.captures.keys().next().copied().unwrap_or_else(|| self.end());
        self.text.drain(..needed - self.forgotten);
        self.forgotten = needed;
    }
}

#[derive(Clone, Copy)]
struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        log().text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Writer {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        Self
    }
}

/// One test's secrets, and the position of the log at which it began. On drop it searches the log.
pub struct LogCapture {
    began: usize,
    secrets: Mutex<LeakDetector>,
}

impl LogCapture {
    pub fn begin() -> Self {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
            all.with_ansi(false).with_writer(Writer).init();
        });
        let mut log = log();
        let began = log.end();
        *log.captures.entry(began).or_default() += 1;
        Self { began, secrets: Mutex::default() }
    }

    fn secrets(&self) -> MutexGuard<'_, LeakDetector> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the secrets of a request header.
    pub fn keep_header(&self, name: &str, value: &[u8]) {
        // Before the secret stands the scheme, or the cookie's name.
        let (parts, before) = match name.to_ascii_lowercase().as_str() {
            "authorization" => (',', ' '),
            "cookie" => (';', '='),
            _ => return,
        };
        for part in String::from_utf8_lossy(value).split(parts) {
            let secret = part.split_once(before).map_or(part, |(_, secret)| secret);
            self.secrets().keep(secret.trim());
        }
    }

    /// Records the secrets of a body, if it can be parsed.
    pub fn keep_body(&self, body: &[u8]) {
        if let Ok(body) = serde_json::from_slice(body) {
            self.secrets().keep_all(&body);
        }
    }

    /// Records the secrets of a response.
    pub fn keep_answer(&self, headers: &HeaderMap, body: &[u8]) {
        for cookie in headers.get_all("set-cookie") {
            let pair = cookie.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            self.keep_header("cookie", pair);
        }
        self.keep_body(body);
    }

    /// Returns the number of recorded secrets.
    pub fn count(&self) -> usize {
        self.secrets().count()
    }

    /// Returns the number of lines logged that contain both texts.
    pub fn lines(&self, one: &str, other: &str) -> usize {
        let log = log();
        let text = String::from_utf8_lossy(&log.text[self.began - log.forgotten..]);
        text.lines().filter(|line| line.contains(one) && line.contains(other)).count()
    }

    /// Returns the first secret that was logged, and its line.
    fn leak(&self) -> Option<(String, String)> {
        let log = log();
        let text = String::from_utf8_lossy(&log.text[self.began - log.forgotten..]).into_owned();
        drop(log);
        self.secrets().found_in(&text)
    }
}

impl Drop for LogCapture {
    fn drop(&mut self) {
        let leak = if std::thread::panicking() { None } else { self.leak() };
        let mut log = log();
        if let Some(count) = log.captures.get_mut(&self.began) {
            *count -= 1;
        }
        log.captures.retain(|_, count| *count > 0);
        log.forget();
        drop(log);
        if let Some((secret, line)) = leak {
            panic!("{secret:?} is in the log: {line}");
        }
    }
}
