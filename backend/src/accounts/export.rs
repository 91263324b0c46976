//! The export: all that the server knows of an account.

use super::account::AccountError;
use super::store::{self, By};
use crate::app::App;
use crate::sessions;
use latchkey_shared::{AccountExport, Claims, PasswordFacts};

/// Gathers it.
pub async fn run(app: &App, claims: &Claims) -> Result<AccountExport, AccountError> {
    let now = app.clock.now();
    // Asked first: a session that is forgotten in between has told the account by then.
    let last_sign_in = sessions::last_sign_in(app, claims.sub).await?;
    let found =
        store::find_account(app.db.executor(), By::Id(claims.sub)).await?.ok_or(AccountError::Gone)?;
    Ok(AccountExport {
        exported_at: now,
        account: found.account,
        updated_at: found.updated_at,
        signed_in_at: last_sign_in.map_or(found.signed_in_at, |last| last.max(found.signed_in_at)),
        password: PasswordFacts { algorithm: "argon2id".to_owned(), changed_at: found.password_changed_at },
        sessions: sessions::list_all(app, claims.sub, Some(claims.sid), now).await?,
    })
}
