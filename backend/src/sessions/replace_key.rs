//! Key replacement at sign-in. If a browser has lost its key but not its cookie, a new sign-in there continues the same
//! session, and the new key replaces the old one.

use super::refresh::reissue;
use super::revoke::SessionSelector;
use super::rotation::Generation;
use super::session::{ClientInfo, IssuedTokens, SessionRecord};
use super::sign_in::SignInError;
use super::store;
use crate::authentication::{Authenticated, CredentialVersion, Methods};
use crate::db::StoreError;
use crate::sessions::Sessions;
use crate::tokens::Thumbprint;
use latchkey_shared::{Secret, Timestamp};
use uuid::Uuid;

/// A verified sign-in that may continue an existing session.
pub struct Reauthentication<'a> {
    /// Proof of the authentication.
    pub authenticated: &'a Authenticated,
    /// New key.
    pub key: &'a Thumbprint,
    /// True if the user asked to be remembered.
    pub remember: bool,
    /// Client of the request.
    pub client_info: &'a ClientInfo,
}

/// Write that replaces a session's key.
pub struct KeyReplacement {
    pub(super) session_id: Uuid,
    pub(super) account_id: Uuid,
    /// Generation that the session must still be at: of several clients with the same cookie, only one continues the
    /// session.
    pub(super) expected_generation: Generation,
    /// Key that the session must still be bound to.
    pub(super) old: Thumbprint,
    pub(super) new: Thumbprint,
    /// Version that the account's credentials must still be at.
    pub(super) version: CredentialVersion,
    /// Time of the authentication.
    pub(super) authenticated_at: Timestamp,
    /// Methods of the authentication.
    pub(super) methods: Methods,
    pub(super) remember: bool,
    pub(super) client_info: ClientInfo,
    pub(super) now: Timestamp,
    /// Time of the rotation, by the database's clock.
    pub(super) rotated_at: Timestamp,
    pub(super) idle_ends_at: Timestamp,
}

/// Binds the session of this refresh token to the new key and issues tokens of its next generation. Returns `None` if
/// the session belongs to another account, has ended, has rotated since, or is bound to no key or already to this one.
pub async fn run(
    service: &Sessions,
    refresh_token: &Secret,
    reauthentication: &Reauthentication<'_>,
    now: Timestamp,
) -> Result<Option<IssuedTokens>, SignInError> {
    let Some((mut session, old)) = find_replaceable(service, refresh_token, reauthentication, now).await?
    else {
        return Ok(None);
    };
    let authenticated = reauthentication.authenticated;
    let replacement = KeyReplacement {
        session_id: session.id,
        expected_generation: session.rotation.generation,
        account_id: authenticated.account().id,
        old,
        new: reauthentication.key.clone(),
        version: authenticated.version(),
        authenticated_at: authenticated.at(),
        methods: authenticated.methods().clone(),
        remember: reauthentication.remember,
        client_info: reauthentication.client_info.clone(),
        now,
        rotated_at: service.database_clock.now(),
        idle_ends_at: now + service.idle_limit(reauthentication.remember),
    };
    if !write(service, &replacement).await? {
        return Ok(None);
    }
    tracing::info!(session.id = %session.id, "The session's key was lost; after the password a new one took its place");
    session.remember = replacement.remember;
    session.authenticated_at = replacement.authenticated_at;
    session.rotation.idle_ends_at = replacement.idle_ends_at;
    Ok(Some(reissue(
        service,
        &session,
        replacement.expected_generation.next(),
        authenticated.account().clone(),
        now,
    )?))
}

/// Returns the session and its old key, if the key can be replaced.
async fn find_replaceable(
    service: &Sessions,
    refresh_token: &Secret,
    reauthentication: &Reauthentication<'_>,
    now: Timestamp,
) -> Result<Option<(SessionRecord, Thumbprint)>, StoreError> {
    let Ok(claims) = service.tokens.refresh_tokens.read(refresh_token, now) else { return Ok(None) };
    let account_id = reauthentication.authenticated.account().id;
    let selector = SessionSelector::IdOfAccount { account_id, session_id: claims.sid };
    let Some(session) = store::find_session(service.db.executor(), selector).await? else { return Ok(None) };
    let is_current =
        session.rotation.generation == Generation(claims.generation) && session.ended(now).is_none();
    let old = session.key.clone().filter(|key| key != reauthentication.key && is_current);
    Ok(old.map(|old| (session, old)))
}

async fn write(service: &Sessions, replacement: &KeyReplacement) -> Result<bool, StoreError> {
    let transaction = service.db.begin().await?;
    let is_replaced = store::mark_key_replaced(transaction.executor(), replacement).await?;
    transaction.commit().await?;
    Ok(is_replaced)
}
