//! HTTP routes of the accounts.

use super::error::SelfServiceError;
use super::service::SelfService;
use super::{change_password, delete, export, profile, sign_up};
use crate::http::{
    ApiError, HttpState, Json, JsonBody, JsonStream, NoContent, OriginCheck, openapi_responses,
};
use crate::sessions::{Bearer, ClientInfo, MaybeProof, RefreshCookie, Sessions, SignedInReply};
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use latchkey_shared::{
    Account, AccountExport, ChangePassword, ChangePasswordRequest, DeleteAccountRequest, ErrorCode,
    FieldError, FieldErrorCode, ProfileChange, ProfileChangeRequest, SignUp, SignUpRequest, SignedIn,
    TokenDelivery,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this domain.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: AsRef<HttpState> + AsRef<Sessions> + Clone + Send + Sync + 'static,
    SelfService: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(signup))
        .routes(routes!(show_account, change_profile, delete_account))
        .routes(routes!(set_password))
        .routes(routes!(export_account))
        .routes(routes!(find_change_password))
}

/// Makes an account and signs its owner in.
#[utoipa::path(
    post, path = "/api/auth/signup", tag = "accounts", request_body = SignUpRequest,
    params(("DPoP" = Option<String>, Header, description = "A proof of the client's key (RFC 9449 §4), made for this call")),
    responses(
        (
            status = 201, description = "The account is made; signed in", body = SignedIn,
            links(("signs_in" = (
                operation_id = "login",
                request_body = json!({"email": "$request.body#/email", "password": "$request.body#/password"}),
            ))),
        ),
        openapi_responses::InvalidBody, openapi_responses::InvalidProof, openapi_responses::Forbidden, openapi_responses::Conflict,
        openapi_responses::TooManyRequests, openapi_responses::Overloaded,
    ),
)]
async fn signup(
    State(service): State<SelfService>,
    cookie: RefreshCookie,
    origin_check: OriginCheck,
    client_info: ClientInfo,
    proof: MaybeProof,
    JsonBody(body): JsonBody<SignUpRequest>,
) -> Result<SignedInReply, ApiError> {
    let sign_up = SignUp::try_from(body)?;
    let delivery = sign_up.token_delivery;
    if delivery == TokenDelivery::Cookie {
        origin_check.required()?;
    }
    let proof = proof.checked()?;
    let tokens = sign_up::run(&service, sign_up, proof, client_info).await?;
    let reply =
        SignedInReply::new(&service.sessions.config.public_url, StatusCode::CREATED, tokens, delivery);
    Ok(reply.replacing_previous(&service.sessions, &cookie).await)
}

/// Tells whose token it is.
#[utoipa::path(
    get, path = "/api/me", tag = "accounts", security(("access_token" = [])),
    responses(
        (status = 200, description = "The account", body = Account),
        openapi_responses::Unauthorized, openapi_responses::InternalError,
    ),
)]
async fn show_account(
    State(service): State<SelfService>,
    Bearer(claims): Bearer,
) -> Result<Json<Account>, ApiError> {
    Ok(Json(profile::show(&service, &claims).await?))
}

/// Changes the name or the language.
#[utoipa::path(
    patch, path = "/api/me", tag = "accounts", security(("access_token" = [])), request_body = ProfileChangeRequest,
    responses((status = 200, description = "As it is now", body = Account), openapi_responses::InvalidBody, openapi_responses::Unauthorized),
)]
async fn change_profile(
    State(service): State<SelfService>,
    Bearer(claims): Bearer,
    JsonBody(body): JsonBody<ProfileChangeRequest>,
) -> Result<Json<Account>, ApiError> {
    let change = ProfileChange::try_from(body)?;
    Ok(Json(profile::change(&service, &claims, &change).await?))
}

