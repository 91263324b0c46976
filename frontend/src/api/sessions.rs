//! The sessions of the person's account.

use super::{
    Failure,
    client::{Call, read},
};
use crate::session::Session;
use latchkey_shared::{ErrorCode, SessionList};
use uuid::Uuid;

/// Those that live, and those that ended lately.
pub async fn list(session: Session) -> Result<SessionList, Failure> {
    read(&Call::get("/api/me/sessions").send(Some(session)).await.text?)
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
