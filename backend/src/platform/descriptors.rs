//! File descriptors: each connection is one, and each file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many are kept for what is no client's connection: the database, the listeners, the log, files.
const RESERVED: u64 = 128;

/// Raises the soft limit to the hard one, and returns how many descriptors this process may have; none where there is no
/// limit.
pub fn raise_descriptor_limit() -> Option<u64> {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limits.maximum,
        Err(error) => {
            tracing::warn!(%error, "The limit of open files stays as it is");
            limits.current
        }
    }
}

/// How many connections fit below this limit, of those that are promised.
pub fn cap_connections(descriptors: Option<u64>, configured: usize) -> usize {
    let most = descriptors.map_or(usize::MAX, |descriptors| {
        // A process that may have hardly any still serves somebody.
        let left = descriptors.saturating_sub(RESERVED).max(descriptors / 2).max(1);
        usize::try_from(left).unwrap_or(usize::MAX)
    });
    configured.min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_connections_are_promised_than_there_are_descriptors_for() {
        for (descriptors, configured, capped) in [
            (None, 10_000, 10_000),
            (Some(524_288), 10_000, 10_000),
            (Some(10_128), 10_000, 10_000),
            (Some(10_127), 10_000, 9_999),
            (Some(1024), 10_000, 896),
            (Some(1024), 500, 500),
            (Some(64), 10_000, 32),
            (Some(0), 10_000, 1),
        ] {
            assert_eq!(cap_connections(descriptors, configured), capped, "{descriptors:?}");
        }
    }
}
