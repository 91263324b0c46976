//! Requests for the user's own account.

use super::{
    Failure,
    request::{ApiRequest, read},
};
use crate::session::{Caller, SessionHandle};
use latchkey_shared::{
    Account, ChangePasswordRequest, DeleteAccountRequest, ErrorCode, ProfileChangeRequest, SignedIn,
};

/// Changes the name or the language.
pub async fn change_profile(caller: Caller, change: &ProfileChangeRequest) -> Result<Account, Failure> {
    read(&ApiRequest::patch("/api/me", change).send_as(Some(caller)).await.text?)
}

/// Changes the password; every other session ends, and this one gets new tokens.
pub async fn change_password(caller: Caller, change: &ChangePasswordRequest) -> Result<SignedIn, Failure> {
    let call = |change| ApiRequest::post("/api/me/password", change);
    let answer = call(change).send_as(Some(caller)).await;
    if !answer.may_be_duplicate(ErrorCode::CredentialsRejected) {
        return read(&answer.text?);
    }
    // The first try may have changed the password. Then the new password is the current one.
    let changed = ChangePasswordRequest { current_password: change.new_password.clone(), ..change.clone() };
    read(&call(&changed).send_as(Some(caller)).await.text?)
}

/// Deletes the account and all its data.
pub async fn delete(session: SessionHandle, request: &DeleteAccountRequest) -> Result<(), Failure> {
    match ApiRequest::delete("/api/me").with_body(request).send(Some(session)).await.text {
        // The first try has deleted the account, so the second found no user signed in.
        Err(Failure::SignedOut) if session.ended_by_account_deletion() => Ok(()),
        answer => answer.map(drop),
    }
}

/// Returns all the server's data on the account, as JSON.
pub async fn export(session: SessionHandle) -> Result<String, Failure> {
    ApiRequest::get("/api/me/export").send(Some(session)).await.text
}
