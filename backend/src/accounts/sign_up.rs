//! Sign-up: a new account, and its first session.

use super::account::{AccountError, deliverable_email_key, email_keys, user_inputs};
use super::store::{self, AccountSelector};
use crate::app::App;
use crate::sessions::{self, ClientInfo, IssuedTokens};
use crate::throttle::AttemptScope;
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
    client_info: ClientInfo,
) -> Result<IssuedTokens, AccountError> {
    app.throttle.admit(AttemptScope::for_network(&client_info.ip), app.monotonic_now())?.failed();
    create(app, sign_up, proof, client_info).await
}

async fn create(
    app: &App,
    sign_up: SignUp,
    proof: Option<Proof>,
    client_info: ClientInfo,
) -> Result<IssuedTokens, AccountError> {
    deliverable_email_key(&sign_up.email).ok_or(AccountError::UndeliverableEmail)?;
    // Asked before the costly hash; the unique key decides when two ask at once. No former key is given out any more.
    for key in email_keys(&sign_up.email) {
        let looked = store::find_account(app.db.executor(), AccountSelector::EmailKey(key));
        if traces::in_child_span("find the account", looked).await?.is_some() {
            return Err(AccountError::EmailTaken);
        }
    }
    let inputs = user_inputs(sign_up.email.as_str(), sign_up.display_name.as_str());
    let hash = app.passwords.hash_new(sign_up.password.clone(), inputs, &*app.random).await?;
    let now = app.clock.now();
    // Whoever signs up in a browser is remembered there.
    let key = sessions::bind_key(app, proof.as_ref(), true, &client_info, now)?;
    let transaction = app.db.begin().await?;
    let account = store::insert_account(transaction.executor(), app.random.id(now), &sign_up, &hash, now)
        .await?
        .ok_or(AccountError::EmailTaken)?;
    let pending_tokens = sessions::start_for_new_account(
        transaction.executor(),
        app,
        account.id,
        sign_up.token_delivery,
        key,
        client_info,
        now,
    )
    .await?;
    transaction.commit().await?;
    Ok(sessions::issue_tokens(app, pending_tokens, account, now)?)
}
