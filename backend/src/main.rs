//! `latchkey`: reads its configuration, opens its data, serves.

mod cli;

use clap::{Parser, Subcommand};
use cli::account;
use latchkey::app::App;
use latchkey::backup::{self, BackupError};
use latchkey::config::{self, Config, DatabaseUrl, PublicUrl, Span};
use latchkey::db::Counts;
use latchkey::platform::{Clock as _, OsRandomness, SystemClock, connections_below, raise_descriptors};
use latchkey::tokens;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Sign-in that a team hosts itself.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (also without this word).
    Serve,
    /// Look after the keys that tokens are signed with.
    #[command(subcommand)]
    Keys(Keys),
    /// Look after one person's account.
    #[command(subcommand)]
    Account(Account),
    /// Write the SQLite database and the keys to one file, beside a running server. Keep it as you keep a password.
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
        /// Leave the keys out: who restores it signs everybody out.
        #[arg(long)]
        without_keys: bool,
    },
    /// Put a backup in the place of the database, while no server runs.
    Restore {
        /// What `latchkey backup` wrote.
        file: PathBuf,
        /// Only look through the backup; change nothing.
        #[arg(long)]
        verify: bool,
        /// Replace the database that is there; it is kept aside.
        #[arg(long)]
        force: bool,
    },
}

