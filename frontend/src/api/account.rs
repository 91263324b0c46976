//! The person's own account.

use super::{
    Failure,
    client::{Call, read},
};
use crate::session::Session;
use latchkey_shared::{Account, ChangePasswordRequest, DeleteAccountRequest, ProfileChangeRequest};

/// Changes the name or the language.
pub async fn change_profile(session: Session, change: &ProfileChangeRequest) -> Result<Account, Failure> {
    read(&Call::patch("/api/me", change).send_as(session).await?)
}

/// Changes the password; every other session ends.
pub async fn change_password(session: Session, change: &ChangePasswordRequest) -> Result<(), Failure> {
    Call::post("/api/me/password", change).send_as(session).await.map(drop)
}

/// Deletes the account and all that is its own.
pub async fn delete(session: Session, request: &DeleteAccountRequest) -> Result<(), Failure> {
    Call::delete("/api/me").carrying(request).send_as(session).await.map(drop)
}

/// All that the server knows of the account, as JSON.
pub async fn export(session: Session) -> Result<String, Failure> {
    Call::get("/api/me/export").send_as(session).await
}
