//! Trace of a request and its steps. Names and attributes follow OpenTelemetry's semantic conventions for HTTP servers,
//! except for attributes that could identify a person: no path, query, address or user agent.

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, Span};
use std::future::Future;
use uuid::Uuid;

tokio::task_local! {
    /// Trace of the request that this task works on, if it is traced.
    static ACTIVE_TRACE: ActiveTrace;
}

#[derive(Clone)]
struct ActiveTrace {
    tracer: SdkTracer,
    parent: Context,
}

/// Request that has arrived.
pub struct IncomingRequest<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Template of the route, such as `/api/me/sessions/{id}`.
    pub route: &'a str,
    /// Scheme of the public URL: `http` or `https`.
    pub scheme: &'static str,
    /// `traceparent` of the request, if its sender is trusted.
    pub parent: Option<&'a str>,
}

/// Trace of a request. One that is dropped without a response was cancelled or has failed.
pub struct RequestTrace {
    span: Span,
    active: Option<ActiveTrace>,
    is_finished: bool,
}

impl RequestTrace {
    pub(super) fn begin(tracer: &SdkTracer, incoming: &IncomingRequest<'_>) -> Self {
        let method = known_method(incoming.method);
        let verb = if method == OTHER { "HTTP" } else { method };
        let span = tracer
            .span_builder(format!("{verb} {}", incoming.route))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", incoming.route.to_owned()),
                KeyValue::new("url.scheme", incoming.scheme),
            ]);
        let span = tracer.build_with_context(span, &remote_context(incoming.parent));
        let active = span.span_context().is_sampled().then(|| ActiveTrace {
            tracer: tracer.clone(),
            parent: Context::new().with_remote_span_context(span.span_context().clone()),
        });
        Self { span, active, is_finished: false }
    }

    /// Runs the request's work, whose steps belong to the trace.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.active {
            Some(active) => ACTIVE_TRACE.scope(active.clone(), work).await,
            None => work.await,
        }
    }

    /// Records the response's status, and the id that the request has in the log.
    pub fn finish(mut self, status: u16, request_id: Option<Uuid>) {
        self.is_finished = true;
        self.span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if let Some(id) = request_id {
            self.span.set_attribute(KeyValue::new("request.id", id.to_string()));
        }
        if status >= 500 {
            self.fail(status.to_string());
        }
    }

    fn fail(&mut self, error: impl Into<opentelemetry::Value>) {
        self.span.set_attribute(KeyValue::new("error.type", error.into()));
        self.span.set_status(Status::error(""));
    }
}

impl Drop for RequestTrace {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        if std::thread::panicking() {
            self.fail("panic");
        } else {
            // The client has disconnected, which is not an error of the server.
            self.span.set_attribute(KeyValue::new("error.type", "cancelled"));
        }
    }
}

/// Step of a request; it ends when it is dropped. Boxed, because most are empty and are kept where memory matters.
#[must_use]
pub struct ChildSpan(Option<Box<(ActiveTrace, Span)>>);

/// Begins a step of the current request. If no request is traced, that costs one lookup.
pub fn child_span(name: &'static str) -> ChildSpan {
    ChildSpan(ACTIVE_TRACE.try_with(|active| active.begin(name)).ok())
}

/// Runs `work` as a step of the current request.
pub async fn in_child_span<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    let _step = child_span(name);
    work.await
}

impl ChildSpan {
    /// Ends this step and begins the next one, on any thread.
    pub fn then(self, name: &'static str) -> Self {
        Self(self.0.map(|child_span| {
            let (active, ended) = *child_span;
            drop(ended);
            active.begin(name)
        }))
    }
}

impl ActiveTrace {
    fn begin(&self, name: &'static str) -> Box<(Self, Span)> {
        let child_span = self.tracer.build_with_context(self.tracer.span_builder(name), &self.parent);
        Box::new((self.clone(), child_span))
    }
}

const OTHER: &str = "_OTHER";

/// Returns the method if it is a known one, and `_OTHER` instead of one that a client made up.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

