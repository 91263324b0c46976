//! Benchmarks at different sizes of the database.

use super::Effort;
use super::calls::{LIST, checks, refreshes, sessions_of, sign_ins};
use super::figures::{ResultRow, Threshold, compare};
use super::load::Load;
use super::server::{Dataset, Server, Tokens};
use crate::failure::Outcome;
use crate::postgres::{self, Postgres};

/// Requests that are measured at every size of the database.
const CALLS: [&str; 4] = ["login", "refresh", "verify", "list"];

/// Measures every size, on SQLite and on PostgreSQL.
pub fn growth(effort: Effort) -> Outcome<Vec<ResultRow>> {
    let mut rows = growth_on("SQLite", effort, &[])?;
    let programs = postgres::require_programs()?;
    // One server for each size.
    let servers: Outcome<Vec<_>> =
        effort.sizes().iter().map(|_| Postgres::start_durable(&programs)).collect();
    rows.extend(growth_on("PostgreSQL", effort, &servers?)?);
    Ok(rows)
}

fn growth_on(name: &str, effort: Effort, databases: &[Postgres]) -> Outcome<Vec<ResultRow>> {
    let sessions = sessions_of(8) * (effort.rounds() + 1);
    let tokens = Tokens { access: 1000, refresh: sessions as u64 };
    let mut datasets = Vec::new();
    for (index, people) in effort.sizes().iter().enumerate() {
        let database = databases.get(index).map(|database| database.url().to_owned());
        datasets.push(Dataset::make(&format!("growth-{people}"), *people, &tokens, database)?);
    }
    let by_size = || vec![Vec::new(); datasets.len()];
    let (mut starts, mut memory) = (by_size(), by_size());
    for _ in 0..effort.rounds() {
        for ((dataset, starts), memory) in datasets.iter().zip(&mut starts).zip(&mut memory) {
            let server = dataset.serve()?;
            starts.push(server.ready_after.as_secs_f64() * 1e3);
            memory.push(server.memory("VmRSS")?);
        }
    }
    let mut rows = grown(&datasets, name, "start: ms to ready", &starts);
    rows.extend(grown(&datasets, name, "memory, idle: MB resident", &memory));
    let servers = datasets.iter().map(Dataset::serve).collect::<Outcome<Vec<_>>>()?;
    let mut rates = CALLS.map(|_| by_size());
    for round in 0..=effort.rounds() {
        for (call, by_size) in CALLS.into_iter().zip(&mut rates) {
            for ((dataset, server), by_round) in datasets.iter().zip(&servers).zip(by_size) {
                let rate = ask(call, dataset, server, round, effort.seconds())?;
                // The first round warms the caches.
                if round > 0 {
                    by_round.push(rate);
                }
            }
        }
    }
    for (call, by_size) in CALLS.into_iter().zip(&rates) {
        rows.extend(grown(&datasets, name, &format!("`{call}`: calls per second"), by_size));
    }
    Ok(rows)
}

/// Returns a row for each larger database, compared with the smallest.
fn grown(datasets: &[Dataset], name: &str, what: &str, by_size: &[Vec<f64>]) -> Vec<ResultRow> {
    let Some((small, larger)) = by_size.split_first() else { return Vec::new() };
    let row = |(dataset, figures): (&Dataset, &Vec<f64>)| {
        let pair = compare(figures.clone(), small.clone());
        ResultRow {
            what: format!("{what}; {name}, {} accounts and sessions", dataset.people),
            against: "the same with 1000".into(),
            figure: pair.ratio,
            threshold: Threshold::Nothing,
            seen: format!("{} against {}", pair.ours, pair.theirs),
        }
    };
    datasets.iter().skip(1).zip(larger).map(row).collect()
}

fn ask(call: &str, dataset: &Dataset, server: &Server, round: usize, seconds: u32) -> Outcome<f64> {
    let check = checks(server, dataset.path(), 8, seconds);
    let load = match call {
        "login" => sign_ins(server, dataset, 8, seconds),
        "refresh" => refreshes(server, dataset, 8, sessions_of(8) * round, seconds),
        "list" => Load { path: LIST, ..check },
        _ => check,
    };
    Ok(load.run_checked()?.per_second)
}
