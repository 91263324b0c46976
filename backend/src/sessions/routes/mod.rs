//! HTTP routes of the sessions, and the extractors of their tokens, which other domains' routes use as well.

mod bearer;
mod client_info;
mod cookie;
mod proof;

pub use bearer::{Bearer, ClaimsJson, MaybeBearer};
pub use cookie::{RefreshCookie, SetCookies};
pub use proof::MaybeProof;

use crate::config::PublicUrl;
use crate::http::{
    ApiError, HttpState, Json, JsonBody, NoContent, OriginCheck, PageQuery, PathId, openapi_responses,
};
use crate::sessions::refresh::{self, RefreshError};
use crate::sessions::session::{ClientInfo, IssuedTokens};
use crate::sessions::sign_in::{self, SignInContext, SignInError};
use crate::sessions::{
    InactiveSessionError, IssueError, ListError, RevokeError, Sessions, list, revoke, token_selection,
};
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use latchkey_shared::{
    EndReason, ErrorCode, FieldError, FieldErrorCode, LogIn, LogInRequest, LogOutRequest, Page,
    RefreshRequest, Session, SignedIn, TokenDelivery, TokenType,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this domain.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: AsRef<HttpState> + AsRef<Sessions> + Clone + Send + Sync + 'static,
    Sessions: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(list_sessions, end_others))
        .routes(routes!(end_one))
}

/// Signs in.
///
/// The answer is the same, in the same time, whether the address or the password was wrong. A session that begins with a
/// proof of a key is bound to that key. Where a cookie of a session of the same account comes along that is bound to another
/// key, that session goes on, and the new key takes the old one's place.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "sessions", request_body = LogInRequest,
    params(("DPoP" = Option<String>, Header, description = "A proof of the client's key (RFC 9449 §4), made for this call")),
    responses(
        (
            status = 200, description = "Signed in", body = SignedIn,
            links(
                ("goes_on" = (
                    operation_id = "refresh",
                    request_body = json!({"refresh_token": "$response.body#/refresh_token"}),
                )),
                ("ends" = (
                    operation_id = "logout",
                    request_body = json!({"refresh_token": "$response.body#/refresh_token"}),
                )),
            ),
        ),
        openapi_responses::InvalidBody, openapi_responses::InvalidProof, openapi_responses::Forbidden, openapi_responses::TooManyRequests,
        openapi_responses::Overloaded,
    ),
)]
async fn login(
    State(service): State<Sessions>,
    cookie: RefreshCookie,
    origin_check: OriginCheck,
    client_info: ClientInfo,
    proof: MaybeProof,
    JsonBody(body): JsonBody<LogInRequest>,
) -> Result<SignedInReply, ApiError> {
    let log_in = LogIn::try_from(body)?;
    let delivery = log_in.token_delivery;
    let refresh_tokens = match delivery {
        TokenDelivery::Cookie => {
            origin_check.required()?;
            cookie.tokens().to_vec()
        }
        TokenDelivery::Body => Vec::new(),
    };
    let proof = proof.checked()?;
    let tokens = sign_in::run(&service, log_in, SignInContext { client_info, proof, refresh_tokens }).await?;
    let reply = SignedInReply::new(&service.config.public_url, StatusCode::OK, tokens, delivery);
    Ok(reply.replacing_previous(&service, &cookie).await)
}

