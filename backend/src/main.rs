//! `latchkey`: reads its configuration, opens its data, serves.

mod cli;

use clap::{Parser, Subcommand};
use cli::account;
use latchkey::app::App;
use latchkey::backup::{self, BackupError};
use latchkey::config::{self, Config, DatabaseUrl, HumanDuration, PublicUrl};
use latchkey::db::RowCounts;
use latchkey::platform::{Clock as _, OsRandomness, SystemClock, cap_connections, raise_descriptor_limit};
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
        #[arg(long, value_name = "TIME", default_value = "10m", value_parser = str::parse::<HumanDuration>)]
        lead: HumanDuration,
    },
}

fn main() -> ExitCode {
    let (arguments, files): (Arguments, _) = cli::parse();
    match config::from_environment(files.config.as_deref(), &files.env_file) {
        Err(error) => failed(&error),
        Ok(config) => match arguments.command.unwrap_or(Command::Serve) {
            Command::Serve => run(config),
            Command::Keys(Keys::Rotate { lead: HumanDuration(lead) }) => rotate(&config, lead),
            Command::Account(Account::SetPassword { email }) => {
                print_result(account::set_password(&config, &email))
            }
            Command::Backup { file, without_keys } => {
                print_result(create_backup(&config, &file, !without_keys))
            }
            Command::Restore { file, verify: true, .. } => print_result(verify_backup(&config, &file)),
            Command::Restore { file, force, .. } => print_result(restore_backup(&config, &file, force)),
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
fn print_result(result: Result<String, impl Display>) -> ExitCode {
    match result {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn create_backup(config: &Config, file: &Path, with_keys: bool) -> Result<String, BackupError> {
    let created = backup::create(config, file, with_keys).await?;
    Ok(format!("{}: {}", file.display(), contents(created.counts, created.with_keys)))
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
    if let Some(replaced_path) = restored.replaced_path {
        text.push_str(&format!("\nwhat was there before: {}", replaced_path.display()));
    }
    Ok(text)
}

fn contents(counts: RowCounts, with_keys: bool) -> String {
    let RowCounts { accounts, sessions } = counts;
    let keys = if with_keys { "with the keys" } else { "without keys" };
    format!("{accounts} accounts, {sessions} open sessions, {keys}")
}

#[tokio::main]
async fn run(config: Config) -> ExitCode {
    latchkey::log::init(config.log_format);
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

/// How many connections the settings promise, and how many the system lets this process have.
struct ConnectionLimit {
    configured: usize,
    effective: usize,
    files: String,
}

/// Promises no more connections than the system lets this process have.
fn limit_connections(config: &mut Config) -> ConnectionLimit {
    let descriptors = raise_descriptor_limit();
    let files = descriptors.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let configured = config.connections.max;
    config.connections.max = cap_connections(descriptors, configured);
    ConnectionLimit { configured, effective: config.connections.max, files }
}

impl ConnectionLimit {
    /// Tells the log: once the server has started, so that one that does not start says nothing but why.
    fn log(self) {
        let Self { configured, effective, files } = self;
        if effective < configured {
            tracing::warn!(
                connections.max = configured,
                connections.kept = effective,
                files.limit = files,
                "connections.max is more than the limit of open files allows: raise LimitNOFILE (ulimit -n), or lower it"
            );
        } else {
            tracing::info!(connections.max = effective, files.limit = files, "Connections are bounded");
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
fn warn_of_unsupported_parameters(database_url: &DatabaseUrl) {
    if !database_url.unsupported_parameters().is_empty() {
        tracing::warn!(
            parameters = database_url.unsupported_parameters().join(", "),
            "database.url asks for what cannot be kept to: sslmode=verify-full looks at whose certificate it is, and pg_hba.conf says how one signs in"
        );
    }
}

async fn serve(mut config: Config) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let connection_limit = limit_connections(&mut config);
    let listen = config.listen;
    let listener = bind("listen", listen).await?;
    // Port 0 asks the system for a spare one.
    let listen = listener.local_addr()?;
    let metrics = match config.metrics.listen {
        Some(address) => Some(bind("metrics.listen", address).await?),
        None => None,
    };
    let (public_url, database) = (config.public_url.origin(), format!("{:?}", config.database_url));
    let _data_lock = latchkey::app::lock_data(&config)?;
    let app = App::start(config, Arc::new(SystemClock), Arc::new(OsRandomness)).await?;
    connection_limit.log();
    warn_of_plain_http(&app.config.public_url);
    warn_of_unsupported_parameters(&app.config.database_url);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("Stopping; finishing what has been accepted");
    };
    tracing::info!(%listen, public_url, database, "Latchkey answers");
    if let Some(listener) = metrics {
        tracing::info!(metrics.listen = %listener.local_addr()?, "The metrics can be read");
        tokio::spawn(latchkey::server::serve_metrics(app.clone(), listener));
    }
    if let Some(collector) = &app.config.traces.endpoint {
        tracing::info!(traces.endpoint = %collector, "Calls are traced");
    }
    latchkey::server::serve(app, listener, stop).await
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
