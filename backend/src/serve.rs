//! Serving: from the first connection to the last answer.

use crate::app::App;
use crate::db::StoreError;
use crate::platform::{ConnectionActivity, IdleTimeoutStream};
use crate::{http, sessions, throttle, tokens};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How long what has been accepted may take once the server stops. Containers are killed after ten seconds.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// Of that, what is kept for what is only in memory, and for the traces of the last calls.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The largest head of a request: cookies of other apps on the same host need some room.
const MAX_REQUEST_HEAD: usize = 32 * 1024;

/// Answers on this listener until `stop` is done, then finishes what it has accepted, unless that takes too long.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut tasks = sessions::start_background_tasks(&app).await?;
    throttle::load_counters(&app).await?;
    tasks.spawn(throttle::run_counter_sync(app.clone()));
    tokens::check_key_fingerprints(&app).await;
    tasks.spawn(tokens::reload_changed_keys(app.clone()));
    let acceptor = Acceptor::new(&app);
    tokio::select! {
        () = acceptor.accept_connections(&listener) => {}
        () = stop => {}
    }
    drop(listener);
    let deadline = Instant::now() + SHUTDOWN_TIMEOUT;
    tokio::select! {
        () = acceptor.graceful.shutdown() => {}
        () = tokio::time::sleep_until(deadline - FLUSH_TIMEOUT) => tracing::warn!("Some clients do not finish; stopping without them"),
    }
    drop(tasks);
    let (flush_state, ()) = tokio::join!(timeout_at(deadline, flush_state(&app)), flush_traces(&app));
    match flush_state {
        Ok(flush_state) => Ok(flush_state?),
        Err(_) => {
            tracing::warn!("The database does not answer; stopping without what is only in memory");
            Ok(())
        }
    }
}

/// Writes down what is only in memory, and closes the database.
async fn flush_state(app: &App) -> Result<(), StoreError> {
    app.token_use.flush(app).await?;
    if let Err(error) = throttle::flush_counters(app).await {
        tracing::warn!(%error, "The wrong tries of the last moment are forgotten");
    }
    app.db.close().await
}

/// Sends the traces that have not been sent yet.
async fn flush_traces(app: &App) {
    if let Some(traces) = &app.traces {
        traces.shutdown(FLUSH_TIMEOUT).await;
    }
}

/// Answers whoever watches the server, for as long as it runs.
pub async fn serve_metrics(app: App, listener: TcpListener) {
    if let Err(error) = axum::serve(listener, http::metrics_router(app)).await {
        tracing::error!(%error, "The metrics cannot be read any more");
    }
}

/// Where connections come in.
struct Acceptor {
    service: http::Service,
    protocol: http1::Builder,
    idle_timeout: Duration,
    permits: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Acceptor {
    fn new(app: &App) -> Self {
        let limits = &app.config.connections;
        let mut protocol = http1::Builder::new();
        // The stream itself waits for the head, at less cost. Answers are small: head and body go in one piece.
        protocol.header_read_timeout(None).max_buf_size(MAX_REQUEST_HEAD).writev(false);
        Self {
            service: http::Service::new(app.clone()),
            protocol,
            idle_timeout: limits.patience,
            permits: Arc::new(Semaphore::new(limits.max.min(Semaphore::MAX_PERMITS))),
            graceful: GracefulShutdown::new(),
        }
    }

    /// Lets in who comes. When all places are taken, the system keeps the others waiting.
    async fn accept_connections(&self, listener: &TcpListener) {
        while let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await {
            let (stream, peer) = accept(listener).await;
            let activity = ConnectionActivity::default();
            let stream = TokioIo::new(IdleTimeoutStream::new(stream, self.idle_timeout, activity.clone()));
            let handler = Arc::new(self.service.for_connection(peer.ip(), activity));
            let service = service_fn(move |request| {
                let handler = Arc::clone(&handler);
                async move { Ok::<_, Infallible>(handler.handle(request).await) }
            });
            let connection = self.graceful.watch(self.protocol.serve_connection(stream, service));
            tokio::spawn(async move {
                // What a client does wrong on its connection is its own affair.
                connection.await.ok();
                drop(permit);
            });
        }
    }
}

/// The next connection, however many fail to come about.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_connection_error(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: some will be free again.
                tracing::error!(%error, "Cannot accept a connection; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_connection_error(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
