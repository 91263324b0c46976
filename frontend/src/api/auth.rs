//! Requests for sign-up, sign-in, sign-out, refresh and token verification.

use super::{
    Failure,
    request::{ApiRequest, read},
};
use crate::platform::clock::now;
use crate::session::SessionHandle;
use latchkey_shared::{
    ErrorCode, LogInRequest, LogOutRequest, RefreshRequest, Secret, SignUpRequest, SignedIn, Timestamp,
    TokenDelivery,
};

/// Creates an account and signs in.
pub async fn sign_up(request: &SignUpRequest) -> Result<SignedIn, Failure> {
    let answer = ApiRequest::post("/api/auth/signup", request).with_proof(now()).send(None).await;
    if !answer.may_be_duplicate(ErrorCode::EmailTaken) {
        return read(&answer.text?);
    }
    // The account may be the one that the first try has created. The password decides whose it is.
    let same = LogInRequest {
        email: request.email.clone(),
        password: request.password.clone(),
        remember: true,
        token_delivery: TokenDelivery::Cookie,
    };
    match log_in(&same).await {
        Err(failure) if failure.code() == Some(ErrorCode::CredentialsRejected) => read(&answer.text?),
        decided => decided,
    }
}

/// Signs in.
pub async fn log_in(request: &LogInRequest) -> Result<SignedIn, Failure> {
    read(&ApiRequest::post("/api/auth/login", request).with_proof(now()).send(None).await.text?)
}

/// Exchanges the refresh cookie for the next access token; also returns the number of tries. If the response with a
/// token's successor was lost, the server returns that successor again. `time` is the server's time, as far as it is
/// known.
pub async fn refresh(time: Timestamp) -> (Result<SignedIn, Failure>, u32) {
    let answer =
        ApiRequest::post("/api/auth/refresh", &RefreshRequest::default()).with_proof(time).send(None).await;
    (answer.text.and_then(|text| read(&text)), answer.tries)
}

/// Ends the token's session and, if `by_cookie`, the cookie's session; otherwise the cookie is neither sent nor
/// changed.
pub async fn log_out(token: Option<Secret>, by_cookie: bool) -> Result<(), Failure> {
    let call = ApiRequest::post("/api/auth/logout", &LogOutRequest::default());
    call.with_token(token, by_cookie).send(None).await.text.map(drop)
}

/// Verifies that the token is still valid, and has it replaced if not.
pub async fn verify(session: SessionHandle) -> Result<(), Failure> {
    ApiRequest::get("/api/auth/verify").send(Some(session)).await.text.map(drop)
}

/// Verifies in a single request that the server can be reached with this token.
pub async fn verify_once(token: &Secret) -> Result<(), Failure> {
    ApiRequest::get("/api/auth/verify").send_with_proof(Some(token)).await.map(drop)
}
