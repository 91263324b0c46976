//! Traces: what the server exports to a collector, what it must not reveal, and that no request waits for the export.

use crate::server::*;
use crate::telemetry::{RecordingClient, exercise};
use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span::SpanKind, status::StatusCode};
use prost::Message as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Behaviour of the collector towards its clients.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ResponseMode {
    Takes,
    Refuses,
    TalksRubbish,
    Hangs,
}

/// A test collector on its own threads, which end with the test process.
struct Collector {
    endpoint: String,
    state: Arc<CollectorState>,
}

struct CollectorState {
    response_mode: Mutex<ResponseMode>,
    /// Every body received, accepted or not.
    received: Mutex<Vec<Vec<u8>>>,
    accepted: Mutex<Vec<ResourceSpans>>,
}

impl Collector {
    fn with_mode(response_mode: ResponseMode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (response_mode, received, accepted) =
            (Mutex::new(response_mode), Mutex::default(), Mutex::default());
        let state = Arc::new(CollectorState { response_mode, received, accepted });
        let serving = Arc::clone(&state);
        std::thread::spawn(move || serve(&listener, &serving));
        Self { endpoint, state }
    }

    fn set_response_mode(&self, response_mode: ResponseMode) {
        *self.state.response_mode.lock().unwrap() = response_mode;
    }

    fn request_count(&self) -> usize {
        self.state.received.lock().unwrap().len()
    }

    fn spans(&self) -> Vec<Span> {
        let accepted = self.state.accepted.lock().unwrap();
        let scopes = accepted.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Returns the spans of requests, without their child spans.
    fn calls(&self) -> Vec<Span> {
        self.spans().into_iter().filter(|span| span.kind == SpanKind::Server as i32).collect()
    }

    fn call(&self, request_id: &str) -> Option<Span> {
        self.calls().into_iter().find(|span| attributes(&span.attributes)["request.id"] == request_id)
    }

    /// Returns everything received, as text.
    fn received_text(&self) -> String {
        let received = self.state.received.lock().unwrap();
        received.iter().map(|body| String::from_utf8_lossy(body)).collect::<Vec<_>>().join("\n")
    }
}

fn serve(listener: &TcpListener, state: &Arc<CollectorState>) {
    for stream in listener.incoming() {
        let state = Arc::clone(state);
        // A client that disconnects early is an expected case.
        std::thread::spawn(move || state.receive(&mut stream.unwrap()).ok());
    }
}

impl CollectorState {
    fn receive(&self, stream: &mut TcpStream) -> io::Result<()> {
        let body = read(stream)?;
        self.received.lock().unwrap().push(body.clone());
        let response_mode = *self.response_mode.lock().unwrap();
        let said: &[u8] = match response_mode {
            ResponseMode::Takes => {
                let brought = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
                self.accepted.lock().unwrap().extend(brought.resource_spans);
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
            }
            ResponseMode::Refuses => b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
            ResponseMode::TalksRubbish => b"\x00\x01 rubbish \xff\r\n\r\n",
            // Until the client closes the connection.
            ResponseMode::Hangs => return stream.read(&mut [0]).map(drop),
        };
        stream.write_all(said)
    }
}

/// Reads the body of a request that has a `Content-Length`.
fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    let length = head.split_once("content-length: ").unwrap().1.lines().next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let shown = |attribute: &KeyValue| match attribute.value.clone().unwrap().value.unwrap() {
        Any::StringValue(text) => text,
        Any::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.as_str(), shown(attribute))).collect()
}

fn start_traced(folder: &std::path::Path, collector: &Collector, more: &[(&str, &str)]) -> Server {
    let mut settings = vec![("LATCHKEY_TRACES__ENDPOINT", collector.endpoint.as_str())];
    settings.extend(more);
    Server::start(folder, &settings)
}