/// Changes the password, ends every other session, and gives this one new tokens.
///
/// No refresh token from before buys anything any more, also not this session's own. The next one travels as it did at
/// the sign-in, or as `token_delivery` says.
#[utoipa::path(
    post, path = "/api/me/password", tag = "accounts", security(("access_token" = [])),
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "Changed; the session goes on", body = SignedIn),
        openapi_responses::InvalidBody, openapi_responses::Unauthorized, openapi_responses::Forbidden, openapi_responses::TooManyRequests, openapi_responses::Overloaded,
    ),
)]
async fn set_password(
    State(service): State<SelfService>,
    Bearer(claims): Bearer,
    origin_check: OriginCheck,
    JsonBody(body): JsonBody<ChangePasswordRequest>,
) -> Result<SignedInReply, ApiError> {
    let wanted = ChangePassword::try_from(body)?;
    // The response sets a cookie, unless the client asked for the token in the body.
    if wanted.token_delivery != Some(TokenDelivery::Body) {
        origin_check.required()?;
    }
    let changed = change_password::run(&service, &claims, wanted).await;
    let (tokens, delivery) = changed.map_err(|error| weak("new_password", error))?;
    Ok(SignedInReply::new(&service.sessions.config.public_url, StatusCode::OK, tokens, delivery))
}

/// Deletes the account and all that is its own.
#[utoipa::path(
    delete, path = "/api/me", tag = "accounts", security(("access_token" = [])), request_body = DeleteAccountRequest,
    responses(
        (status = 204, description = "Gone"),
        openapi_responses::InvalidBody, openapi_responses::Unauthorized, openapi_responses::TooManyRequests, openapi_responses::Overloaded,
    ),
)]
async fn delete_account(
    State(service): State<SelfService>,
    Bearer(claims): Bearer,
    JsonBody(body): JsonBody<DeleteAccountRequest>,
) -> Result<NoContent, ApiError> {
    delete::run(&service, &claims, body.validate()?).await?;
    Ok(NoContent)
}

/// All that the server knows of the account.
#[utoipa::path(
    get, path = "/api/me/export", tag = "accounts", security(("access_token" = [])),
    responses(
        (status = 200, description = "All of it", body = AccountExport),
        openapi_responses::Unauthorized, openapi_responses::InternalError,
    ),
)]
async fn export_account(
    State(service): State<SelfService>,
    Bearer(claims): Bearer,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let headers = [(header::CONTENT_DISPOSITION, "attachment; filename=\"latchkey-account.json\"")];
    Ok((headers, JsonStream(export::run(&service, claims).await?)))
}

/// Leads to the page on which a password is changed (W3C: A Well-Known URL for Changing Passwords).
#[utoipa::path(
    get, path = "/.well-known/change-password", tag = "accounts",
    responses((
        status = 302, description = "The page is at `Location`",
        headers(("Location" = String, description = "The page's address")),
    )),
)]
async fn find_change_password(State(service): State<SelfService>) -> impl IntoResponse + use<> {
    let page = format!("{}/account/security", service.sessions.config.public_url.origin());
    (StatusCode::FOUND, [(header::LOCATION, page)])
}

impl From<SelfServiceError> for ApiError {
    fn from(error: SelfServiceError) -> Self {
        weak("password", error)
    }
}

/// Converts an error into a response. A weak password is reported as an error of `field`, whose name depends on the
/// request.
fn weak(field: &str, error: SelfServiceError) -> ApiError {
    match error {
        SelfServiceError::EmailTaken => ApiError::new(ErrorCode::EmailTaken),
        SelfServiceError::UndeliverableEmail => {
            vec![FieldError::new("email", FieldErrorCode::InvalidEmail)].into()
        }
        SelfServiceError::WeakPassword(weakness) => vec![FieldError::new(field, weakness.code())].into(),
        SelfServiceError::WrongPassword => ApiError::new(ErrorCode::CredentialsRejected),
        SelfServiceError::Ended(reason) => ApiError::session_ended(reason),
        SelfServiceError::TooMany(error) => error.into(),
        SelfServiceError::Pool(error) => error.into(),
        SelfServiceError::Hashing(_) | SelfServiceError::Hash(_) | SelfServiceError::Export(_) => {
            ApiError::internal(error)
        }
        SelfServiceError::Proof(error) => error.into(),
        SelfServiceError::Issue(error) => error.into(),
        SelfServiceError::Store(error) => error.into(),
    }
}