/// Returns the context of the trace that the request continues, if there is a well-formed one (W3C Trace Context, level
/// 1). Vendor data (`tracestate`) is ignored.
fn remote_context(parent: Option<&str>) -> Context {
    struct Parent<'a>(&'a str);
    impl Extractor for Parent<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            (name == "traceparent").then_some(self.0)
        }
        fn keys(&self) -> Vec<&str> {
            vec!["traceparent"]
        }
    }
    let nothing = Context::new();
    match parent {
        Some(parent) => TraceContextPropagator::new().extract_with_context(&nothing, &Parent(parent)),
        None => nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
    use std::panic::AssertUnwindSafe;
    use std::sync::{Arc, Mutex};

    #[derive(Debug, Clone, Default)]
    struct RecordingExporter(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for RecordingExporter {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    impl RecordingExporter {
        fn tracer(&self) -> (SdkTracerProvider, SdkTracer) {
            let provider = SdkTracerProvider::builder().with_simple_exporter(self.clone()).build();
            let tracer = provider.tracer("test");
            (provider, tracer)
        }

        fn only(&self) -> SpanData {
            let mut spans = std::mem::take(&mut *self.0.lock().unwrap());
            assert_eq!(spans.len(), 1, "{spans:?}");
            spans.remove(0)
        }
    }

    fn incoming(method: &str) -> IncomingRequest<'_> {
        IncomingRequest { method, route: "/api/me", scheme: "https", parent: None }
    }

    fn value(span: &SpanData, name: &str) -> Option<String> {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.to_string())
    }

    #[test]
    fn only_the_servers_own_failures_are_errors() {
        let exporter = RecordingExporter::default();
        let (_provider, tracer) = exporter.tracer();
        for (status, error) in [(200, None), (401, None), (503, Some("503".to_owned()))] {
            RequestTrace::begin(&tracer, &incoming("GET")).finish(status, None);
            let span = exporter.only();
            assert_eq!(value(&span, "http.response.status_code"), Some(status.to_string()));
            assert_eq!(span.status == Status::error(""), error.is_some());
            assert_eq!(value(&span, "error.type"), error);
        }
    }

    #[test]
    fn a_call_that_was_not_answered_says_why() {
        let exporter = RecordingExporter::default();
        let (_provider, tracer) = exporter.tracer();
        drop(RequestTrace::begin(&tracer, &incoming("GET")));
        let given_up = exporter.only();
        assert_eq!(value(&given_up, "error.type").as_deref(), Some("cancelled"));
        assert_eq!(given_up.status, Status::Unset);
        let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let _call = RequestTrace::begin(&tracer, &incoming("GET"));
            panic!("a panic that a test asked for");
        }));
        assert!(panicked.is_err());
        let failed = exporter.only();
        assert_eq!(value(&failed, "error.type").as_deref(), Some("panic"));
        assert_eq!(failed.status, Status::error(""));
    }

    #[test]
    fn a_method_that_somebody_made_up_is_not_repeated() {
        let exporter = RecordingExporter::default();
        let (_provider, tracer) = exporter.tracer();
        RequestTrace::begin(&tracer, &incoming("HUNTER2")).finish(405, None);
        let span = exporter.only();
        assert_eq!(span.name, "HTTP /api/me");
        assert_eq!(value(&span, "http.request.method").as_deref(), Some("_OTHER"));
    }

    #[tokio::test]
    async fn steps_follow_one_another_and_belong_to_the_call() {
        let exporter = RecordingExporter::default();
        let (_provider, tracer) = exporter.tracer();
        let call = RequestTrace::begin(&tracer, &incoming("GET"));
        let before = child_span("outside of any call");
        call.run(async {
            let waiting = in_child_span("look", async { child_span("wait") }).await;
            std::thread::spawn(move || drop(waiting.then("work"))).join().unwrap();
        })
        .await;
        drop(before);
        call.finish(200, None);
        let spans = exporter.0.lock().unwrap();
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["look", "wait", "work", "GET /api/me"]);
        let call = &spans[3].span_context;
        assert!(spans[..3].iter().all(|child_span| child_span.parent_span_id == call.span_id()));
        assert!(spans.iter().all(|span| span.span_context.trace_id() == call.trace_id()));
    }

    #[test]
    fn only_a_well_written_parent_is_continued() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = remote_context(Some(parent)).span().span_context().clone();
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(context.is_remote() && context.is_sampled());
        for rubbish in ["", "00", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "é"]
        {
            assert!(!remote_context(Some(rubbish)).span().span_context().is_valid(), "{rubbish}");
        }
        assert!(!remote_context(None).span().span_context().is_valid());
    }
}
