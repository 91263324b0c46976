//! One batch on its way: OTLP over HTTP, on a connection of its own.

use crate::config::Collector;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long a collector may take for a batch. Others wait meanwhile, up to a number; the calls do not.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// It did not answer in time.
    #[error("the collector does not answer within {} s", PATIENCE.as_secs())]
    TooSlow,
    /// Nobody is there.
    #[error("the collector cannot be reached: {0}")]
    Unreachable(#[from] std::io::Error),
    /// It does not speak HTTP, or not to the end.
    #[error("the collector does not answer: {0}")]
    Broken(#[from] hyper::Error),
    /// The request cannot be written.
    #[error("the collector cannot be asked: {0}")]
    Unwritable(#[from] hyper::http::Error),
    /// It says no.
    #[error("the collector answers {0}")]
    Refused(StatusCode),
    /// The server has stopped.
    #[error("the server has stopped")]
    Stopped,
}

/// Sends a batch. What the collector says about it, apart from taking it, is not read.
pub async fn deliver(collector: Collector, batch: Bytes) -> Result<(), Undelivered> {
    tokio::time::timeout(PATIENCE, send(&collector, batch)).await.unwrap_or(Err(Undelivered::TooSlow))
}

async fn send(collector: &Collector, batch: Bytes) -> Result<(), Undelivered> {
    let stream = TcpStream::connect(collector.authority()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Closed when this function is over.
    let mut carrying = JoinSet::new();
    carrying.spawn(connection);
    let request = Request::post(collector.path())
        .header(header::HOST, collector.authority())
        .header(header::CONTENT_TYPE, "application/x-protobuf")
        .header(header::CONNECTION, "close")
        .body(Full::new(batch))?;
    let status = sender.send_request(request).await?.status();
    if status.is_success() { Ok(()) } else { Err(Undelivered::Refused(status)) }
}
