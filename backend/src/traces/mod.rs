//! Traces, where somebody collects them: what a call did, and how long each step of it took.
//!
//! Spans are made here and nowhere else, of what is named here: nothing that is logged, typed or sent gets into them by
//! itself. They leave in batches, beside the calls, and the calls never wait for them.

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

/// How many spans may wait to be sent; those that come while so many wait are lost.
const MAX_QUEUED_SPANS: usize = 2048;
/// How many are sent at once at most.
const MAX_BATCH: usize = 512;
/// How long a span waits for others to be sent with.
const BATCH_DELAY: Duration = Duration::from_secs(1);

/// What traces calls.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts to trace, where somebody collects the traces. `instance` tells this server from others beside it.
    pub fn start(config: &config::TraceConfig, instance: Uuid) -> Option<Self> {
        let exporter = Exporter::new(config.endpoint.clone()?, Handle::current());
        // Every value is set here: what is left out, the library would read from OTEL_* variables.
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

    /// Begins to trace a call.
    pub fn begin(&self, incoming: &IncomingRequest<'_>) -> RequestTrace {
        RequestTrace::begin(&self.tracer, incoming)
    }

    /// Sends what is left, unless that takes longer than `limit`. What is traced afterwards is lost.
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
