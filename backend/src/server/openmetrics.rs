//! Metrics page for Prometheus, in the OpenMetrics text format.

use crate::app::App;
use crate::authentication::hashing::PoolCounts;
use crate::metrics::{OutcomeCounter, OutcomeLabel, RequestMetrics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt::{self, Debug, Formatter};

/// Returns all metrics with their current values.
pub fn render_openmetrics(app: &App) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("latchkey");
    registry.register_collector(Box::new(Scrape(app.clone())));
    let mut output = String::new();
    text::encode(&mut output, &registry)?;
    Ok(output)
}

struct Scrape(App);

impl Debug for Scrape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (app, mut encoder) = (&self.0, MetricsEncoder(encoder));
        if let Some(requests) = app.metrics.requests.get() {
            encoder.requests(requests)?;
        }
        encoder.outcome_counter(
            "refreshes",
            "What refresh tokens were answered",
            "result",
            &app.sessions.metrics.refreshes,
        )?;
        encoder.outcome_counter(
            "sign_ins",
            "What sign-ins came to",
            "result",
            &app.sessions.metrics.sign_ins,
        )?;
        encoder.outcome_counter(
            "sessions_ended",
            "Sessions that this server has ended",
            "reason",
            app.sessions.revocations.counts(),
        )?;
        let (remembered, checked) = app.tokens.verifier.cache_counts();
        let verified = [([("result", "remembered")], remembered), ([("result", "checked")], checked)];
        encoder.counters(
            "token_checks",
            "Access tokens: remembered, or checked by their signature",
            verified,
        )?;
        encoder.threads("hashing", app.authentication.passwords.counts())?;
        encoder.threads("judging", app.authentication.passwords.strength_checks())?;
        let connections = app.db.connections();
        encoder.gauge("database_connections", "Open connections to the database", connections.open)?;
        encoder.gauge("database_connections_idle", "Of these, those that nobody uses", connections.idle)
    }
}

/// Encoder that writes the metrics with their names and labels.
struct MetricsEncoder<'a>(DescriptorEncoder<'a>);

impl MetricsEncoder<'_> {
    fn requests(&mut self, requests: &RequestMetrics) -> fmt::Result {
        let rows = requests.read();
        let statuses = rows.iter().flat_map(|row| {
            row.statuses
                .iter()
                .map(move |(status, count)| (row.route, row.method, status.to_string(), *count))
        });
        let mut metric =
            self.0.encode_descriptor("requests", "Calls that were answered", None, MetricType::Counter)?;
        for (route, method, status, count) in statuses {
            let labels = [("route", route), ("method", method), ("status", status.as_str())];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, u64>(&count, None)?;
        }
        let mut metric = self.0.encode_descriptor(
            "request_duration_seconds",
            "From a call's first byte to its answer",
            None,
            MetricType::Histogram,
        )?;
        for row in &rows {
            let labels = [("route", row.route), ("method", row.method)];
            let count = row.buckets.iter().map(|(_, count)| count).sum();
            let mut histogram = metric.encode_family(&labels)?;
            histogram.encode_histogram::<NoLabelSet>(row.seconds, count, &row.buckets, None)?;
        }
        Ok(())
    }

    fn threads(&mut self, kind: &str, counts: PoolCounts) -> fmt::Result {
        let PoolCounts { waiting, done, refused, waited } = counts;
        self.gauge(&format!("{kind}_waiting"), &format!("Requests that wait for a {kind} thread"), waiting)?;
        self.counter(
            &format!("{kind}_jobs"),
            &format!("Passwords that {kind} threads were done with"),
            done,
        )?;
        self.seconds(
            &format!("{kind}_wait_seconds"),
            "What they waited for a thread, together",
            waited.as_secs_f64(),
        )?;
        self.counter(&format!("{kind}_refused"), "Passwords that no thread had time for", refused)
    }

    fn outcome_counter<O: OutcomeLabel>(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        outcome_counter: &OutcomeCounter<O>,
    ) -> fmt::Result {
        self.counters(name, help, outcome_counter.read().map(|(result, count)| ([(label, result)], count)))
    }

    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        counts: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, count) in counts {
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, u64>(&count, None)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, u64, u64>(&count, None)
    }

    fn seconds(&mut self, name: &str, help: &str, seconds: f64) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, f64, u64>(&seconds, None)
    }

    fn gauge(&mut self, name: &str, help: &str, value: usize) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        metric.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX))
    }
}
