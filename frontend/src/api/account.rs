//! The person's own account.

use super::{
    Failure,
    client::{Call, read},
};
use crate::session::{Caller, Session};
use latchkey_shared::{
    Account, ChangePasswordRequest, DeleteAccountRequest, ErrorCode, ProfileChangeRequest, SignedIn,
};

/// Changes the name or the language.
pub async fn change_profile(caller: Caller, change: &ProfileChangeRequest) -> Result<Account, Failure> {
    read(&Call::patch("/api/me", change).send_for(Some(caller)).await.text?)
}

/// Changes the password; every other session ends, and this one gets new tokens.
pub async fn change_password(caller: Caller, change: &ChangePasswordRequest) -> Result<SignedIn, Failure> {
    let call = |change| Call::post("/api/me/password", change);
    let answer = call(change).send_for(Some(caller)).await;
    if !answer.echoes(ErrorCode::CredentialsRejected) {
        return read(&answer.text?);
    }
    // The first try may have changed it. Then the new password is the current one.
    let changed = ChangePasswordRequest { current_password: change.new_password.clone(), ..change.clone() };
    read(&call(&changed).send_for(Some(caller)).await.text?)
}

/// Deletes the account and all that is its own.
pub async fn delete(session: Session, request: &DeleteAccountRequest) -> Result<(), Failure> {
    match Call::delete("/api/me").carrying(request).send(Some(session)).await.text {
        // The first try has deleted it, and the second found nobody to be signed in.
        Err(Failure::SignedOut) if session.ended_with_the_account() => Ok(()),
        answer => answer.map(drop),
    }
}

/// All that the server knows of the account, as JSON.
pub async fn export(session: Session) -> Result<String, Failure> {
    Call::get("/api/me/export").send(Some(session)).await.text
}
