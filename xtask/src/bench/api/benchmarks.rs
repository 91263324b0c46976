//! The benchmarks, each with its baseline and threshold.

use super::Effort;
use super::calls::{VERIFY, checks, hostile_sign_ups, proven_refreshes, refreshes, sessions_of, sign_ins};
use super::figures::{ResultRow, Spread, Threshold, compare, interleaved};
use super::growth::growth;
use super::load::{Answers, Load, number};
use super::server::{Dataset, Server, Tokens, bare};
use crate::failure::{Context, Failure, Outcome};
use crate::postgres::{self, Postgres};
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// Number of tokens, far above the capacity of the verifier's cache.
const COLD: u64 = 80_000;
/// Number of concurrent clients in the login benchmarks.
const CROWD: usize = 64;

/// A benchmark that can be run by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Benchmark {
    Verify,
    Cold,
    Login,
    Calm,
    Hostile,
    Refresh,
    Memory,
    Start,
    Growth,
}

impl Benchmark {
    pub const ALL: [Self; 9] = [
        Self::Verify,
        Self::Cold,
        Self::Login,
        Self::Calm,
        Self::Hostile,
        Self::Refresh,
        Self::Memory,
        Self::Start,
        Self::Growth,
    ];

    /// Returns the benchmark's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Cold => "cold",
            Self::Login => "login",
            Self::Calm => "calm",
            Self::Hostile => "hostile",
            Self::Refresh => "refresh",
            Self::Memory => "memory",
            Self::Start => "start",
            Self::Growth => "growth",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|benchmark| benchmark.name() == name)
    }

    /// Runs the benchmark and returns its rows of the result table.
    pub fn measure(self, effort: Effort) -> Outcome<Vec<ResultRow>> {
        match self {
            Self::Verify => verify(effort),
            Self::Cold => cold(effort),
            Self::Login => login(effort),
            Self::Calm => calm(effort),
            Self::Hostile => hostile(effort),
            Self::Refresh => refresh(effort),
            Self::Memory => memory(effort),
            Self::Start => start(effort),
            Self::Growth => growth(effort),
        }
    }
}

const FEW: Tokens = Tokens { access: 1000, refresh: 1000 };

fn verify(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("verify", 1000, &FEW, None)?;
    let server = dataset.serve()?;
    let bare = bare(&answer_of_a_check(&server, &dataset)?)?;
    let run = |server: &Server, ticks: &mut Vec<f64>| {
        let before = server.ticks()?;
        let answers = checks(server, dataset.path(), 32, effort.seconds()).run_checked()?;
        let done = answers.per_second * f64::from(effort.seconds());
        ticks.push((server.ticks()? - before) / done);
        Ok(answers.per_second)
    };
    // Warm-up: every token is verified once before measuring.
    run(&server, &mut Vec::new())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let speed = interleaved(effort.rounds(), || run(&server, &mut ours), || run(&bare, &mut theirs))?;
    let work = compare(ours, theirs);
    Ok(vec![
        ResultRow {
            what: "`verify`, warm: calls per second".into(),
            against: "a bare axum handler that returns the same JSON".into(),
            figure: speed.ratio,
            threshold: Threshold::AtLeast(0.9),
            seen: format!("{} against {} per second", speed.ours, speed.theirs),
        },
        ResultRow {
            what: "`verify`, warm: processor time per call".into(),
            against: "the same".into(),
            figure: work.ratio,
            threshold: Threshold::Nothing,
            seen: "wrk takes a core for itself; this leaves it out".into(),
        },
    ])
}

/// Sends one `verify` request and stores the response body in a file for the bare handler.
fn answer_of_a_check(server: &Server, dataset: &Dataset) -> Outcome<PathBuf> {
    let tokens = fs::read_to_string(dataset.path().join("access.txt")).context("read the tokens")?;
    let token = tokens.lines().next().unwrap_or_default();
    let body = crate::web::body(server.port, VERIFY, &format!("Authorization: Bearer {token}\r\n"))
        .context("ask for the claims of a token")?;
    let file = dataset.path().join("claims.json");
    fs::write(&file, body).context("keep the claims of a token")?;
    Ok(file)
}

