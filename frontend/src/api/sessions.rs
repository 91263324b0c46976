//! Requests for the sessions of the user's account.

use super::{
    Failure,
    request::{ApiRequest, read},
};
use crate::session::SessionHandle;
use latchkey_shared::{ErrorCode, Page, Session as Listed};
use uuid::Uuid;

/// Returns a page of active and recently ended sessions: the first one, or the one that begins at `cursor`.
pub async fn page(session: SessionHandle, cursor: Option<&str>) -> Result<Page<Listed>, Failure> {
    // A cursor contains only characters that need no encoding in a query.
    let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
    read(&ApiRequest::get(format!("/api/me/sessions{query}")).send(Some(session)).await.text?)
}

/// Returns a page with only the session that makes the request.
pub async fn current(session: SessionHandle) -> Result<Page<Listed>, Failure> {
    read(&ApiRequest::get("/api/me/sessions?limit=1").send(Some(session)).await.text?)
}

/// Revokes a session. Succeeds if it does not exist any more.
pub async fn revoke(session: SessionHandle, id: Uuid) -> Result<(), Failure> {
    match ApiRequest::delete(format!("/api/me/sessions/{id}")).send(Some(session)).await.text {
        Err(failure) if failure.code() == Some(ErrorCode::NotFound) => Ok(()),
        answer => answer.map(drop),
    }
}

/// Revokes all sessions but this one.
pub async fn revoke_others(session: SessionHandle) -> Result<(), Failure> {
    ApiRequest::delete("/api/me/sessions").send(Some(session)).await.text.map(drop)
}
