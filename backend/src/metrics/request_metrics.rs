//! Requests by route, method and status, with their latencies. The routes are known beforehand, so that counting a
//! request allocates no string, and no client can create new labels.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "DELETE", "other"];
/// Statuses of the API contract; the last entry, 0, is for any other.
const STATUSES: [u16; 17] =
    [200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503, 0];
/// Upper limits of the latency buckets, in microseconds.
const BUCKET_LIMITS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// Counters of one route and method.
#[derive(Default)]
struct MethodCounters {
    statuses: [AtomicU64; STATUSES.len()],
    /// Requests by latency bucket; the last one is for those above all limits.
    buckets: [AtomicU64; BUCKET_LIMITS.len() + 1],
    micros: AtomicU64,
}

type RouteCounters = [MethodCounters; METHODS.len()];

/// Counters of every route.
pub struct RequestMetrics {
    routes: HashMap<String, RouteCounters>,
    unmatched: RouteCounters,
}

/// Statistics of one route and method.
pub struct RouteStats<'a> {
    /// Template of the route, such as `/api/me/sessions/{id}`; `none` for requests without a route.
    pub route: &'a str,
    /// Method, or `other`.
    pub method: &'static str,
    /// Number of responses with each status; 0 stands for one that is not in the contract.
    pub statuses: Vec<(u16, u64)>,
    /// Upper limit in seconds and number of requests of each latency bucket, not cumulative; infinity comes last.
    pub buckets: Vec<(f64, u64)>,
    /// Total duration of the requests, in seconds.
    pub seconds: f64,
}

impl RequestMetrics {
    /// Creates counters for these routes, all at zero.
    pub fn new(routes: impl IntoIterator<Item = String>) -> Self {
        let routes = routes.into_iter().map(|route| (route, RouteCounters::default())).collect();
        Self { routes, unmatched: RouteCounters::default() }
    }

    /// Counts a request; `route` is `None` if no route matched.
    pub fn record(&self, route: Option<&str>, method: &str, status: u16, took: Duration) {
        let route_counters = route.and_then(|route| self.routes.get(route)).unwrap_or(&self.unmatched);
        let last = METHODS.len() - 1;
        let counters = &route_counters[METHODS.iter().position(|known| *known == method).unwrap_or(last)];
        let place = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        counters.statuses[place].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKET_LIMITS.iter().position(|limit| micros <= *limit).unwrap_or(BUCKET_LIMITS.len());
        counters.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        counters.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Returns the statistics of all routes and methods that were requested, in the order of the routes.
    pub fn read(&self) -> Vec<RouteStats<'_>> {
        let mut routes: Vec<_> =
            self.routes.iter().map(|(route, counters)| (route.as_str(), counters)).collect();
        routes.sort_unstable_by_key(|(route, _)| *route);
        routes.push(("none", &self.unmatched));
        let rows = routes.into_iter().flat_map(|(route, route_counters)| {
            METHODS.into_iter().zip(route_counters).map(move |(method, counters)| counters.row(route, method))
        });
        rows.filter(|row| !row.statuses.is_empty()).collect()
    }
}

impl MethodCounters {
    fn row<'a>(&self, route: &'a str, method: &'static str) -> RouteStats<'a> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let statuses = STATUSES.into_iter().zip(self.statuses.iter().map(read));
        let limits = BUCKET_LIMITS.into_iter().map(|micros| Duration::from_micros(micros).as_secs_f64());
        RouteStats {
            route,
            method,
            statuses: statuses.filter(|(_, count)| *count > 0).collect(),
            buckets: limits.chain([f64::INFINITY]).zip(self.buckets.iter().map(read)).collect(),
            seconds: Duration::from_micros(read(&self.micros)).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_at_its_route_and_one_that_leads_nowhere_at_none() {
        let requests = RequestMetrics::new(["/a/{id}".to_owned(), "/b".to_owned()]);
        requests.record(Some("/a/{id}"), "GET", 200, Duration::from_micros(80));
        requests.record(Some("/a/{id}"), "GET", 200, Duration::from_millis(3));
        requests.record(Some("/a/{id}"), "GET", 404, Duration::from_secs(60));
        requests.record(Some("/of/somebody"), "BREW", 418, Duration::ZERO);
        requests.record(None, "GET", 404, Duration::ZERO);
        let rows = requests.read();
        let shown: Vec<_> = rows.iter().map(|row| (row.route, row.method, row.statuses.clone())).collect();
        let expected = [
            ("/a/{id}", "GET", vec![(200, 2), (404, 1)]),
            ("none", "GET", vec![(404, 1)]),
            ("none", "other", vec![(0, 1)]),
        ];
        assert_eq!(shown, expected);
        let buckets: Vec<u64> = rows[0].buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(buckets, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
        assert!((rows[0].seconds - 60.003_08).abs() < 1e-9);
    }
}