fn cold(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("cold", 1000, &Tokens { access: COLD, refresh: 1 }, None)?;
    let all = fs::read_to_string(dataset.path().join("access.txt")).context("read the tokens")?;
    let known = dataset.path().join("known");
    let few: Vec<&str> = all.lines().take(1000).collect();
    fs::create_dir(&known)
        .and_then(|()| fs::write(known.join("access.txt"), few.join("\n")))
        .context("keep some tokens")?;
    let server = dataset.serve()?;
    let mut met = 1000;
    let speed = interleaved(
        effort.rounds(),
        || {
            // Continues where the last run ended: when the list starts over, its tokens have left the cache.
            let load =
                Load { more: vec![met.to_string()], ..checks(&server, dataset.path(), 32, effort.seconds()) };
            let answers = load.run_checked()?;
            met += (answers.per_second * f64::from(effort.seconds())) as u64;
            Ok(answers.per_second)
        },
        || {
            checks(&server, &known, 32, 1).run_checked()?;
            Ok(checks(&server, &known, 32, effort.seconds()).run_checked()?.per_second)
        },
    )?;
    Ok(vec![ResultRow {
        what: "`verify`, each token for the first time: calls per second".into(),
        against: "warm".into(),
        figure: speed.ratio,
        threshold: Threshold::Nothing,
        seen: format!("{} against {} per second", speed.ours, speed.theirs),
    }])
}

fn login(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("login", 1000, &FEW, None)?;
    let server = dataset.serve()?;
    let seconds = effort.seconds();
    let hashes = |whose: &str| number(dataset.tool("hashes").args([&seconds.to_string(), whose]));
    // Warm-up: the threads allocate their memory.
    sign_ins(&server, &dataset, CROWD, 1).run()?;
    let mut refused = 0;
    let speed = interleaved(
        effort.rounds(),
        || {
            let answers = sign_ins(&server, &dataset, CROWD, seconds + 1).run()?;
            refused += answers.failed;
            Ok(answers.per_second)
        },
        || hashes("ours"),
    )?;
    let crates = interleaved(effort.rounds(), || hashes("ours"), || hashes("rustcrypto"))?;
    Ok(vec![
        ResultRow {
            what: format!("`login`, {CROWD} clients: calls per second"),
            against: "Argon2id in a loop on all cores, block used again (19 MiB, t=2, p=1)".into(),
            figure: speed.ratio,
            threshold: Threshold::AtLeast(0.9),
            seen: format!("{} against {} per second, {refused} refused", speed.ours, speed.theirs),
        },
        ResultRow {
            what: "that loop".into(),
            against: "the same with RustCrypto's `argon2`".into(),
            figure: crates.ratio,
            threshold: Threshold::Nothing,
            seen: format!("{} against {} per second", crates.ours, crates.theirs),
        },
    ])
}

