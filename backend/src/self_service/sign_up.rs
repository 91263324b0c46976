//! Sign-up: creates an account and its first session.

use super::error::SelfServiceError;
use super::service::SelfService;
use crate::accounts::{self, AccountSelector};
use crate::authentication;
use crate::authentication::throttle::AttemptScope;
use crate::sessions::{self, ClientInfo, IssuedTokens};
use crate::tokens::Proof;
use crate::traces;
use latchkey_shared::SignUp;

/// Creates the account and its first session, both or neither. Each attempt counts against its network, before and
/// whatever its outcome: a taken address discloses that an account exists, a weak password that none does, and the
/// client can disconnect before the response in both cases.
pub async fn run(
    service: &SelfService,
    sign_up: SignUp,
    proof: Option<Proof>,
    client_info: ClientInfo,
) -> Result<IssuedTokens, SelfServiceError> {
    service
        .authentication
        .throttle
        .admit(AttemptScope::for_network(&client_info.ip), service.authentication.monotonic_now())?
        .failed();
    create(service, sign_up, proof, client_info).await
}

async fn create(
    service: &SelfService,
    sign_up: SignUp,
    proof: Option<Proof>,
    client_info: ClientInfo,
) -> Result<IssuedTokens, SelfServiceError> {
    accounts::deliverable_email_key(&sign_up.email).ok_or(SelfServiceError::UndeliverableEmail)?;
    // Checked before the expensive hash; the unique key decides between concurrent sign-ups. Legacy keys are no longer
    // assigned.
    for key in accounts::email_keys(&sign_up.email) {
        let looked = accounts::find_account(service.sessions.db.executor(), AccountSelector::EmailKey(key));
        if traces::in_child_span("find the account", looked).await?.is_some() {
            return Err(SelfServiceError::EmailTaken);
        }
    }
    let inputs = accounts::user_inputs(sign_up.email.as_str(), sign_up.display_name.as_str());
    let hash = service
        .authentication
        .passwords
        .hash_new(sign_up.password.clone(), inputs, &*service.sessions.random)
        .await?;
    let now = service.sessions.clock.now();
    // The first session of an account is always a remembered one.
    let key = sessions::bind_key(&service.sessions, proof.as_ref(), true, &client_info, now)?;
    let transaction = service.sessions.db.begin().await?;
    let db = transaction.executor();
    let account = accounts::insert_account(db, service.sessions.random.id(now), &sign_up, now)
        .await?
        .ok_or(SelfServiceError::EmailTaken)?;
    let authenticated =
        authentication::enroll_password(db, account, &hash, now, &*service.sessions.random).await?;
    let pending_tokens = sessions::start_for_new_account(
        db,
        &service.sessions,
        &authenticated,
        sign_up.token_delivery,
        key,
        client_info,
        now,
    )
    .await?;
    transaction.commit().await?;
    Ok(sessions::issue_tokens(&service.sessions, pending_tokens, authenticated.into_account(), now)?)
}
