//! Requests on a bad network: the client cannot know if one was processed, and finds out by repeating it.

use crate::support::*;
use proptest::prelude::*;
use std::sync::LazyLock;
use tokio::runtime::Runtime;

const REFRESH: &str = "/api/auth/refresh";

/// Faults after which the server has processed the request, and the client does not get the result.
const UNHEARD: [Fault; 5] = [
    Fault::LoseTheAnswer,
    Fault::TruncateTheAnswer,
    Fault::ReplaceTheAnswer(502, "<h1>Bad Gateway</h1>"),
    Fault::ReplaceTheAnswer(200, "{\"access_token\": \"ey"),
    Fault::ReplaceTheAnswer(429, "slow down"),
];

/// Faults with which the server does not receive the request.
const UNSENT: [Fault; 5] = [
    Fault::Cut,
    Fault::Answer(429, "slow down"),
    Fault::Answer(500, "{}"),
    Fault::Answer(502, "<h1>Bad Gateway</h1>"),
    Fault::Answer(200, "<h1>Sign in to the hotel's network</h1>"),
];

async fn on_a_bad_network() -> (TestApp, FaultyProxy, Person) {
    let app = TestApp::spawn().await;
    let faulty_proxy = FaultyProxy::before(&app).await;
    let ada = app.signed_up("ada").await.at(&app.through(&faulty_proxy));
    (app, faulty_proxy, ada)
}

