//! A key that was lost while the cookie lives: whoever signs in again in that browser goes on in the same session, and the
//! new key takes the old one's place.

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

/// The sign-in that may go on in a session that there is.
pub struct Reauthentication<'a> {
    /// Whose credentials were right.
    pub account: &'a Account,
    /// What the password was checked against.
    pub verified_hash: &'a PasswordHash,
    /// The new key.
    pub key: &'a Thumbprint,
    /// Whether the person asks to be remembered.
    pub remember: bool,
    /// Who asks.
    pub client_info: &'a ClientInfo,
}

/// A key that takes another one's place.
pub struct KeyReplacement {
    pub(super) session_id: Uuid,
    pub(super) account_id: Uuid,
    /// The generation that it must still be at: of several that hold one cookie, one goes on in its session.
    pub(super) expected_generation: Generation,
    /// The key that it must still be bound to.
    pub(super) old: Thumbprint,
    pub(super) new: Thumbprint,
    /// What the account's password must still be.
    pub(super) verified_hash: PasswordHash,
    pub(super) remember: bool,
    pub(super) client_info: ClientInfo,
    pub(super) now: Timestamp,
    /// The same by the time that the servers share.
    pub(super) rotated_at: Timestamp,
    pub(super) idle_ends_at: Timestamp,
}

/// Puts the new key into the session of this refresh token, and issues tokens of its next generation. `None` where there is
/// no such session: another account's, an ended one, one that has gone on since, or one that is bound to no key or to this
/// very one.
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

/// The session and its old key.
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
