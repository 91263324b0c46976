//! `latchkey-bench`: the baselines and the seed data of `cargo xtask bench api`. Prints plain numbers; xtask makes the
//! table.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

mod bare;
mod hashes;
mod people;
mod proofs;
mod seed;
mod statements;

use clap::Parser;
use std::error::Error;
use std::path::PathBuf;

#[derive(Parser)]
enum Arguments {
    /// Answers every call with the same JSON, from a bare axum handler.
    Bare {
        /// Where it listens, on the loopback.
        port: u16,
        /// What it answers.
        file: PathBuf,
    },
    /// Fills a database, and writes tokens of its people down.
    Seed(seed::Options),
    /// Hashes per second, on every core.
    Hashes {
        /// For how long.
        seconds: f64,
        /// Whose Argon2id.
        #[command(subcommand)]
        implementation: hashes::Implementation,
    },
    /// Writes proofs down that are good for a minute.
    Proofs {
        /// How many.
        count: u64,
        /// Where they go.
        #[arg(long)]
        out: PathBuf,
    },
    /// Rotations per second in a loop of the statement alone, so many to each commit.
    Statements {
        /// For how long.
        seconds: f64,
        /// How many rotations share a commit.
        batch_size: usize,
        /// How many people are in the database.
        people: u64,
    },
}

/// The result of a command.
type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    match Arguments::parse() {
        Arguments::Bare { port, file } => bare::serve(port, &file).await,
        Arguments::Seed(options) => seed::run(options).await,
        Arguments::Proofs { count, out } => proofs::write(count, &out),
        Arguments::Hashes { seconds, implementation } => {
            println!("{:.2}", hashes::per_second(seconds, implementation)?);
            Ok(())
        }
        Arguments::Statements { seconds, batch_size, people } => {
            println!("{:.1}", statements::per_second(seconds, batch_size, people).await?);
            Ok(())
        }
    }
}
