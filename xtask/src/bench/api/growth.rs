//! How it goes with the size of the database.

use super::Effort;
use super::calls::{LIST, checks, refreshes, sessions_of, sign_ins};
use super::figures::{Row, Wanted, compared};
use super::load::Load;
use super::server::{Server, Tokens, World};
use crate::failure::Outcome;
use crate::postgres::{self, Postgres};

/// What is asked of databases of every size.
const CALLS: [&str; 4] = ["login", "refresh", "verify", "list"];

/// Every size, on SQLite and on PostgreSQL.
pub fn growth(effort: Effort) -> Outcome<Vec<Row>> {
    let mut rows = growth_on("SQLite", effort, &[])?;
    let programs = postgres::wanted()?;
    // A server for each size.
    let servers: Outcome<Vec<_>> =
        effort.sizes().iter().map(|_| Postgres::start_durable(&programs)).collect();
    rows.extend(growth_on("PostgreSQL", effort, &servers?)?);
    Ok(rows)
}

fn growth_on(name: &str, effort: Effort, databases: &[Postgres]) -> Outcome<Vec<Row>> {
    let sessions = sessions_of(8) * (effort.rounds() + 1);
    let tokens = Tokens { access: 1000, refresh: sessions as u64 };
    let mut worlds = Vec::new();
    for (index, people) in effort.sizes().iter().enumerate() {
        let database = databases.get(index).map(|database| database.url().to_owned());
        worlds.push(World::make(&format!("growth-{people}"), *people, &tokens, database)?);
    }
    let by_size = || vec![Vec::new(); worlds.len()];
    let (mut starts, mut memory) = (by_size(), by_size());
    for _ in 0..effort.rounds() {
        for ((world, starts), memory) in worlds.iter().zip(&mut starts).zip(&mut memory) {
            let server = world.serve()?;
            starts.push(server.ready_after.as_secs_f64() * 1e3);
            memory.push(server.memory("VmRSS")?);
        }
    }
    let mut rows = grown(&worlds, name, "start: ms to ready", &starts);
    rows.extend(grown(&worlds, name, "memory, idle: MB resident", &memory));
    let servers = worlds.iter().map(World::serve).collect::<Outcome<Vec<_>>>()?;
    let mut rates = CALLS.map(|_| by_size());
    for round in 0..=effort.rounds() {
        for (call, by_size) in CALLS.into_iter().zip(&mut rates) {
            for ((world, server), by_round) in worlds.iter().zip(&servers).zip(by_size) {
                let rate = ask(call, world, server, round, effort.seconds())?;
                // The first round fills the caches.
                if round > 0 {
                    by_round.push(rate);
                }
            }
        }
    }
    for (call, by_size) in CALLS.into_iter().zip(&rates) {
        rows.extend(grown(&worlds, name, &format!("`{call}`: calls per second"), by_size));
    }
    Ok(rows)
}

/// What came of each larger database, beside the smallest.
fn grown(worlds: &[World], name: &str, what: &str, by_size: &[Vec<f64>]) -> Vec<Row> {
    let Some((small, larger)) = by_size.split_first() else { return Vec::new() };
    let row = |(world, figures): (&World, &Vec<f64>)| {
        let pair = compared(figures.clone(), small.clone());
        Row {
            what: format!("{what}; {name}, {} accounts and sessions", world.people),
            against: "the same with 1000".into(),
            figure: pair.ratio,
            wanted: Wanted::Nothing,
            seen: format!("{} against {}", pair.ours, pair.theirs),
        }
    };
    worlds.iter().skip(1).zip(larger).map(row).collect()
}

fn ask(call: &str, world: &World, server: &Server, round: usize, seconds: u32) -> Outcome<f64> {
    let check = checks(server, world.path(), 8, seconds);
    let load = match call {
        "login" => sign_ins(server, world, 8, seconds),
        "refresh" => refreshes(server, world, 8, sessions_of(8) * round, seconds),
        "list" => Load { path: LIST, ..check },
        _ => check,
    };
    Ok(load.run_well()?.per_second)
}
