//! Whether this server signs with the keys that its database is used with. Two servers of one database that have
//! different keys refuse each other's tokens, and to the page that looks as if the session were over.

use super::store;
use crate::app::App;
use crate::db::StoreError;

/// Compares this server's keys with those of the server that wrote its own down last, and writes these down. Whether none
/// of one kind is among them.
pub async fn record_and_detect_mismatch(app: &App) -> Result<bool, StoreError> {
    let kids = app.keys.active_kids(app.clock.now());
    let transaction = app.db.begin().await?;
    let known = store::list_kids(transaction.executor()).await?;
    let is_unknown = |kids: &Vec<String>| !kids.iter().any(|kid| known.contains(kid));
    let has_mismatch = !known.is_empty() && kids.iter().any(is_unknown);
    store::delete_kids(transaction.executor()).await?;
    store::insert_kids(transaction.executor(), &kids.concat()).await?;
    transaction.commit().await?;
    Ok(has_mismatch)
}
