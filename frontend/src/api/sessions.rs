//! The sessions of the person's account.

use super::{
    Failure,
    client::{Call, read},
};
use crate::session::Session;
use latchkey_shared::SessionList;
use uuid::Uuid;

/// Those that live, and those that ended lately.
pub async fn list(session: Session) -> Result<SessionList, Failure> {
    read(&Call::get("/api/me/sessions").send_as(session).await?)
}

/// Ends one.
pub async fn end(session: Session, id: Uuid) -> Result<(), Failure> {
    Call::delete(format!("/api/me/sessions/{id}")).send_as(session).await.map(drop)
}

/// Ends all but this one.
pub async fn end_others(session: Session) -> Result<(), Failure> {
    Call::delete("/api/me/sessions").send_as(session).await.map(drop)
}