async fn tries_to_refresh(person: &Person) -> Option<Answer> {
    let answer = person.app.post(REFRESH, &json!({})).cookie(&person.refresh_token()).attempt().await;
    if let Some(answer) = &answer {
        answer.ok();
        person.store_tokens(answer);
    }
    answer
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_is_answered_again_with_the_same_generation() {
    for fault in UNHEARD {
        let (app, faulty_proxy, ada) = on_a_bad_network().await;
        app.count_rotations().await;
        ada.verify().await.ok();
        faulty_proxy.times(3, REFRESH, fault);
        for _ in 0..3 {
            assert!(tries_to_refresh(&ada).await.is_none(), "{fault:?}");
            app.clock.advance(5 * MINUTE);
        }
        faulty_proxy.is_used_up();
        assert!(tries_to_refresh(&ada).await.is_some(), "{fault:?}");
        assert_eq!((ada.claims()["gen"].as_u64(), app.rotations().await.len()), (Some(1), 1), "{fault:?}");
        ada.verify().await.ok();
        assert!(tries_to_refresh(&ada).await.is_some(), "{fault:?}");
        assert_eq!(ada.claims()["gen"], 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_call_that_never_reaches_the_server_changes_nothing_and_can_be_sent_again() {
    let (app, faulty_proxy, ada) = on_a_bad_network().await;
    ada.verify().await.ok();
    let before = app.everything().await;
    for fault in UNSENT {
        for path in [REFRESH, "/api/me"] {
            faulty_proxy.once(path, fault);
        }
        assert!(tries_to_refresh(&ada).await.is_none(), "{fault:?}");
        let change = ada.call("PATCH", "/api/me").json(&json!({"display_name": "Countess"})).attempt().await;
        assert!(change.is_none(), "{fault:?}");
        faulty_proxy.is_used_up();
        assert_eq!(app.everything().await, before, "{fault:?}");
    }
    assert!(tries_to_refresh(&ada).await.is_some());
    assert_eq!(ada.claims()["gen"], 1);
}

#[tokio::test]
async fn a_server_that_was_out_of_reach_for_an_hour_signs_nobody_out() {
    let (app, faulty_proxy, ada) = on_a_bad_network().await;
    ada.verify().await.ok();
    faulty_proxy.go_away();
    for _ in 0..12 {
        assert!(tries_to_refresh(&ada).await.is_none());
        app.clock.advance(5 * MINUTE);
    }
    faulty_proxy.come_back();
    assert!(tries_to_refresh(&ada).await.is_some());
    ada.verify().await.ok();
}

#[tokio::test]
async fn a_refresh_that_reaches_the_server_twice_rotates_once() {
    let (app, faulty_proxy, ada) = on_a_bad_network().await;
    app.count_rotations().await;
    ada.verify().await.ok();
    for generation in 1..=3 {
        faulty_proxy.once(REFRESH, Fault::Duplicate);
        assert!(tries_to_refresh(&ada).await.is_some());
        faulty_proxy.is_used_up();
        assert_eq!(ada.claims()["gen"], generation);
        ada.verify().await.ok();
        app.clock.advance(5 * MINUTE);
    }
    assert_eq!(app.rotations().await, ["1", "2", "3"]);
}

#[tokio::test]
async fn an_answer_that_is_overtaken_by_a_later_one_brings_tokens_that_work() {
    let (app, faulty_proxy, ada) = on_a_bad_network().await;
    ada.verify().await.ok();
    let other_tab = ada.at(&ada.app);
    faulty_proxy.once(REFRESH, Fault::Reorder);
    let late = tokio::spawn({
        let call = ada.app.post(REFRESH, &json!({})).cookie(&ada.refresh_token());
        async move { call.attempt().await }
    });
    until("rotated", async || app.everything().await.iter().any(|line| line.starts_with("1|"))).await;
    assert!(tries_to_refresh(&other_tab).await.is_some());
    other_tab.verify().await.ok();
    ada.store_tokens(&late.await.unwrap().unwrap());
    faulty_proxy.is_used_up();
    assert_eq!((&ada.claims()["gen"], &other_tab.claims()["gen"]), (&json!(1), &json!(1)));
    app.clock.advance(5 * MINUTE);
    ada.verify().await.ok();
    assert!(tries_to_refresh(&ada).await.is_some());
}

#[tokio::test]
async fn a_slow_way_holds_up_nobody_else() {
    let (app, faulty_proxy, ada) = on_a_bad_network().await;
    faulty_proxy.once("/api/me", Fault::Delay(HOUR));
    let slow = tokio::spawn({
        let call = ada.call("GET", "/api/me");
        async move { call.attempt().await }
    });
    assert!(tries_to_refresh(&ada).await.is_some());
    ada.at(&app).verify().await.ok();
    assert!(!slow.is_finished());
    slow.abort();
}

/// For each kind of request: the response is lost, the change persists, and the client can find that out.
#[tokio::test]
async fn what_the_server_did_is_kept_although_its_answer_was_lost() {
    for fault in UNHEARD {
        let (app, faulty_proxy, ada) = on_a_bad_network().await;
        let away = app.through(&faulty_proxy);

        let bob = json!({"email": address_of("bob"), "password": PASSWORD, "display_name": "밥"});
        faulty_proxy.once("/api/auth/signup", fault);
        assert!(away.post("/api/auth/signup", &bob).attempt().await.is_none(), "{fault:?}");
        away.post("/api/auth/signup", &bob).await.problem(ErrorCode::EmailTaken);
        away.log_in(&address_of("bob"), PASSWORD).await.ok();

        let name = json!({"display_name": "Countess 👑"});
        faulty_proxy.once("/api/me", fault);
        assert!(ada.call("PATCH", "/api/me").json(&name).attempt().await.is_none(), "{fault:?}");
        assert_eq!(ada.me().await["display_name"], "Countess 👑");

        let phone = ada.elsewhere().await;
        faulty_proxy.once("/api/me/sessions", fault);
        assert!(ada.call("DELETE", "/api/me/sessions").attempt().await.is_none(), "{fault:?}");
        phone.is_signed_out(EndReason::SignedOutElsewhere).await;
        ada.end_others().await.no_content();

        let new = "another correct horse";
        let change = json!({"current_password": PASSWORD, "new_password": new});
        faulty_proxy.once("/api/me/password", fault);
        assert!(ada.call("POST", "/api/me/password").json(&change).attempt().await.is_none(), "{fault:?}");
        ada.change_password(PASSWORD, new).await.problem(ErrorCode::CredentialsRejected);
        ada.store_tokens(&ada.change_password(new, new).await);

        faulty_proxy.once("/api/me", fault);
        let delete = ada.call("DELETE", "/api/me").json(&json!({"password": new}));
        assert!(delete.attempt().await.is_none(), "{fault:?}");
        ada.is_signed_out(EndReason::AccountDeleted).await;
        away.log_in(&ada.email, new).await.problem(ErrorCode::CredentialsRejected);
        faulty_proxy.is_used_up();
    }
}

#[tokio::test]
async fn a_sign_out_whose_answer_was_lost_holds_and_can_be_said_again() {
    let (_app, faulty_proxy, ada) = on_a_bad_network().await;
    faulty_proxy.once("/api/auth/logout", Fault::LoseTheAnswer);
    let out = ada.app.post("/api/auth/logout", &json!({})).cookie(&ada.refresh_token());
    assert!(out.attempt().await.is_none());
    faulty_proxy.is_used_up();
    ada.log_out().await.no_content();
    ada.is_signed_out(EndReason::SignedOut).await;
}

/// Step of one client on a network that occasionally loses something.
#[derive(Clone, Copy, Debug)]
enum Step {
    Refresh(Option<Fault>),
    Use,
    Wait(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let unheard = prop::sample::select(UNHEARD.to_vec());
    let unsent = prop::sample::select(UNSENT.to_vec());
    let fault = prop_oneof![unheard, unsent, Just(Fault::Duplicate)];
    prop_oneof![
        5 => prop::option::weighted(0.2, fault).prop_map(Step::Refresh),
        3 => Just(Step::Use),
        2 => prop::sample::select(vec![SECOND, 19 * SECOND, 20 * SECOND, 9 * MINUTE, HOUR]).prop_map(Step::Wait),
    ]
}

struct TestBed {
    runtime: Runtime,
    app: TestApp,
    faulty_proxy: FaultyProxy,
    owner: Person,
}

static TEST_BED: LazyLock<TestBed> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let (app, faulty_proxy, owner) = runtime.block_on(async {
        let app = TestApp::with(&[("tokens.access_lifetime", "10d"), ("sessions.idle", "80d")]).await;
        let faulty_proxy = FaultyProxy::before(&app).await;
        let owner = app.signed_up("owner").await.at(&app.through(&faulty_proxy));
        (app, faulty_proxy, owner)
    });
    TestBed { runtime, app, faulty_proxy, owner }
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// One response in five is lost, duplicated or falsified; each sequence has up to forty steps.
    #[test]
    fn a_bad_network_alone_never_signs_anybody_out(steps in prop::collection::vec(step(), 1..40)) {
        let TestBed { runtime, app, faulty_proxy, owner } = &*TEST_BED;
        let client = runtime.block_on(owner.elsewhere());
        for step in steps {
            match step {
                Step::Refresh(fault) => {
                    if let Some(fault) = fault {
                        faulty_proxy.once(REFRESH, fault);
                    }
                    let arrived = runtime.block_on(tries_to_refresh(&client)).is_some();
                    prop_assert_eq!(arrived, fault.is_none_or(|fault| fault == Fault::Duplicate));
                }
                Step::Use => { runtime.block_on(client.verify()).ok(); }
                Step::Wait(time) => app.clock.advance(time),
            }
        }
        faulty_proxy.is_used_up();
        prop_assert!(runtime.block_on(tries_to_refresh(&client)).is_some());
    }
}
