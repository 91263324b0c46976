//! Sign-up: creates an account and its first session.

use super::account::{AccountError, deliverable_email_key, email_keys, user_inputs};
use super::store::{self, AccountSelector};
use crate::app::App;
use crate::sessions::{self, ClientInfo, IssuedTokens};
use crate::throttle::AttemptScope;
use crate::tokens::Proof;
use crate::traces;
use latchkey_shared::SignUp;

/// Creates the account and its first session, both or neither. Each attempt counts against its network, before and
/// whatever its outcome: a taken address discloses that an account exists, a weak password that none does, and the
/// client can disconnect before the response in both cases.
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
    // Checked before the expensive hash; the unique key decides between concurrent sign-ups. Legacy keys are no longer
    // assigned.
    for key in email_keys(&sign_up.email) {
        let looked = store::find_account(app.db.executor(), AccountSelector::EmailKey(key));
        if traces::in_child_span("find the account", looked).await?.is_some() {
            return Err(AccountError::EmailTaken);
        }
    }
    let inputs = user_inputs(sign_up.email.as_str(), sign_up.display_name.as_str());
    let hash = app.passwords.hash_new(sign_up.password.clone(), inputs, &*app.random).await?;
    let now = app.clock.now();
    // The first session of an account is always a remembered one.
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
