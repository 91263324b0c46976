//! Serving: from the first connection to the last answer.

use crate::app::App;
use crate::db::StoreError;
use crate::platform::{Attended, Calls};
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
const FAREWELL: Duration = Duration::from_secs(8);

/// Of that, what is kept for what is only in memory, and for the traces of the last calls.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The largest head of a request: cookies of other apps on the same host need some room.
const LARGEST_HEAD: usize = 32 * 1024;

/// Answers on this listener until `stop` is done, then finishes what it has accepted, unless that takes too long.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut tasks = sessions::housekeeping(&app).await?;
    throttle::remember(&app).await?;
    tasks.spawn(throttle::follow(app.clone()));
    tokens::compare(&app).await;
    tasks.spawn(tokens::follow(app.clone()));
    let door = Door::new(&app);
    tokio::select! {
        () = door.open(&listener) => {}
        () = stop => {}
    }
    drop(listener);
    let end = Instant::now() + FAREWELL;
    tokio::select! {
        () = door.guests.shutdown() => {}
        () = tokio::time::sleep_until(end - LAST_WORDS) => tracing::warn!("Some clients do not finish; stopping without them"),
    }
    drop(tasks);
    let (put_away, ()) = tokio::join!(timeout_at(end, put_away(&app)), tell_the_last(&app));
    match put_away {
        Ok(put_away) => Ok(put_away?),
        Err(_) => {
            tracing::warn!("The database does not answer; stopping without what is only in memory");
            Ok(())
        }
    }
}

/// Writes down what is only in memory, and closes the database.
async fn put_away(app: &App) -> Result<(), StoreError> {
    app.seen.write_down(app).await?;
    if let Err(error) = throttle::write_down(app).await {
        tracing::warn!(%error, "The wrong tries of the last moment are forgotten");
    }
    app.db.close().await
}

/// Sends the traces that have not been sent yet.
async fn tell_the_last(app: &App) {
    if let Some(traces) = &app.traces {
        traces.finish(LAST_WORDS).await;
    }
}

/// Answers whoever watches the server, for as long as it runs.
pub async fn metrics(app: App, listener: TcpListener) {
    if let Err(error) = axum::serve(listener, http::metrics_router(app)).await {
        tracing::error!(%error, "The metrics cannot be read any more");
    }
}

/// Where connections come in.
struct Door {
    service: http::Service,
    protocol: http1::Builder,
    patience: Duration,
    places: Arc<Semaphore>,
    guests: GracefulShutdown,
}

impl Door {
    fn new(app: &App) -> Self {
        let limits = &app.config.connections;
        let mut protocol = http1::Builder::new();
        // The stream itself waits for the head, at less cost. Answers are small: head and body go in one piece.
        protocol.header_read_timeout(None).max_buf_size(LARGEST_HEAD).writev(false);
        Self {
            service: http::Service::new(app.clone()),
            protocol,
            patience: limits.patience,
            places: Arc::new(Semaphore::new(limits.max.min(Semaphore::MAX_PERMITS))),
            guests: GracefulShutdown::new(),
        }
    }

    /// Lets in who comes. When all places are taken, the system keeps the others waiting.
    async fn open(&self, listener: &TcpListener) {
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            let (stream, peer) = accept(listener).await;
            let calls = Calls::default();
            let stream = TokioIo::new(Attended::new(stream, self.patience, calls.clone()));
            let waiter = Arc::new(self.service.at(peer.ip(), calls));
            let service = service_fn(move |request| {
                let waiter = Arc::clone(&waiter);
                async move { Ok::<_, Infallible>(waiter.answer(request).await) }
            });
            let connection = self.guests.watch(self.protocol.serve_connection(stream, service));
            tokio::spawn(async move {
                // What a client does wrong on its connection is its own affair.
                connection.await.ok();
                drop(place);
            });
        }
    }
}

/// The next connection, however many fail to come about.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: some will be free again.
                tracing::error!(%error, "Cannot accept a connection; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
