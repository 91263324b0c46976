//! The sessions of the person's account.

use super::{
    Failure,
    request::{ApiRequest, read},
};
use crate::session::SessionHandle;
use latchkey_shared::{ErrorCode, Page, Session as Listed};
use uuid::Uuid;

/// A page of those that live, and those that ended lately: the first one, or the one that begins at `cursor`.
pub async fn page(session: SessionHandle, cursor: Option<&str>) -> Result<Page<Listed>, Failure> {
    // A cursor is made of letters that an address can hold.
    let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
    read(&ApiRequest::get(format!("/api/me/sessions{query}")).send(Some(session)).await.text?)
}

/// The one that asks.
pub async fn current(session: SessionHandle) -> Result<Page<Listed>, Failure> {
    read(&ApiRequest::get("/api/me/sessions?limit=1").send(Some(session)).await.text?)
}

/// Ends one. One that is gone needs no ending.
pub async fn revoke(session: SessionHandle, id: Uuid) -> Result<(), Failure> {
    match ApiRequest::delete(format!("/api/me/sessions/{id}")).send(Some(session)).await.text {
        Err(failure) if failure.code() == Some(ErrorCode::NotFound) => Ok(()),
        answer => answer.map(drop),
    }
}

/// Ends all but this one.
pub async fn revoke_others(session: SessionHandle) -> Result<(), Failure> {
    ApiRequest::delete("/api/me/sessions").send(Some(session)).await.text.map(drop)
}
