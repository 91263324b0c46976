//! Serving: from the first connection to the last answer.

use crate::app::App;
use crate::{http, sessions, tokens};
use std::future::{Future, IntoFuture as _};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long what has been accepted may take once the server stops. Containers are killed after ten seconds.
const FAREWELL: Duration = Duration::from_secs(8);

/// Answers on this listener until `stop` is done, then finishes what it has accepted, unless that takes too long.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut tasks = sessions::housekeeping(&app).await?;
    tasks.spawn(tokens::follow(app.clone()));
    let service = http::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (told, stopping) = oneshot::channel();
    let stop = async move {
        stop.await;
        told.send(()).ok();
    };
    tokio::select! {
        served = axum::serve(listener, service).with_graceful_shutdown(stop).into_future() => served?,
        () = too_long_after(stopping) => tracing::warn!("Some clients do not finish; stopping without them"),
    }
    drop(tasks);
    app.seen.write_down(&app).await?;
    app.db.close().await?;
    Ok(())
}

/// Answers whoever watches the server, for as long as it runs.
pub async fn metrics(app: App, listener: TcpListener) {
    if let Err(error) = axum::serve(listener, http::metrics_router(app)).await {
        tracing::error!(%error, "The metrics cannot be read any more");
    }
}

/// A client that never finishes its own call must not keep the server from stopping.
async fn too_long_after(stopping: oneshot::Receiver<()>) {
    if stopping.await.is_ok() {
        tokio::time::sleep(FAREWELL).await;
    } else {
        std::future::pending::<()>().await;
    }
}