/// Trades a refresh token for the next access token.
///
/// With the cookie, or with `refresh_token` in the body; the next refresh token travels the same way. A
/// session that is bound to a key asks for that key's proof.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "sessions", request_body = RefreshRequest,
    params(("DPoP" = Option<String>, Header, description = "A proof of the client's key (RFC 9449 §4), made for this call")),
    security(("refresh_cookie" = []), ()),
    responses(
        (status = 200, description = "The session goes on", body = SignedIn),
        openapi_responses::InvalidBody, openapi_responses::InvalidProof, openapi_responses::Forbidden,
    ),
)]
async fn refresh(
    State(service): State<Sessions>,
    cookie: RefreshCookie,
    origin_check: OriginCheck,
    client_info: ClientInfo,
    proof: MaybeProof,
    JsonBody(body): JsonBody<RefreshRequest>,
) -> Result<SignedInReply, ApiError> {
    if body.refresh_token.is_none() {
        origin_check.required()?;
    }
    let proof = proof.checked()?;
    let (token, delivery) = match body.refresh_token {
        Some(token) => (token, TokenDelivery::Body),
        None => {
            let token = token_selection::choose(&service, cookie.tokens(), service.clock.now()).await?;
            (token.cloned().ok_or_else(|| ApiError::new(ErrorCode::TokenMissing))?, TokenDelivery::Cookie)
        }
    };
    // A refused cookie is not removed: another tab may have signed in meanwhile, and its new cookie must survive.
    let tokens = refresh::run(&service, &token, delivery, proof, &client_info).await?;
    Ok(SignedInReply::new(&service.config.public_url, StatusCode::OK, tokens, delivery)
        .without_strays(&service.config.public_url, &cookie))
}

/// Signs out.
///
/// With the cookie, with a bearer token, or with `refresh_token` in the body. Also 204 when no session is left.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "sessions", request_body = LogOutRequest,
    security(("refresh_cookie" = []), ("access_token" = []), ()),
    responses((status = 204, description = "Signed out"), openapi_responses::InvalidBody, openapi_responses::Forbidden),
)]
async fn logout(
    State(service): State<Sessions>,
    cookie: RefreshCookie,
    origin_check: OriginCheck,
    MaybeBearer(claims): MaybeBearer,
    JsonBody(body): JsonBody<LogOutRequest>,
) -> Result<Response, ApiError> {
    if let Some(token) = body.refresh_token {
        revoke::by_refresh_tokens(&service, &[token]).await?;
        return Ok(NoContent.into_response());
    }
    // Required even without a cookie: the response clears it in any case, and a request from a foreign page is sent
    // without it.
    origin_check.required()?;
    revoke::by_refresh_tokens(&service, cookie.tokens()).await?;
    if let Some(claims) = claims {
        revoke::by_access_token(&service, &claims).await?;
    }
    Ok((SetCookies::clear(&service.config.public_url, &cookie), NoContent).into_response())
}

/// Lists where the account is signed in, and where it was in the last 30 days.
///
/// First the session that asks, then those that live by last use, then those that have ended by their ends. A session that
/// is used while its list is read moves to the front.
#[utoipa::path(
    get, path = "/api/me/sessions", tag = "sessions", security(("access_token" = [])), params(PageQuery),
    responses(
        (
            status = 200, description = "A page of them", body = Page<Session>,
            links(("ends" = (operation_id = "end_one", parameters(("id" = "$response.body#/items/0/id"))))),
        ),
        openapi_responses::Unauthorized, openapi_responses::InvalidQuery, openapi_responses::InternalError,
    ),
)]
async fn list_sessions(
    State(service): State<Sessions>,
    Bearer(claims): Bearer,
    PageQuery { limit, cursor }: PageQuery,
) -> Result<Json<Page<Session>>, ApiError> {
    Ok(Json(list::run(&service, &claims, limit, cursor.as_deref()).await?))
}

/// Ends all sessions but the one that asks.
#[utoipa::path(
    delete, path = "/api/me/sessions", tag = "sessions", security(("access_token" = [])),
    responses((status = 204, description = "They have ended"), openapi_responses::Unauthorized, openapi_responses::InternalError),
)]
async fn end_others(State(service): State<Sessions>, Bearer(claims): Bearer) -> Result<NoContent, ApiError> {
    revoke::others(&service, &claims).await?;
    Ok(NoContent)
}

/// Ends one session.
#[utoipa::path(
    delete, path = "/api/me/sessions/{id}", tag = "sessions", security(("access_token" = [])),
    params(("id" = uuid::Uuid, Path, description = "The session's id")),
    responses(
        (status = 204, description = "It has ended"),
        openapi_responses::Unauthorized, openapi_responses::NotFound, openapi_responses::InternalError,
    ),
)]
async fn end_one(
    State(service): State<Sessions>,
    Bearer(claims): Bearer,
    PathId(id): PathId,
) -> Result<NoContent, ApiError> {
    revoke::one(&service, &claims, id).await?;
    Ok(NoContent)
}

