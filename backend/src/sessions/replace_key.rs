//! Key replacement at sign-in. If a browser has lost its key but not its cookie, a new sign-in there continues the same
//! session, and the new key replaces the old one.

use super::refresh::reissue;
use super::revoke::SessionSelector;
use super::rotation::Generation;
use super::session::{ClientInfo, IssuedTokens, SessionRecord};
use super::sign_in::SignInError;
use super::store;
use crate::app::App;
use crate::db::StoreError;
use crate::passwords::PasswordHash;
use crate::tokens::Thumbprint;
use latchkey_shared::{Account, Secret, Timestamp};
use uuid::Uuid;

/// A verified sign-in that may continue an existing session.
pub struct Reauthentication<'a> {
    /// Account whose credentials were verified.
    pub account: &'a Account,
    /// Hash that the password was verified against.
    pub verified_hash: &'a PasswordHash,
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
    /// Hash that the account must still have.
    pub(super) verified_hash: PasswordHash,
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
    app: &App,
    refresh_token: &Secret,
    reauthentication: &Reauthentication<'_>,
    now: Timestamp,
) -> Result<Option<IssuedTokens>, SignInError> {
    let Some((mut session, old)) = find_replaceable(app, refresh_token, reauthentication, now).await? else {
        return Ok(None);
    };
    let replacement = KeyReplacement {
        session_id: session.id,
        expected_generation: session.rotation.generation,
        account_id: reauthentication.account.id,
        old,
        new: reauthentication.key.clone(),
        verified_hash: reauthentication.verified_hash.clone(),
        remember: reauthentication.remember,
        client_info: reauthentication.client_info.clone(),
        now,
        rotated_at: app.database_clock.now(&*app.clock),
        idle_ends_at: now + app.idle_limit(reauthentication.remember),
    };
    if !write(app, &replacement).await? {
        return Ok(None);
    }
    tracing::info!(session.id = %session.id, "The session's key was lost; after the password a new one took its place");
    session.remember = replacement.remember;
    session.rotation.idle_ends_at = replacement.idle_ends_at;
    Ok(Some(reissue(
        app,
        &session,
        replacement.expected_generation.next(),
        reauthentication.account.clone(),
        now,
    )?))
}

/// Returns the session and its old key, if the key can be replaced.
async fn find_replaceable(
    app: &App,
    refresh_token: &Secret,
    reauthentication: &Reauthentication<'_>,
    now: Timestamp,
) -> Result<Option<(SessionRecord, Thumbprint)>, StoreError> {
    let Ok(claims) = app.refresh_tokens.read(refresh_token, now) else { return Ok(None) };
    let account_id = reauthentication.account.id;
    let selector = SessionSelector::IdOfAccount { account_id, session_id: claims.sid };
    let Some(session) = store::find_session(app.db.executor(), selector).await? else { return Ok(None) };
    let is_current =
        session.rotation.generation == Generation(claims.generation) && session.ended(now).is_none();
    let old = session.key.clone().filter(|key| key != reauthentication.key && is_current);
    Ok(old.map(|old| (session, old)))
}

async fn write(app: &App, replacement: &KeyReplacement) -> Result<bool, StoreError> {
    let transaction = app.db.begin().await?;
    let is_replaced = store::mark_key_replaced(transaction.executor(), replacement).await?;
    transaction.commit().await?;
    Ok(is_replaced)
}
