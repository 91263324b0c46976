//! Log: messages with dotted fields on standard error, for people or for machines. It never contains a password, a
//! token or an e-mail address, and addresses of clients only if `log.addresses` is set.

use crate::config::LogFormat;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Initializes the log, once. `RUST_LOG` sets the level.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        // One object per line; lines of a request carry its id under `span`.
        LogFormat::Json => {
            log.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
        }
    }
    // Panics are logged in the same format, with the id of the request in which they occurred.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        // Captured only if `RUST_BACKTRACE` is set.
        let trace = Backtrace::capture();
        let trace = (trace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(trace));
        let words = panic.payload_as_str().unwrap_or("a panic");
        tracing::error!(panic.place = place, panic.trace = trace, "A defect: {words}");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::process::Command;

    /// Variable that marks the process that is to panic.
    const PANICS: &str = "LATCHKEY_TEST_PANICS";

    /// Runs in a process of its own: the log and the panic hook are global.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a word between this process and its like")]
    fn a_panic_is_told_in_the_form_of_the_log_with_the_calls_id() {
        if std::env::var_os(PANICS).is_some() {
            init(LogFormat::Json);
            let _call = tracing::info_span!("call", request.id = "7").entered();
            panic!("one that a test asked for");
        }
        let mut this = Command::new(std::env::current_exe().unwrap());
        let name = "log::tests::a_panic_is_told_in_the_form_of_the_log_with_the_calls_id";
        let run = this.args([name, "--exact", "--nocapture"]).env(PANICS, "").output().unwrap();
        let told = String::from_utf8(run.stderr).unwrap();
        let line: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        assert_eq!(line["level"], "ERROR", "{told}");
        assert_eq!(line["message"], "A defect: one that a test asked for");
        assert_eq!(line["span"]["request.id"], "7");
        assert!(line["panic.place"].as_str().unwrap().starts_with("backend/src/log.rs:"), "{told}");
    }
}