#[tokio::test]
async fn a_sign_in_is_traced_step_by_step_under_its_requests_id() {
    let (folder, collector) = (folder(), Collector::with_mode(ResponseMode::Takes));
    // Only Latchkey's own settings apply.
    let others = [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_SERVICE_NAME", "another"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=another"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
        ("OTEL_BSP_SCHEDULE_DELAY", "86400000"),
    ];
    let server = start_traced(folder.path(), &collector, &others);
    server.signed_in().await;
    let client = RecordingClient::new(&server);
    let log_in = json!({"email": "ada@example.org", "password": PASSWORD});
    let signed_in = client.post("/api/auth/login", &log_in).await;
    assert_eq!(signed_in.status, 200);
    // Exported without waiting for the server to stop.
    let call = wait_for("the trace", || collector.call(&signed_in.id));
    assert_eq!(call.name, "POST /api/auth/login");
    assert_eq!(call.parent_span_id, b"");
    assert_eq!(call.status.as_ref().map_or(0, |status| status.code), StatusCode::Unset as i32);
    let expected = [
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("http.route", "/api/auth/login"),
        ("request.id", &signed_in.id),
        ("url.scheme", "http"),
    ];
    assert_eq!(attributes(&call.attributes), expected.map(|(name, value)| (name, value.to_owned())).into());
    let mut steps: Vec<_> =
        collector.spans().into_iter().filter(|span| span.parent_span_id == call.span_id).collect();
    steps.sort_by_key(|step| step.start_time_unix_nano);
    let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        ["find the account", "wait for a hashing thread", "hash the password", "write with others"]
    );
    for step in steps {
        assert_eq!(step.trace_id, call.trace_id);
        assert!(step.attributes.is_empty() && step.events.is_empty(), "{step:?}");
        assert!(call.start_time_unix_nano <= step.start_time_unix_nano, "{step:?}");
        assert!(step.start_time_unix_nano <= step.end_time_unix_nano, "{step:?}");
        assert!(step.end_time_unix_nano <= call.end_time_unix_nano, "{step:?}");
    }
    let resource = collector.state.accepted.lock().unwrap()[0].resource.clone().unwrap();
    let resource = attributes(&resource.attributes);
    assert_eq!(
        resource.keys().copied().collect::<Vec<_>>(),
        ["service.instance.id", "service.name", "service.version"]
    );
    assert_eq!(resource["service.name"], "latchkey");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn the_traces_hold_no_secret_and_nobody_is_in_them() {
    let (folder, collector) = (folder(), Collector::with_mode(ResponseMode::Takes));
    let server = start_traced(folder.path(), &collector, &[]);
    let client = RecordingClient::new(&server);
    exercise(&client).await;
    // A path and a query that a user typed.
    let typed = client.call("DELETE", "/api/me/sessions/{id}", "hunter2?hunter3", "", "", &json!(null)).await;
    assert_eq!(typed.status, 401);
    let secrets = std::mem::take(&mut *client.secrets.lock().unwrap());
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    let received_text = collector.received_text();
    assert!(
        received_text.contains("/api/me/sessions/{id}") && received_text.contains("PATCH /api/me"),
        "{received_text}"
    );
    assert_eq!(secrets.found_in(&received_text), None);
    // Nor anything that could identify a user, or that was typed.
    for private in
        ["127.0.0.1", "example.org", "Ada", "hunter", "/api/nowhere", "/api/auth/verify", "/api/health"]
    {
        assert!(!received_text.contains(private), "{private}");
    }
}

#[tokio::test]
async fn what_was_accepted_before_the_end_is_traced_before_the_end() {
    let (folder, collector) = (folder(), Collector::with_mode(ResponseMode::Takes));
    let mut server = start_traced(folder.path(), &collector, &[]);
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"}).to_string();
    let mut connection = server.accepting(body.len()).await;
    server.send(Signal::SIGTERM);
    wait_for("the log", || server.log().contains("Stopping").then_some(()));
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(server.ends().code(), Some(0));
    let id = answer.split_once("x-request-id: ").unwrap().1.lines().next().unwrap();
    assert_eq!(collector.call(id).unwrap().name, "POST /api/auth/signup");
}

