//! Server loop: accepts connections, and shuts down gracefully.

use super::metrics_layer::metrics_router;
use super::service::Service;
use crate::app::App;
use crate::authentication::throttle;
use crate::db::StoreError;
use crate::platform::{ConnectionActivity, IdleTimeoutStream};
use crate::{sessions, tokens};
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

/// Maximum duration of a graceful shutdown. Containers are killed after ten seconds.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// Part of that time that is reserved for writing what is only in memory, and for the traces of the last requests.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum size of a request's head, in bytes: cookies of other apps on the same host need some room.
const MAX_REQUEST_HEAD: usize = 32 * 1024;

/// Serves requests on this listener until `stop` completes, then finishes the accepted ones within the shutdown
/// timeout.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut tasks = sessions::start_background_tasks(&app.sessions).await?;
    throttle::load_counters(&app.authentication).await?;
    tasks.spawn(throttle::run_counter_sync(app.authentication.clone()));
    tokens::check_key_fingerprints(&app.tokens).await;
    tasks.spawn(tokens::reload_changed_keys(app.tokens.clone()));
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

/// Writes what is only in memory to the database, and closes it.
async fn flush_state(app: &App) -> Result<(), StoreError> {
    app.sessions.token_use.flush(&app.sessions).await?;
    if let Err(error) = throttle::flush_counters(&app.authentication).await {
        tracing::warn!(%error, "The wrong tries of the last moment are forgotten");
    }
    app.db.close().await
}

/// Exports the remaining traces.
async fn flush_traces(app: &App) {
    if let Some(traces) = &app.traces {
        traces.shutdown(FLUSH_TIMEOUT).await;
    }
}

/// Serves the metrics as long as the server runs.
pub async fn serve_metrics(app: App, listener: TcpListener) {
    if let Err(error) = axum::serve(listener, metrics_router(app)).await {
        tracing::error!(%error, "The metrics cannot be read any more");
    }
}

/// Acceptor of connections, with their limits.
struct Acceptor {
    service: Service,
    protocol: http1::Builder,
    idle_timeout: Duration,
    permits: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Acceptor {
    fn new(app: &App) -> Self {
        let limits = &app.config.connections;
        let mut protocol = http1::Builder::new();
        // `IdleTimeoutStream` itself limits the wait for the head, at less cost. Responses are small: head and body are
        // written in one piece.
        protocol.header_read_timeout(None).max_buf_size(MAX_REQUEST_HEAD).writev(false);
        Self {
            service: Service::new(app.clone()),
            protocol,
            idle_timeout: limits.patience,
            permits: Arc::new(Semaphore::new(limits.max.min(Semaphore::MAX_PERMITS))),
            graceful: GracefulShutdown::new(),
        }
    }

    /// Accepts connections. While all permits are taken, the operating system queues further ones.
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
                // Connection errors are the client's own, and are not logged.
                connection.await.ok();
                drop(permit);
            });
        }
    }
}

/// Returns the next connection, however many fail before it.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_connection_error(&error) => {}
            Err(error) => {
                // The file descriptors are probably exhausted: some will be free again.
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
