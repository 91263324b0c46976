//! Signing up, in and out; refreshing; asking whether a session lives.

use super::{
    Failure,
    client::{Call, read},
};
use crate::session::Session;
use latchkey_shared::{LogInRequest, LogOutRequest, RefreshRequest, Secret, SignUpRequest, SignedIn};

/// Makes an account and signs in.
pub async fn sign_up(request: &SignUpRequest) -> Result<SignedIn, Failure> {
    read(&Call::post("/api/auth/signup", request).send(None).await?)
}

/// Signs in.
pub async fn log_in(request: &LogInRequest) -> Result<SignedIn, Failure> {
    read(&Call::post("/api/auth/login", request).send(None).await?)
}

/// Trades the refresh cookie for the next access token.
pub async fn refresh() -> Result<SignedIn, Failure> {
    read(&Call::post("/api/auth/refresh", &RefreshRequest::default()).send(None).await?)
}

/// Ends the session that the cookie, or else the token, belongs to.
pub async fn log_out(token: Option<&Secret>) -> Result<(), Failure> {
    Call::post("/api/auth/logout", &LogOutRequest::default()).send(token).await.map(drop)
}

/// Asks whether the token is still good, and has it replaced if not.
pub async fn verify(session: Session) -> Result<(), Failure> {
    Call::get("/api/auth/verify").send_as(session).await.map(drop)
}

/// Asks whether the server can be reached with this token.
pub async fn verify_once(token: &Secret) -> Result<(), Failure> {
    Call::get("/api/auth/verify").send(Some(token)).await.map(drop)
}
