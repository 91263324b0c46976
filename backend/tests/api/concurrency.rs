//! Concurrent requests: every race has one winner, and losing it does no harm.

use crate::support::*;
use latchkey::db::Executor as _;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let calls: JoinSet<Answer> = calls.into_iter().map(IntoFuture::into_future).collect();
    calls.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_refreshes_with_one_token_are_one_rotation_and_thirty_two_usable_answers() {
    const TABS: usize = 32;
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let other = app.beside(&[]).await;
    app.count_rotations().await;
    for generation in 1..=3_u64 {
        ada.verify().await.ok();
        let call = |index| {
            let server = if index % 2 == 0 { &app } else { &other };
            server.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token())
        };
        let answers = at_once((0..TABS).map(call)).await;
        for answer in &answers {
            assert_signed_in(&answer.ok());
            assert_eq!(claims_of(&answer.access_token())["gen"], generation);
            assert_eq!(claims_of(&answer.refresh_token())["gen"], generation);
            app.get("/api/auth/verify").bearer(&answer.access_token()).await.ok();
        }
        let tokens: BTreeSet<_> = answers.iter().map(Answer::access_token).collect();
        assert_eq!(tokens.len(), TABS, "each has an id of its own");
        assert_eq!(app.rotations().await.len() as u64, generation);
        // Whichever response the browser stored last, its token can be used for the next refresh.
        ada.app.clock.advance(MINUTE);
        ada.store_tokens(answers.last().unwrap());
    }
    ada.refresh().await.ok();
    let sessions = ada.sessions().await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].get("end_reason"), None);
    assert_eq!(ada.claims()["gen"], 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_sign_ups_of_one_address_one_succeeds() {
    let app = TestApp::spawn().await;
    let call = |index: usize| {
        let email = if index.is_multiple_of(2) { "ada@example.org" } else { "ADA@example.org" };
        app.post("/api/auth/signup", &json!({"email": email, "password": PASSWORD, "display_name": "Ada"}))
    };
    let answers = at_once((0..16).map(call)).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 15));
    for answer in refused {
        answer.problem(ErrorCode::EmailTaken);
    }
    assert_eq!(app.everything().await.len(), 3, "one account, its password and its session");
}

/// One server has checked the old password, or is about to, while another one changes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_of_the_old_password_outlives_its_change() {
    let app = TestApp::with(&[("throttle.per_account", "1000")]).await;
    let ada = app.signed_up("ada").await;
    let slow = app.beside(&[("passwords.threads", "1")]).await;
    let mut passwords = ["an entirely different phrase", PASSWORD];
    for _ in 0..2 {
        let [new, old] = passwords;
        let change = json!({"current_password": old, "new_password": new});
        let change = ada.call("POST", "/api/me/password").json(&change);
        let login = |_| slow.post("/api/auth/login", &json!({"email": ada.email, "password": old}));
        let answers = at_once((0..12).map(login).chain([change])).await;
        let (changed, logins): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.call.ends_with("password"));
        ada.store_tokens(changed[0]);
        for login in logins {
            if login.status == 200 {
                let old = Person::holding(&app, "ada", old, login);
                old.is_signed_out(EndReason::PasswordChanged).await;
            } else {
                login.problem(ErrorCode::CredentialsRejected);
            }
        }
        let living = ada.sessions().await.into_iter().filter(|session| session.get("ended_at").is_none());
        assert_eq!(living.count(), 1);
        passwords.swap(0, 1);
    }
}

/// The old password is checked successfully while another server has changed it, but has not committed yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_signs_in_while_the_password_is_being_changed_waits_and_stays_out() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let server = app.beside(&[]).await;
    let change = app.state.db.begin().await.unwrap();
    let another = "UPDATE accounts SET credential_version = credential_version + 1";
    change.executor().execute_unprepared(another).await.unwrap();
    let login = server.post("/api/auth/login", &json!({"email": ada.email, "password": PASSWORD}));
    let login = tokio::spawn(login.into_future());
    until("the password is checked", async || server.state.authentication.passwords.counts().done > 0).await;
    // Enough time to begin a session, for a request that does not wait.
    tokio::time::sleep(Duration::from_millis(100)).await;
    change.commit().await.unwrap();
    login.await.unwrap().problem(ErrorCode::CredentialsRejected);
    assert_eq!(ada.sessions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_changes_of_the_password_one_succeeds() {
    let app = TestApp::with(&[("throttle.per_account", "1000")]).await;
    let ada = app.signed_up("ada").await;
    let news: Vec<_> = (0..6).map(|index| format!("an entirely different phrase {index}")).collect();
    let answers = at_once(news.iter().map(|new| {
        let body = json!({"current_password": PASSWORD, "new_password": new});
        ada.call("POST", "/api/me/password").json(&body)
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.problem(ErrorCode::CredentialsRejected);
    }
    let mut good = 0;
    for new in &news {
        good += u32::from(app.log_in(&ada.email, new).await.status == 200);
    }
    assert_eq!(good, 1);
    app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_signs_in_to_an_account_that_is_being_deleted() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let delete = ada.call("DELETE", "/api/me").json(&json!({"password": PASSWORD}));
    let login = || app.post("/api/auth/login", &json!({"email": ada.email, "password": PASSWORD}));
    for answer in at_once([login(), delete, login(), login()]).await {
        match answer.status {
            200 => {
                Person::holding(&app, "ada", PASSWORD, &answer)
                    .is_signed_out(EndReason::AccountDeleted)
                    .await;
            }
            204 => answer.no_content(),
            _ => drop(answer.problem(ErrorCode::CredentialsRejected)),
        }
    }
    assert_eq!(app.everything().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_out_amid_refreshes_holds() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let refresh = |_| app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token());
    let log_out = app.post("/api/auth/logout", &json!({})).cookie(&ada.refresh_token());
    let calls = (0..8).map(refresh).chain([log_out]).chain((0..8).map(refresh));
    for answer in at_once(calls).await {
        match answer.status {
            200 => Person::holding(&app, "ada", PASSWORD, &answer).is_signed_out(EndReason::SignedOut).await,
            204 => answer.no_content(),
            _ => drop(answer.problem(ErrorCode::SessionEnded)),
        }
    }
    ada.is_signed_out(EndReason::SignedOut).await;
}
