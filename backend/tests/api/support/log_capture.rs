//! All that this process logs, at the finest level, and that no secret of any test is in it.
//!
//! The tests run beside one another, and what one test causes is logged on many threads. So there is one log for all of
//! them, and each test looks through all that was logged since it began, for the secrets that it has used.

use crate::leak_detector::LeakDetector;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

static LOG: Mutex<Log> = Mutex::new(Log { text: Vec::new(), forgotten: 0, captures: BTreeMap::new() });

struct Log {
    text: Vec<u8>,
    /// How many bytes came before those that are kept.
    forgotten: usize,
    /// How many watches have begun where.
    captures: BTreeMap<usize, usize>,
}

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    fn end(&self) -> usize {
        self.forgotten + self.text.len()
    }

    /// Forgets what nobody will look at.
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

/// One test's secrets, and where in the log it began. At its end it looks through the log.
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

    /// Keeps what a header of a call holds, if that is secret.
    pub fn keep_header(&self, name: &str, value: &[u8]) {
        // What stands before the secret is the scheme, or the cookie's name.
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

    /// Keeps what a body holds that is secret, if it can be read.
    pub fn keep_body(&self, body: &[u8]) {
        if let Ok(body) = serde_json::from_slice(body) {
            self.secrets().keep_all(&body);
        }
    }

    /// Keeps what an answer brings that is secret.
    pub fn keep_answer(&self, headers: &HeaderMap, body: &[u8]) {
        for cookie in headers.get_all("set-cookie") {
            let pair = cookie.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            self.keep_header("cookie", pair);
        }
        self.keep_body(body);
    }

    /// How many secrets it knows.
    pub fn count(&self) -> usize {
        self.secrets().count()
    }

    /// How many lines that were logged hold both of these.
    pub fn lines(&self, one: &str, other: &str) -> usize {
        let log = log();
        let text = String::from_utf8_lossy(&log.text[self.began - log.forgotten..]);
        text.lines().filter(|line| line.contains(one) && line.contains(other)).count()
    }

    /// The first secret that was logged, and the line.
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
