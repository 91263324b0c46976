//! Takes over keys that are changed while the server runs.

use crate::app::App;
use std::time::Duration;

/// How often the data folder is looked at. New keys are published at least ten seconds before they sign.
const LOOK: Duration = Duration::from_secs(1);

/// Looks again and again. Keys that cannot be read leave those in place that could.
pub async fn follow(app: App) {
    loop {
        tokio::time::sleep(LOOK).await;
        match app.keys.reload(&app.config) {
            Ok(true) => tracing::info!("The keys have changed; the new ones are published"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "Cannot read the changed keys; keeping the old ones"),
        }
    }
}
