//! The baseline for a sign-in: Argon2id in a loop on every core, each with a memory block that is reused.

use argon2_rust::params::Memory;
use clap::Subcommand;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

const KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Whose Argon2id.
#[derive(Subcommand, Clone, Copy)]
pub enum Implementation {
    /// The one that the server uses.
    Ours,
    /// The one by RustCrypto.
    Rustcrypto,
}

type Failure = Box<dyn Error + Send + Sync>;

/// Returns the hashes per second of all cores together.
pub fn per_second(seconds: f64, implementation: Implementation) -> Result<f64, Failure> {
    let cores = thread::available_parallelism()?.get();
    let threads: Vec<_> = (0..cores)
        .map(|_| thread::spawn(move || one_core(Duration::from_secs_f64(seconds), implementation)))
        .collect();
    let mut sum = 0.0;
    for thread in threads {
        sum += thread.join().map_err(|_| "a thread has panicked")??;
    }
    Ok(sum)
}

fn one_core(time: Duration, implementation: Implementation) -> Result<f64, Failure> {
    let mut hash = hasher(implementation)?;
    // The first hash allocates the memory.
    hash()?;
    let (start, mut done) = (Instant::now(), 0.0);
    while start.elapsed() < time {
        hash()?;
        done += 1.0;
    }
    Ok(done / start.elapsed().as_secs_f64())
}

type Hash = Box<dyn FnMut() -> Result<(), Failure>>;

fn hasher(implementation: Implementation) -> Result<Hash, Failure> {
    const PASSWORD: &[u8] = b"correct horse battery staple";
    const SALT: [u8; 16] = [7; 16];
    let mut out = [0; 32];
    Ok(match implementation {
        Implementation::Ours => {
            use argon2_rust::{Algorithm, Argon2, Params, Version};
            let params =
                Params::builder().memory(Memory::kib(KIB.into())).passes(PASSES).lanes(LANES).build()?;
            let mut hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hasher();
            Box::new(move || Ok(hasher.hash_into(PASSWORD, &SALT, &mut out)?))
        }
        Implementation::Rustcrypto => {
            use argon2::{Algorithm, Argon2, Block, Params, Version};
            let params =
                Params::new(KIB, PASSES, LANES, Some(out.len())).map_err(|error| error.to_string())?;
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut blocks = vec![Block::default(); KIB as usize];
            Box::new(move || {
                let hashed =
                    argon2.hash_password_into_with_memory(PASSWORD, &SALT, &mut out, &mut blocks[..]);
                Ok(hashed.map_err(|error| error.to_string())?)
            })
        }
    })
}