/// Returns the medians of several requests, sent to both servers in alternation, so that other load on the machine
/// affects both.
async fn side_by_side(servers: [&Server; 2], bearers: [&str; 2]) -> [Duration; 2] {
    let (client, mut times) = (http_client(), [Vec::new(), Vec::new()]);
    for _ in 0..61 {
        for (index, times) in times.iter_mut().enumerate() {
            let call = client.get(servers[index].url("/api/me")).bearer_auth(bearers[index]);
            let begun = Instant::now();
            assert_eq!(call.send().await.unwrap().status(), 200);
            times.push(begun.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    })
}

#[tokio::test]
async fn a_collector_that_hangs_delays_nobody_and_signs_nobody_out() {
    let (folders, collector) = ([folder(), folder()], Collector::with_mode(ResponseMode::Hangs));
    let plain = Server::start(folders[0].path(), &[]);
    let server = start_traced(folders[1].path(), &collector, &[]);
    let (there, here) = (plain.signed_in().await, server.signed_in().await);
    wait_for("a visit", || (collector.request_count() > 0).then_some(()));
    let bearers = [&there, &here].map(|signed_in| signed_in["access_token"].as_str().unwrap());
    let [without, with] = side_by_side([&plain, &server], bearers).await;
    assert!(with < without * 10, "{with:?} with a collector that hangs, {without:?} without one");
    assert_eq!(server.refresh(&here).await.0, 200);
    let mut server = server;
    server.send(Signal::SIGTERM);
    assert_eq!(server.ends().code(), Some(0));
    assert!(server.log().contains("stopping without them"), "{}", server.log());
}

#[tokio::test]
async fn an_outage_of_the_collector_is_told_once_and_so_is_its_end() {
    let (home, collector) = (folder(), Collector::with_mode(ResponseMode::Refuses));
    let server = start_traced(home.path(), &collector, &[]);
    let signed_in = server.signed_in().await;
    let bearer = signed_in["access_token"].as_str().unwrap();
    let client = RecordingClient::new(&server);
    let count = |words: &str| server.log().matches(words).count();
    for response_mode in [ResponseMode::Refuses, ResponseMode::TalksRubbish, ResponseMode::Refuses] {
        collector.set_response_mode(response_mode);
        let before = collector.request_count();
        assert_eq!(client.get("/api/me", bearer).await.status, 200);
        wait_for("a visit", || (collector.request_count() > before).then_some(()));
    }
    assert_eq!(count("Traces cannot be delivered"), 1, "{}", server.log());
    collector.set_response_mode(ResponseMode::Takes);
    let call = client.get("/api/me", bearer).await;
    wait_for("the trace", || collector.call(&call.id));
    wait_for("the log", || (count("Traces are delivered again") == 1).then_some(()));
    let line = server.log();
    let lost = line.split_once("traces.lost_spans=").unwrap().1.trim().parse::<u32>().unwrap();
    assert!(lost >= 5, "two sign-ups' and three calls' spans at least: {lost}");
    // No collector at all.
    let (nowhere, elsewhere) = (folder(), TcpListener::bind("127.0.0.1:0").unwrap());
    let endpoint = format!("http://{}", elsewhere.local_addr().unwrap());
    drop(elsewhere);
    let server = Server::start(nowhere.path(), &[("LATCHKEY_TRACES__ENDPOINT", &endpoint)]);
    assert_eq!(server.refresh(&server.signed_in().await).await.0, 200);
    wait_for("the log", || server.log().contains("the collector cannot be reached").then_some(()));
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
}

const PARENT: &str = "0af7651916cd43dd8448eb211c80319c";

/// Sends a refresh that is refused, within a trace that a client has begun; returns the request's ID.
async fn in_a_trace(server: &Server, sampled: &str) -> String {
    let request =
        http_client().post(server.url("/api/auth/refresh")).header("content-type", "application/json");
    let request = request.header("traceparent", format!("00-{PARENT}-b7ad6b7169203331-{sampled}"));
    let request = request.header("tracestate", "vendor=a-secret-of-theirs");
    let answer = request.body(json!({"refresh_token": "rubbish"}).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    answer.headers()["x-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_a_proxy_that_is_trusted_and_followed_decides_about_traces() {
    const TRUSTED: (&str, &str) = ("LATCHKEY_PROXIES__TRUSTED", "127.0.0.1");
    const FOLLOWED: (&str, &str) = ("LATCHKEY_TRACES__FOLLOW_PROXIES", "true");
    const NONE: (&str, &str) = ("LATCHKEY_TRACES__SAMPLE", "0");
    // The settings; whether a request in a sampled trace, and one in an unsampled trace, are traced; and whether as
    // part of that trace.
    let cases: [(&[_], _, _); 5] = [
        (&[TRUSTED], [true, true], false),
        (&[FOLLOWED], [true, true], false),
        (&[FOLLOWED, NONE], [false, false], false),
        (&[TRUSTED, FOLLOWED], [true, false], true),
        (&[TRUSTED, FOLLOWED, NONE], [true, false], true),
    ];
    for (settings, are_traced, is_followed) in cases {
        let (folder, collector) = (folder(), Collector::with_mode(ResponseMode::Takes));
        let server = start_traced(folder.path(), &collector, settings);
        let ids = [in_a_trace(&server, "01").await, in_a_trace(&server, "00").await];
        assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
        for (id, is_traced) in ids.iter().zip(are_traced) {
            let call = collector.call(id);
            assert_eq!(call.is_some(), is_traced, "{settings:?}");
            if let Some(call) = call {
                let trace: String = call.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(trace == PARENT, is_followed, "{settings:?}");
                assert_eq!(call.parent_span_id.is_empty(), !is_followed, "{settings:?}");
                assert_eq!(call.trace_state, "", "{settings:?}");
            }
        }
    }
}
