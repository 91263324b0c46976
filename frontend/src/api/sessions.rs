//! The sessions of the person's account.

use super::{
    Failure,
    client::{Call, read},
};
use crate::session::Session;
use latchkey_shared::{ErrorCode, Page, Session as Listed};
use uuid::Uuid;

/// A page of those that live, and those that ended lately: the first one, or the one that begins at `cursor`.
pub async fn page(session: Session, cursor: Option<&str>) -> Result<Page<Listed>, Failure> {
    // A cursor is made of letters that an address can hold.
    let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
    read(&Call::get(format!("/api/me/sessions{query}")).send(Some(session)).await.text?)
}

/// The one that asks.
pub async fn own(session: Session) -> Result<Page<Listed>, Failure> {
    read(&Call::get("/api/me/sessions?limit=1").send(Some(session)).await.text?)
}

/// Ends one. One that is gone needs no ending.
pub async fn end(session: Session, id: Uuid) -> Result<(), Failure> {
    match Call::delete(format!("/api/me/sessions/{id}")).send(Some(session)).await.text {
        Err(failure) if failure.code() == Some(ErrorCode::NotFound) => Ok(()),
        answer => answer.map(drop),
    }
}

/// Ends all but this one.
pub async fn end_others(session: Session) -> Result<(), Failure> {
    Call::delete("/api/me/sessions").send(Some(session)).await.text.map(drop)
}
