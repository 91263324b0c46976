//! Exporter that sends batches of spans to the collector. Its failures affect nothing else: they are logged once when
//! the collector stops accepting batches, and once when it accepts them again.

use super::otlp::{ExportFailure, export_batch};
use crate::config::OtlpEndpoint;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message as _;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;

/// Span exporter for one collector.
#[derive(Debug)]
pub struct Exporter {
    collector: OtlpEndpoint,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    outage: Outage,
}

impl Exporter {
    pub fn new(collector: OtlpEndpoint, runtime: Handle) -> Self {
        let resource = ResourceAttributesWithSchema::default();
        Self { collector, runtime, resource, outage: Outage::default() }
    }
}

impl SpanExporter for Exporter {
    /// Exports a batch. The library calls this on a thread of its own, which waits; the network I/O runs on the
    /// runtime.
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = Bytes::from(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
        let export = self.runtime.spawn(export_batch(self.collector.clone(), body));
        let result = export.await.unwrap_or(Err(ExportFailure::Stopped));
        self.outage.note(&result, count);
        result.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

/// Delivery state: the number of spans that the present outage has cost; 0 while the collector accepts batches.
#[derive(Debug, Default)]
struct Outage {
    lost: AtomicU64,
}

impl Outage {
    fn note(&self, result: &Result<(), ExportFailure>, count: u64) {
        match result {
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::info!(traces.lost_spans = lost, "Traces are delivered again");
                }
            }
            Err(error) => {
                if self.lost.fetch_add(count, Ordering::Relaxed) == 0 {
                    tracing::warn!(%error, "Traces cannot be delivered; they are lost until the collector takes them");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn what_an_outage_has_cost_is_counted_until_it_is_over() {
        let outage = Outage::default();
        let lost = || outage.lost.load(Ordering::Relaxed);
        outage.note(&Ok(()), 5);
        assert_eq!(lost(), 0);
        outage.note(&Err(ExportFailure::Timeout), 5);
        outage.note(&Err(ExportFailure::Unreachable(ErrorKind::ConnectionRefused.into())), 7);
        assert_eq!(lost(), 12);
        outage.note(&Ok(()), 1);
        assert_eq!(lost(), 0);
    }
}