#[derive(Subcommand)]
enum Account {
    /// Set a new password for somebody who has forgotten theirs, and end all their sessions. It is asked for, or read from
    /// standard input.
    SetPassword {
        /// The account's address.
        email: String,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Add new keys: published at once, signing later, and nobody is signed out. Running servers take them over.
    Rotate {
        /// How long the new keys are published before they sign: as long as other services keep a copy of the key set.
        #[arg(long, value_name = "TIME", default_value = "10m", value_parser = str::parse::<Span>)]
        lead: Span,
    },
}

fn main() -> ExitCode {
    let (arguments, files): (Arguments, _) = cli::read();
    match config::from_environment(files.config.as_deref(), &files.env_file) {
        Err(error) => failed(&error),
        Ok(config) => match arguments.command.unwrap_or(Command::Serve) {
            Command::Serve => run(config),
            Command::Keys(Keys::Rotate { lead: Span(lead) }) => rotate(&config, lead),
            Command::Account(Account::SetPassword { email }) => told(account::set_password(&config, &email)),
            Command::Backup { file, without_keys } => told(take_backup(&config, &file, !without_keys)),
            Command::Restore { file, verify: true, .. } => told(verify_backup(&config, &file)),
            Command::Restore { file, force, .. } => told(restore_backup(&config, &file, force)),
        },
    }
}

#[expect(clippy::print_stdout, reason = "this command's answer")]
fn rotate(config: &Config, lead: Duration) -> ExitCode {
    match tokens::rotate(config, lead, SystemClock.now(), &OsRandomness) {
        Ok(rotated) => {
            println!("new key {}: published now, signs from {}", rotated.kid, rotated.signs_from);
            println!("old access-token key: accepted until {}", rotated.access_retires_at);
            println!("old refresh-token key: accepted until {}", rotated.refresh_retires_at);
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

/// Prints what came of a command.
#[expect(clippy::print_stdout, reason = "this command's answer")]
fn told(done: Result<String, impl Display>) -> ExitCode {
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn take_backup(config: &Config, file: &Path, with_keys: bool) -> Result<String, BackupError> {
    let taken = backup::take(config, file, with_keys).await?;
    Ok(format!("{}: {}", file.display(), contents(taken.counts, taken.with_keys)))
}

#[tokio::main(flavor = "current_thread")]
async fn verify_backup(config: &Config, file: &Path) -> Result<String, BackupError> {
    let found = backup::verify(config, file).await?;
    let mut text = format!("{} is whole: {}", file.display(), contents(found.counts, found.with_keys));
    if found.signs_out {
        text.push_str("\nwho restores it signs everybody out: the keys are not in it");
    }
    Ok(text)
}

#[tokio::main(flavor = "current_thread")]
async fn restore_backup(config: &Config, file: &Path, force: bool) -> Result<String, BackupError> {
    let restored = backup::restore(config, file, force).await?;
    let mut text = format!("restored: {}", contents(restored.counts, restored.with_keys));
    if restored.signs_out {
        text.push_str("\neverybody signs in again: the keys are not in the backup");
    }
    if let Some(aside) = restored.aside {
        text.push_str(&format!("\nwhat was there before: {}", aside.display()));
    }
    Ok(text)
}

fn contents(counts: Counts, with_keys: bool) -> String {
    let Counts { accounts, sessions } = counts;
    let keys = if with_keys { "with the keys" } else { "without keys" };
    format!("{accounts} accounts, {sessions} open sessions, {keys}")
}

#[tokio::main]
async fn run(config: Config) -> ExitCode {
    latchkey::log::start(config.log_format);
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

/// How many connections the settings promise, and how many the system lets this process have.
struct Bounds {
    promised: usize,
    kept: usize,
    files: String,
}

/// Promises no more connections than the system lets this process have.
fn bound_connections(config: &mut Config) -> Bounds {
    let descriptors = raise_descriptors();
    let files = descriptors.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let promised = config.connections.max;
    config.connections.max = connections_below(descriptors, promised);
    Bounds { promised, kept: config.connections.max, files }
}

impl Bounds {
    /// Tells the log: once the server has started, so that one that does not start says nothing but why.
    fn tell(self) {
        let Self { promised, kept, files } = self;
        if kept < promised {
            tracing::warn!(
                connections.max = promised,
                connections.kept = kept,
                files.limit = files,
                "connections.max is more than the limit of open files allows: raise LimitNOFILE (ulimit -n), or lower it"
            );
        } else {
            tracing::info!(connections.max = kept, files.limit = files, "Connections are bounded");
        }
    }
}

/// Warns of passwords that cross the network as they are.
fn warn_of_plain_http(public_url: &PublicUrl) {
    if !public_url.is_https() && !public_url.is_loopback() {
        tracing::warn!(
            public_url = public_url.origin(),
            "public_url is plain http: passwords and tokens cross the network unencrypted; put TLS before it and set https"
        );
    }
}

/// Warns of what somebody may believe to hold.
fn warn_of_what_is_not_kept(database_url: &DatabaseUrl) {
    if !database_url.not_kept().is_empty() {
        tracing::warn!(
            parameters = database_url.not_kept().join(", "),
            "database.url asks for what cannot be kept to: sslmode=verify-full looks at whose certificate it is, and pg_hba.conf says how one signs in"
        );
    }
}

async fn serve(mut config: Config) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let bounds = bound_connections(&mut config);
    let listen = config.listen;
    let listener = bind("listen", listen).await?;
    // Port 0 asks the system for a spare one.
    let listen = listener.local_addr()?;
    let metrics = match config.metrics.listen {
        Some(address) => Some(bind("metrics.listen", address).await?),
        None => None,
    };
    let (public_url, database) = (config.public_url.origin(), format!("{:?}", config.database_url));
    let _alone = latchkey::app::claim(&config)?;
    let app = App::start(config, Arc::new(SystemClock), Arc::new(OsRandomness)).await?;
    bounds.tell();
    warn_of_plain_http(&app.config.public_url);
    warn_of_what_is_not_kept(&app.config.database_url);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("Stopping; finishing what has been accepted");
    };
    tracing::info!(%listen, public_url, database, "Latchkey answers");
    if let Some(listener) = metrics {
        tracing::info!(metrics.listen = %listener.local_addr()?, "The metrics can be read");
        tokio::spawn(latchkey::serve::metrics(app.clone(), listener));
    }
    if let Some(collector) = &app.config.traces.endpoint {
        tracing::info!(traces.endpoint = %collector, "Calls are traced");
    }
    latchkey::serve::serve(app, listener, stop).await
}

async fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| format!("{setting}: {address}: {error}"))
}

/// One line says why the server does not start.
#[expect(clippy::print_stderr, reason = "the log may not be there yet")]
fn failed(error: &dyn Display) -> ExitCode {
    eprintln!("latchkey: {error}");
    ExitCode::FAILURE
}
