//! Detection of servers that share a database but not their keys. Such servers refuse each other's tokens, which looks
//! to the page as if the session had ended.

use super::service::Tokens;
use super::store;
use crate::db::StoreError;

/// Replaces the recorded key ids with those of this server. Returns whether ids were recorded and, for access or
/// refresh keys, none of this server's was among them.
pub async fn record_and_detect_mismatch(tokens: &Tokens) -> Result<bool, StoreError> {
    let kids = tokens.keys.active_kids(tokens.clock.now());
    let transaction = tokens.db.begin().await?;
    let known = store::list_kids(transaction.executor()).await?;
    let is_unknown = |kids: &Vec<String>| !kids.iter().any(|kid| known.contains(kid));
    let has_mismatch = !known.is_empty() && kids.iter().any(is_unknown);
    store::delete_kids(transaction.executor()).await?;
    store::insert_kids(transaction.executor(), &kids.concat()).await?;
    transaction.commit().await?;
    Ok(has_mismatch)
}
