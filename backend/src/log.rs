//! The log: sentences with dotted fields on standard error, for people or for machines. Never a password, a token or an
//! address.

use crate::config::LogFormat;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts it, once. `RUST_LOG` says how much of it there is.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        // One object a line; what a call causes carries the call's id under `span`.
        LogFormat::Json => {
            log.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
        }
    }
    // A panic as well: in the same form, and with the id of the call that it struck.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        // Only where `RUST_BACKTRACE` asks for it.
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

    /// Whether this is the process that is to panic.
    const PANICS: &str = "LATCHKEY_TEST_PANICS";

    /// In a process of its own: there is one log, and one place where panics are told.
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
