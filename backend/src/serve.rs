//! Serving: from the first connection to the last answer.

use crate::app::App;
use crate::{http, sessions, tokens};
use std::future::Future;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Answers on this listener until `stop` is done, then finishes what it has accepted.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut tasks = sessions::housekeeping(&app).await?;
    tasks.spawn(tokens::follow(app.clone()));
    let service = http::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await?;
    drop(tasks);
    app.seen.write_down(&app).await?;
    app.db.close().await?;
    Ok(())
}
