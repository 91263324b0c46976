//! Cost of a password hash: the settings `passwords.memory`, `passwords.passes` and `passwords.lanes`.

use std::str::FromStr;

/// Cost parameters of Argon2id (RFC 9106 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashCost {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Number of passes over the memory.
    pub passes: u32,
    /// Number of lanes, which are computed one after the other.
    pub lanes: u32,
}

const MIB: u32 = 1024;

impl HashCost {
    /// OWASP's recommendation: 19 MiB, two passes, one lane.
    pub const DEFAULT: Self = Self { memory_kib: 19 * MIB, passes: 2, lanes: 1 };

    const MEMORY: std::ops::RangeInclusive<u32> = 7 * MIB..=4096 * MIB;
    const PASSES: std::ops::RangeInclusive<u32> = 1..=32;
    const LANES: std::ops::RangeInclusive<u32> = 1..=16;

    /// Checks the bounds: less would be easy to guess, more would let one sign-in occupy a thread for minutes. The error
    /// is the name of the setting and what is allowed.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let Self { memory_kib, passes, lanes } = self;
        for (key, is_allowed, allowed) in [
            ("passwords.memory", Self::MEMORY.contains(memory_kib), "expected 7MiB to 4096MiB"),
            ("passwords.passes", Self::PASSES.contains(passes), "expected 1 to 32"),
            ("passwords.lanes", Self::LANES.contains(lanes), "expected 1 to 16"),
        ] {
            if !is_allowed {
                return Err((key, allowed));
            }
        }
        Ok(())
    }
}

/// Amount of memory such as `19MiB`, in KiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kibibytes(pub u32);

impl FromStr for Kibibytes {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &str = "expected an amount of memory such as 19MiB or 65536KiB";
        let end = text.find(|c: char| !c.is_ascii_digit()).ok_or(ALLOWED)?;
        let (number, unit) = text.split_at(end);
        let factor = match unit.trim_start() {
            "KiB" => 1,
            "MiB" => MIB,
            "GiB" => MIB * MIB,
            _ => return Err(ALLOWED),
        };
        let number: u32 = number.parse().map_err(|_| ALLOWED)?;
        number.checked_mul(factor).map(Self).ok_or(ALLOWED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_with_its_unit() {
        for (text, kib) in [("19MiB", 19_456), ("19 MiB", 19_456), ("65536KiB", 65_536), ("1GiB", 1_048_576)]
        {
            assert_eq!(text.parse(), Ok(Kibibytes(kib)), "{text}");
        }
        for text in ["", "19", "MiB", "19MB", "19mib", "-1MiB", "1.5GiB", "99999999999MiB", "4294967295GiB"] {
            assert!(text.parse::<Kibibytes>().is_err(), "{text}");
        }
    }
}
