//! A key that was lost while the cookie lives: whoever signs in again in that browser goes on in the same session, and the
//! new key takes the old one's place.

use super::end::Which;
use super::refresh::reissue;
use super::rotation::Generation;
use super::session::{Client, Record, Tokens};
use super::sign_in::SignInError;
use super::store;
use crate::app::App;
use crate::db::StoreError;
use crate::passwords::PasswordHash;
use crate::tokens::Thumbprint;
use latchkey_shared::{Account, Secret, Timestamp};
use uuid::Uuid;

/// The sign-in that may go on in a session that there is.
pub struct ProvenAgain<'a> {
    /// Whose credentials were right.
    pub account: &'a Account,
    /// What the password was checked against.
    pub checked: &'a PasswordHash,
    /// The new key.
    pub key: &'a Thumbprint,
    /// Whether the person asks to be remembered.
    pub remember: bool,
    /// Who asks.
    pub client: &'a Client,
}

/// A key that takes another one's place.
pub struct KeyChange {
    pub(super) session_id: Uuid,
    pub(super) account_id: Uuid,
    /// The generation that it must still be at: of several that hold one cookie, one goes on in its session.
    pub(super) from: Generation,
    /// The key that it must still be bound to.
    pub(super) old: Thumbprint,
    pub(super) new: Thumbprint,
    /// What the account's password must still be.
    pub(super) checked: PasswordHash,
    pub(super) remember: bool,
    pub(super) client: Client,
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
    held: &Secret,
    proven: &ProvenAgain<'_>,
    now: Timestamp,
) -> Result<Option<Tokens>, SignInError> {
    let Some((mut session, old)) = lost_its_key(app, held, proven, now).await? else { return Ok(None) };
    let change = KeyChange {
        session_id: session.id,
        from: session.facts.generation,
        account_id: proven.account.id,
        old,
        new: proven.key.clone(),
        checked: proven.checked.clone(),
        remember: proven.remember,
        client: proven.client.clone(),
        now,
        rotated_at: app.shared_time.now(&*app.clock),
        idle_ends_at: now + app.idle_limit(proven.remember),
    };
    if !write(app, &change).await? {
        return Ok(None);
    }
    tracing::info!(session.id = %session.id, "The session's key was lost; after the password a new one took its place");
    session.remember = change.remember;
    session.facts.idle_ends_at = change.idle_ends_at;
    Ok(Some(reissue(app, &session, change.from.next(), proven.account.clone(), now)?))
}

/// The session and its old key.
async fn lost_its_key(
    app: &App,
    held: &Secret,
    proven: &ProvenAgain<'_>,
    now: Timestamp,
) -> Result<Option<(Record, Thumbprint)>, StoreError> {
    let Ok(claims) = app.refresh_tokens.read(held, now) else { return Ok(None) };
    let account_id = proven.account.id;
    let which = Which::OneOf { account_id, session_id: claims.sid };
    let Some(session) = store::find_session(app.db.executor(), which).await? else { return Ok(None) };
    let is_current =
        session.facts.generation == Generation(claims.generation) && session.ended(now).is_none();
    let old = session.key.clone().filter(|key| key != proven.key && is_current);
    Ok(old.map(|old| (session, old)))
}

async fn write(app: &App, change: &KeyChange) -> Result<bool, StoreError> {
    let transaction = app.db.begin().await?;
    let is_replaced = store::mark_key_replaced(transaction.executor(), change).await?;
    transaction.commit().await?;
    Ok(is_replaced)
}