fn calm(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("calm", 1000, &FEW, None)?;
    let server = dataset.serve()?;
    let seconds = effort.seconds();
    let check = |seconds| checks(&server, dataset.path(), 4, seconds);
    check(1).run_checked()?;
    let (mut busy, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds() {
        idle.push(check(seconds).run_checked()?);
        busy.push(while_signing_in(&server, &dataset, || check(seconds).run_checked())?);
    }
    let by = |value: fn(&Answers) -> f64| {
        compare(busy.iter().map(value).collect(), idle.iter().map(value).collect())
    };
    let row = |what: &str, value: fn(&Answers) -> f64, threshold| {
        let speed = by(value);
        ResultRow {
            what: format!("{what} of `verify` while {CROWD} clients sign in, 4 clients"),
            against: "the same, idle".into(),
            figure: speed.ratio,
            threshold,
            seen: format!(
                "{} ms against {} ms; no check failed",
                speed.ours.times(1e-3),
                speed.theirs.times(1e-3)
            ),
        }
    };
    Ok(vec![
        row("p50", |answers| answers.p50, Threshold::AtMost(3.0)),
        row("p99", |answers| answers.p99, Threshold::Nothing),
    ])
}

/// Runs `act` while a crowd signs in. Some sign-ins may be refused if other programs use the machine, too.
fn while_signing_in<T>(server: &Server, dataset: &Dataset, act: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    thread::scope(|scope| {
        let crowd = scope.spawn(|| sign_ins(server, dataset, CROWD, 6).run());
        // Time for all clients to connect.
        thread::sleep(Duration::from_secs(1));
        let done = act();
        crowd.join().map_err(|_| Failure::message("The crowd has panicked."))??;
        done
    })
}

/// Measures while a crowd signs up with passwords that are costly to check, as if from as many networks, so that the
/// throttle does not apply.
fn hostile(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("hostile", 1000, &FEW, None)?;
    let server = dataset.serve()?;
    let seconds = effort.seconds();
    let check = || checks(&server, dataset.path(), 4, seconds).run_checked();
    let sign_in = || sign_ins(&server, &dataset, CROWD, seconds + 1).run();
    check()?;
    sign_in()?;
    let mut runs = 0;
    let (mut checks, mut signed_in) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..effort.rounds() {
        checks.1.push(check()?.p50);
        checks.0.push(while_hostile(&server, &dataset, &mut runs, check)?.p50);
        signed_in.1.push(sign_in()?.per_second);
        signed_in.0.push(while_hostile(&server, &dataset, &mut runs, sign_in)?.per_second);
    }
    let (checked, signed_in) = (compare(checks.0, checks.1), compare(signed_in.0, signed_in.1));
    Ok(vec![
        ResultRow {
            what: format!("p50 of `verify` while {CROWD} sign up with hostile passwords, 4 clients"),
            against: "the same, idle".into(),
            figure: checked.ratio,
            threshold: Threshold::AtMost(1.5),
            seen: format!("{} ms against {} ms", checked.ours.times(1e-3), checked.theirs.times(1e-3)),
        },
        ResultRow {
            what: format!(
                "`login`, {CROWD} clients, while {CROWD} sign up with hostile passwords: calls per second"
            ),
            against: "the same alone".into(),
            figure: signed_in.ratio,
            threshold: Threshold::AtLeast(0.5),
            seen: format!("{} against {} per second", signed_in.ours, signed_in.theirs),
        },
    ])
}

/// Runs `act` while a hostile crowd signs up. Most sign-ups may be refused.
fn while_hostile<T>(
    server: &Server,
    dataset: &Dataset,
    runs: &mut usize,
    act: impl FnOnce() -> Outcome<T>,
) -> Outcome<T> {
    *runs += 1;
    let run = *runs;
    thread::scope(|scope| {
        let crowd = scope.spawn(move || hostile_sign_ups(server, dataset, CROWD, 6, run).run());
        // Time for all clients to connect.
        thread::sleep(Duration::from_secs(1));
        let done = act();
        crowd.join().map_err(|_| Failure::message("The crowd has panicked."))??;
        done
    })
}

fn refresh(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let (sqlite, postgresql) = ("SQLite, synchronous=FULL", "PostgreSQL, synchronous_commit=on");
    let mut rows = refresh_on(sqlite, effort, None, false)?;
    // The thresholds at 8 and at 64 clients.
    rows.extend(with_bars(refresh_on(sqlite, effort, None, true)?, [0.45, 0.60]));
    let programs = postgres::require_programs()?;
    for is_proven in [false, true] {
        // One server for each measurement: the accounts of the second have the same names.
        let postgres = Postgres::start_durable(&programs)?;
        let measured = refresh_on(postgresql, effort, Some(postgres.url().to_owned()), is_proven)?;
        rows.extend(if is_proven { with_bars(measured, [0.60, 0.50]) } else { measured });
    }
    Ok(rows)
}

const CLIENTS: [usize; 3] = [1, 8, 64];

fn with_bars(mut rows: Vec<ResultRow>, [eight, many]: [f64; 2]) -> Vec<ResultRow> {
    for (row, bar) in rows.iter_mut().skip(1).zip([eight, many]) {
        row.threshold = Threshold::AtLeast(bar);
    }
    rows
}

fn refresh_on(
    name: &str,
    effort: Effort,
    database: Option<String>,
    is_proven: bool,
) -> Outcome<Vec<ResultRow>> {
    let each_round: usize = CLIENTS.iter().map(|clients| sessions_of(*clients)).sum();
    let sessions = (each_round * (effort.rounds() + 1)) as u64;
    let people = 10_000;
    let tokens = Tokens { access: 1, refresh: sessions };
    let dataset = match is_proven {
        true => Dataset::bound("refresh-proven", people, &tokens, database)?,
        false => Dataset::make("refresh", people, &tokens, database)?,
    };
    let call = if is_proven { "`refresh` with proof" } else { "`refresh`" };
    let server = dataset.serve()?;
    let (seconds, mut used) = (effort.seconds(), 0);
    let mut run = |clients: usize, seconds: u32| {
        let load = match is_proven {
            true => proven_refreshes(&server, &dataset, clients, used, seconds)?,
            false => refreshes(&server, &dataset, clients, used, seconds),
        };
        used += sessions_of(clients);
        Ok::<_, Failure>(load.run_checked()?.per_second)
    };
    let raw = |batch_size: usize| {
        let words = [seconds.to_string(), batch_size.to_string(), people.to_string()];
        number(dataset.tool("statements").args(words))
    };
    run(8, 1)?;
    let mut rates = CLIENTS.map(|_| (Vec::new(), Vec::new()));
    for _ in 0..effort.rounds() {
        for (clients, (ours, theirs)) in CLIENTS.into_iter().zip(&mut rates) {
            ours.push(run(clients, seconds)?);
            theirs.push(raw(clients)?);
        }
    }
    let [_, (eight, _), (many, _)] = &rates;
    let growth = compare(many.clone(), eight.clone());
    let mut rows: Vec<ResultRow> = CLIENTS
        .into_iter()
        .zip(&rates)
        .map(|(clients, (ours, theirs))| {
            let speed = compare(ours.clone(), theirs.clone());
            ResultRow {
                what: format!(
                    "{call}, {clients} client{}: calls per second; {name}",
                    if clients == 1 { "" } else { "s" }
                ),
                against: format!("a raw loop of the statement, {clients} to each commit"),
                figure: speed.ratio,
                threshold: if clients == 64 { Threshold::AtLeast(0.25) } else { Threshold::Nothing },
                seen: format!("{} against {} per second", speed.ours, speed.theirs),
            }
        })
        .collect();
    rows.push(ResultRow {
        what: format!("{call}, 64 clients; {name}"),
        against: "8 clients".into(),
        figure: growth.ratio,
        threshold: Threshold::AtLeast(1.0),
        seen: String::new(),
    });
    Ok(rows)
}

fn memory(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("memory", 1000, &FEW, None)?;
    let (mut idle, mut crowded) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds() {
        let server = dataset.serve()?;
        idle.push(server.memory("VmRSS")?);
        sign_ins(&server, &dataset, CROWD, effort.seconds()).run()?;
        crowded.push(server.memory("VmHWM")?);
    }
    let row = |what: String, figures, bar| ResultRow {
        what,
        against: "–".into(),
        figure: Spread::of(figures),
        threshold: Threshold::AtMost(bar),
        seen: String::new(),
    };
    Ok(vec![
        row("memory, idle: MB resident".into(), idle, 35.0),
        row(format!("memory, {CROWD} clients signing in: MB resident at most"), crowded, 150.0),
    ])
}

fn start(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let dataset = Dataset::make("start", 10_000, &FEW, None)?;
    let times: Outcome<Vec<f64>> =
        (0..effort.rounds()).map(|_| Ok(dataset.serve()?.ready_after.as_secs_f64() * 1e3)).collect();
    Ok(vec![ResultRow {
        what: "start, 10 000 accounts in the database: ms to ready".into(),
        against: "–".into(),
        figure: Spread::of(times?),
        threshold: Threshold::AtMost(200.0),
        seen: String::new(),
    }])
}