/// Response to a sign-up, a sign-in, a refresh or a password change.
pub struct SignedInReply {
    status: StatusCode,
    cookies: Option<SetCookies>,
    body: SignedIn,
}

impl SignedInReply {
    /// Returns a response with the refresh token in a cookie or in the body.
    pub fn new(url: &PublicUrl, status: StatusCode, tokens: IssuedTokens, delivery: TokenDelivery) -> Self {
        let (cookies, refresh_token) = match delivery {
            TokenDelivery::Cookie => {
                (Some(SetCookies::issue(url, &tokens.refresh, tokens.cookie_max_age)), None)
            }
            TokenDelivery::Body => (None, Some(tokens.refresh)),
        };
        let body = SignedIn {
            token_type: TokenType::Bearer,
            access_token: tokens.access.token,
            expires_in: tokens.access.expires_in,
            session_expires_at: tokens.ends_at,
            account: tokens.account,
            refresh_token,
        };
        Self { status, cookies, body }
    }

    /// Removes stray cookies that the request sent besides the one that is set now.
    pub fn without_strays(self, url: &PublicUrl, came: &RefreshCookie) -> Self {
        Self { cookies: self.cookies.map(|cookies| cookies.without_strays(url, came)), ..self }
    }

    /// Same as [`without_strays`](Self::without_strays), after a sign-in: also ends the sessions of other accounts
    /// whose cookies were sent, so that they cannot interfere with the new session.
    pub async fn replacing_previous(self, service: &Sessions, came: &RefreshCookie) -> Self {
        if self.cookies.is_some()
            && let Err(error) = token_selection::revoke_other_accounts(
                service,
                came.tokens(),
                self.body.account.id,
                service.clock.now(),
            )
            .await
        {
            // The sign-in succeeds nevertheless, and the next one tries again.
            tracing::warn!(%error, "Cannot end sessions whose cookies came along with a sign-in");
        }
        self.without_strays(&service.config.public_url, came)
    }
}

impl IntoResponse for SignedInReply {
    fn into_response(self) -> Response {
        (self.status, self.cookies, Json(self.body)).into_response()
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Rejected => Self::new(ErrorCode::CredentialsRejected),
            SignInError::TooMany(error) => error.into(),
            SignInError::Pool(error) => error.into(),
            SignInError::Hash(error) => Self::internal(error),
            SignInError::Proof(error) => error.into(),
            SignInError::Issue(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid | RefreshError::Ambiguous => Self::new(ErrorCode::TokenInvalid),
            RefreshError::PredatesPasswordChange => {
                Self::new(ErrorCode::TokenInvalid).with_end_reason(EndReason::PasswordChanged)
            }
            RefreshError::Ended(reason) => Self::session_ended(reason),
            RefreshError::Replayed => {
                Self::new(ErrorCode::ReplayDetected).with_end_reason(EndReason::ReplayDetected)
            }
            RefreshError::Unproven => Self::invalid_proof(),
            RefreshError::Proof(error) => error.into(),
            RefreshError::Contended => Self::internal(error),
            RefreshError::Issue(error) => error.into(),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor => vec![FieldError::new("cursor", FieldErrorCode::InvalidCursor)].into(),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeError> for ApiError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotFound => Self::new(ErrorCode::NotFound),
            RevokeError::Inactive(error) => error.into(),
        }
    }
}

impl From<InactiveSessionError> for ApiError {
    fn from(error: InactiveSessionError) -> Self {
        match error {
            InactiveSessionError::Ended(reason) => Self::session_ended(reason),
            InactiveSessionError::Store(error) => error.into(),
        }
    }
}

impl From<IssueError> for ApiError {
    fn from(error: IssueError) -> Self {
        Self::internal(error)
    }
}
