//! Seed data: fills a database with people and sessions, in bulk, and writes valid tokens to files.

use crate::Outcome;
use crate::people::{PASSWORD, RESERVED_PEOPLE, email, id};
use crate::proofs;
use clap::Args;
use latchkey::app::App;
use latchkey::db::Executor as _;
use latchkey::platform::{OsRandomness, SystemClock};
use latchkey::tokens::AccessTokenInput;
use latchkey_shared::{Password, Secret, Timestamp};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How much of it.
#[derive(Args)]
pub struct Options {
    /// How many accounts, each with one session.
    people: u64,
    /// How many access tokens, all different; those of a person differ in their ids.
    #[arg(long, default_value_t = 1000)]
    access: u64,
    /// How many refresh tokens, each of another person.
    #[arg(long, default_value_t = 64)]
    refresh: u64,
    /// Binds each session to a key.
    #[arg(long)]
    bound: bool,
    /// Where the tokens and addresses go, one a line.
    #[arg(long)]
    out: PathBuf,
}

/// Fills the database that the server is configured to use, and writes the tokens.
pub async fn run(options: Options) -> Outcome {
    let app = App::start(
        latchkey::config::from_environment(None, &[])?,
        Arc::new(SystemClock),
        Arc::new(OsRandomness),
    );
    let app = app.await?;
    let now = app.clock.now();
    fill(&app, options.people, now).await?;
    if options.bound {
        bind(&app).await?;
    }
    write_down(&app, &options, now)?;
    app.db.close().await?;
    Ok(())
}

/// People per statement: no statement may take long, and those here are no exception.
const BATCH_SIZE: u64 = 20_000;

async fn fill(app: &App, people: u64, now: Timestamp) -> Outcome {
    let password: Password =
        Secret::from(PASSWORD.to_owned()).try_into().map_err(|error| format!("{error:?}"))?;
    let hash = app.authentication.passwords.hash_new(password, Vec::new(), &*app.random).await?;
    for first in (1..=people).step_by(BATCH_SIZE as usize) {
        let last = people.min(first + BATCH_SIZE - 1);
        add(app, first, last, hash.expose(), now).await?;
    }
    let sqlite = app.config.database_url.is_sqlite();
    let optimize = if sqlite { "PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)" } else { "ANALYZE" };
    app.db.executor().execute_unprepared(optimize).await?;
    Ok(())
}

async fn add(app: &App, first: u64, last: u64, hash: &str, now: Timestamp) -> Outcome {
    let sqlite = app.config.database_url.is_sqlite();
    let numbers = if sqlite {
        format!(
            "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)"
        )
    } else {
        format!("(SELECT generate_series({first}, {last}) AS n)")
    };
    let prefix = &id(0).simple().to_string()[..20];
    let id = if sqlite {
        format!("unhex('{prefix}' || printf('%012x', n))")
    } else {
        format!("('{prefix}' || lpad(to_hex(n), 12, '0'))::uuid")
    };
    let now_ms = now.as_millis();
    let (idle, absolute) =
        ((now + app.config.sessions.idle).as_millis(), (now + app.config.sessions.absolute).as_millis());
    let address = email(0).replace('0', "' || n || '");
    app.db.executor().execute_unprepared(&format!(
        "INSERT INTO accounts (id, email, email_key, display_name, locale, roles, signed_in_at, created_at, \
         updated_at) SELECT {id}, '{address}', '{address}', 'Person ' || n, 'en', 'user', {now_ms}, {now_ms}, {now_ms} \
         FROM {numbers} AS numbers"
    )).await?;
    app.db
        .executor()
        .execute_unprepared(&format!(
            "INSERT INTO credentials (id, account_id, kind, secret, created_at) \
         SELECT {id}, {id}, 'password', '{hash}', {now_ms} FROM {numbers} AS numbers"
        ))
        .await?;
    let yes = if sqlite { "1" } else { "true" };
    app.db.executor().execute_unprepared(&format!(
        "INSERT INTO sessions (id, account_id, generation, seen_generation, rotated_at, remember, user_agent, ip, \
         created_at, last_seen_at, idle_ends_at, absolute_ends_at, authenticated_at) SELECT {id}, {id}, 0, -1, {now_ms}, \
         {yes}, 'wrk/4', '127.0.0.1', {now_ms}, {now_ms}, {idle}, {absolute}, {now_ms} FROM {numbers} AS numbers"
    )).await?;
    Ok(())
}

async fn bind(app: &App) -> Outcome {
    let thumbprint = proofs::thumbprint()?;
    let bind = format!("UPDATE sessions SET key_thumbprint = '{thumbprint}', key_source = 'dpop'");
    app.db.executor().execute_unprepared(&bind).await?;
    Ok(())
}

/// Number of people whose addresses and access tokens are used, the same in a database of any size.
const ACTIVE_PEOPLE: u64 = 256;

/// Writes the tokens and addresses. The people used are spread over the whole database, so that its size has an effect.
fn write_down(app: &App, options: &Options, now: Timestamp) -> Outcome {
    let used = options.people.saturating_sub(RESERVED_PEOPLE).max(1);
    let spread = |index: u64, of: u64| 1 + index * (used / of.min(used)) % used;
    let regular = |index: u64| spread(index % ACTIVE_PEOPLE, ACTIVE_PEOPLE);
    let mut access = lines(&options.out, "access")?;
    for index in 0..options.access {
        let person = id(regular(index));
        let input = AccessTokenInput {
            account_id: person,
            session_id: person,
            generation: 0,
            roles: vec!["user".to_owned()],
            authenticated_at: now,
        };
        writeln!(access, "{}", app.tokens.access_tokens.issue(input, now, &*app.random)?.token.expose())?;
    }
    let (mut refresh, mut emails) = (lines(&options.out, "refresh")?, lines(&options.out, "emails")?);
    let ends_at = now + Duration::from_secs(24 * 60 * 60);
    for index in 0..options.refresh {
        let person = id(spread(index, options.refresh));
        writeln!(refresh, "{}", app.tokens.refresh_tokens.issue(person, person, 0, now, ends_at)?.expose())?;
    }
    for index in 0..ACTIVE_PEOPLE.min(used) {
        writeln!(emails, "{}", email(regular(index)))?;
    }
    for file in [&mut access, &mut refresh, &mut emails] {
        file.flush()?;
    }
    Ok(())
}

fn lines(folder: &Path, name: &str) -> std::io::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(folder.join(format!("{name}.txt")))?))
}
