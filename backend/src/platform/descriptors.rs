//! Limits on file descriptors: each connection uses one, and each file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Number of descriptors reserved for other uses than client connections: the database, the listeners, the log, files.
const RESERVED: u64 = 128;

/// Raises the soft limit to the hard one, and returns the number of descriptors that this process may have; `None` if
/// there is no limit.
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

/// Returns the configured number of connections, capped to what fits below this limit.
pub fn cap_connections(descriptors: Option<u64>, configured: usize) -> usize {
    let most = descriptors.map_or(usize::MAX, |descriptors| {
        // A very low limit must still leave at least one connection.
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
