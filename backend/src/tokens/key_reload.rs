//! Reload of keys that are changed while the server runs.

use super::key_fingerprints;
use super::service::Tokens;
use std::time::Duration;

/// Interval at which the data folder is polled. New keys are published at least ten seconds before they sign.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Polls for changed keys forever. If the new keys cannot be read, the old ones stay in use.
pub async fn reload_changed_keys(tokens: Tokens) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        match tokens.keys.reload(&tokens.config) {
            Ok(true) => {
                tracing::info!("The keys have changed; the new ones are published");
                check_key_fingerprints(&tokens).await;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "Cannot read the changed keys; keeping the old ones"),
        }
    }
}

/// Logs a warning if this server and its database do not belong together.
pub async fn check_key_fingerprints(tokens: &Tokens) {
    match key_fingerprints::record_and_detect_mismatch(tokens).await {
        Ok(false) => {}
        Ok(true) => tracing::warn!(
            "These are not the keys that this database was used with until now: sessions that were begun with others are \
             refused here. Give all servers that share a database the same tokens.signing_key and tokens.refresh_secret"
        ),
        Err(error) => tracing::warn!(%error, "Cannot compare the keys with those of the other servers"),
    }
}
