//! Sign-up: a new account, and its first session.

use super::account::{AccountError, email_keys, personal, possible_email_key};
use super::store::{self, By};
use crate::app::App;
use crate::sessions::{self, Client, Tokens};
use crate::throttle::Guess;
use crate::tokens::Proof;
use crate::traces;
use latchkey_shared::SignUp;

/// Makes the account and signs its owner in, both or neither. Each try counts for its network whatever comes of it, and
/// before anything comes of it: a taken address tells who has an account, a weak password that nobody has, and both can be
/// cut off by the caller before the answer.
pub async fn run(
    app: &App,
    sign_up: SignUp,
    proof: Option<Proof>,
    client: Client,
) -> Result<Tokens, AccountError> {
    app.throttle.admit(Guess::of_address(&client.ip), app.steady_now())?.was_wrong();
    make(app, sign_up, proof, client).await
}

async fn make(
    app: &App,
    sign_up: SignUp,
    proof: Option<Proof>,
    client: Client,
) -> Result<Tokens, AccountError> {
    possible_email_key(&sign_up.email).ok_or(AccountError::ImpossibleEmail)?;
    // Asked before the costly hash; the unique key decides when two ask at once. No former key is given out any more.
    for key in email_keys(&sign_up.email) {
        let looked = store::find_account(app.db.executor(), By::EmailKey(key));
        if traces::during("find the account", looked).await?.is_some() {
            return Err(AccountError::EmailTaken);
        }
    }
    let known = personal(sign_up.email.as_str(), sign_up.display_name.as_str());
    let hash = app.passwords.hash_new(sign_up.password.clone(), known, &*app.random).await?;
    let now = app.clock.now();
    // Whoever signs up in a browser is remembered there.
    let key = sessions::bind(app, proof.as_ref(), true, &client, now)?;
    let transaction = app.db.begin().await?;
    let account = store::insert_account(transaction.executor(), app.random.id(now), &sign_up, &hash, now)
        .await?
        .ok_or(AccountError::EmailTaken)?;
    let started =
        sessions::start(transaction.executor(), app, account.id, sign_up.token_delivery, key, client, now)
            .await?;
    transaction.commit().await?;
    Ok(sessions::issue_first(app, started, account, now)?)
}
