//! Traces of requests, if a collector is configured: the steps of a request and their durations.
//!
//! Spans are created only here, from the names and attributes given here: nothing that is logged, typed or sent gets
//! into them by itself. They are exported in batches in the background, and requests never wait for them.

mod exporter;
mod otlp;
mod request_trace;

pub use request_trace::{ChildSpan, IncomingRequest, RequestTrace, child_span, in_child_span};

use crate::config;
use exporter::Exporter;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanLimits,
};
use std::time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

/// Maximum number of spans that wait for export; further ones are lost.
const MAX_QUEUED_SPANS: usize = 2048;
/// Maximum number of spans in a batch.
const MAX_BATCH: usize = 512;
/// Time for which a span waits for others to fill a batch.
const BATCH_DELAY: Duration = Duration::from_secs(1);

/// Tracer of requests.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts tracing; `None` without a configured endpoint. `instance` distinguishes this server from others of the
    /// service.
    pub fn start(config: &config::TraceConfig, instance: Uuid) -> Option<Self> {
        let exporter = Exporter::new(config.endpoint.clone()?, Handle::current());
        // Every value is set here: the library would read those left out from `OTEL_*` variables.
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MAX_QUEUED_SPANS)
            .with_max_export_batch_size(MAX_BATCH)
            .with_scheduled_delay(BATCH_DELAY)
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::new(exporter, batches))
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample))))
            .with_span_limits(SpanLimits::default())
            .with_resource(resource(instance))
            .build();
        let tracer = provider.tracer("latchkey");
        Some(Self { provider, tracer })
    }

    /// Begins the trace of a request.
    pub fn begin(&self, incoming: &IncomingRequest<'_>) -> RequestTrace {
        RequestTrace::begin(&self.tracer, incoming)
    }

    /// Exports the remaining spans, unless that takes longer than `limit`. Spans that end afterwards are lost.
    pub async fn shutdown(&self, limit: Duration) {
        let provider = self.provider.clone();
        let finished = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limit)).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!("The last traces could not be delivered in time; stopping without them");
        }
    }
}

fn resource(instance: Uuid) -> Resource {
    let attributes = [
        KeyValue::new("service.name", "latchkey"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", instance.to_string()),
    ];
    Resource::builder_empty().with_attributes(attributes).build()
}
