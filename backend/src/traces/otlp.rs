//! Delivery of one batch: OTLP over HTTP, on a connection of its own.

use crate::config::OtlpEndpoint;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Timeout for the delivery of a batch. Meanwhile a limited number of spans waits; requests do not.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Cause of a failed delivery.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailure {
    /// The collector did not respond in time.
    #[error("the collector does not answer within {} s", EXPORT_TIMEOUT.as_secs())]
    Timeout,
    /// The collector cannot be reached.
    #[error("the collector cannot be reached: {0}")]
    Unreachable(#[from] std::io::Error),
    /// The collector does not speak HTTP, or closed the connection before the response was complete.
    #[error("the collector does not answer: {0}")]
    Broken(#[from] hyper::Error),
    /// The request cannot be written.
    #[error("the collector cannot be asked: {0}")]
    Unwritable(#[from] hyper::http::Error),
    /// The collector responded with a status other than success.
    #[error("the collector answers {0}")]
    Refused(StatusCode),
    /// The server has stopped.
    #[error("the server has stopped")]
    Stopped,
}

/// Sends a batch. Only the status of the response is read.
pub async fn export_batch(collector: OtlpEndpoint, batch: Bytes) -> Result<(), ExportFailure> {
    tokio::time::timeout(EXPORT_TIMEOUT, send(&collector, batch)).await.unwrap_or(Err(ExportFailure::Timeout))
}

async fn send(collector: &OtlpEndpoint, batch: Bytes) -> Result<(), ExportFailure> {
    let stream = TcpStream::connect(collector.authority()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The connection is closed when this function returns.
    let mut connection_tasks = JoinSet::new();
    connection_tasks.spawn(connection);
    let request = Request::post(collector.path())
        .header(header::HOST, collector.authority())
        .header(header::CONTENT_TYPE, "application/x-protobuf")
        .header(header::CONNECTION, "close")
        .body(Full::new(batch))?;
    let status = sender.send_request(request).await?.status();
    if status.is_success() { Ok(()) } else { Err(ExportFailure::Refused(status)) }
}
