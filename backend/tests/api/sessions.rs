//! `GET /api/me/sessions`, `DELETE /api/me/sessions` and `DELETE /api/me/sessions/{id}`

use crate::support::*;

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

#[tokio::test]
async fn a_session_is_listed_with_all_that_helps_to_recognise_it() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let answer = app.post("/api/auth/login", &body).header("user-agent", CHROME).await;
    let session =
        app.get("/api/me/sessions").bearer(&answer.access_token()).await.ok()["sessions"][0].clone();
    let names = ["created_at", "current", "device", "expires_at", "id", "ip", "last_seen_at", "user_agent"];
    assert_eq!(keys(&session), names);
    assert!(is_uuid_v7(session["id"].as_str().unwrap()));
    assert_eq!(session["id"], claims_of(&answer.access_token())["sid"]);
    assert_eq!(session["current"], true);
    assert_eq!(session["device"], "Chrome on Windows");
    assert_eq!(session["user_agent"], CHROME);
    assert_eq!(session["ip"], "127.0.0.1");
    assert_eq!(instant(&session["created_at"]), app.now());
    assert_eq!(instant(&session["last_seen_at"]), app.now());
    assert_eq!(instant(&session["expires_at"]), app.now() + 14 * DAY);
}

#[tokio::test]
async fn a_client_without_a_name_and_one_with_an_odd_name_are_listed() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    assert_eq!(ada.sessions().await[0]["device"], "Unknown device");
    let long = "x".repeat(5000);
    for (name, kept) in [
        ("하늘 🦊/1".as_bytes(), "하늘 🦊/1"),
        (&b"caf\xe9/2"[..], "caf\u{fffd}/2"),
        (long.as_bytes(), &long[..400]),
    ] {
        let body = json!({"email": ada.email, "password": PASSWORD});
        let answer = app.post("/api/auth/login", &body).header("user-agent", name).await;
        let id = claims_of(&answer.access_token())["sid"].as_str().unwrap().to_owned();
        assert_eq!(ada.listed(&id).await["user_agent"], kept);
    }
}

#[tokio::test]
async fn the_one_that_asks_comes_first_then_those_that_live_then_those_that_have_ended() {
    let app = TestApp::spawn().await;
    let first = app.signed_up("ada").await;
    let mut others = Vec::new();
    for _ in 0..4 {
        app.clock.advance(SECOND);
        others.push(first.elsewhere().await);
    }
    for ended in [&others[2], &others[1]] {
        app.clock.advance(SECOND);
        ended.log_out().await.no_content();
    }
    let order = [&first, &others[3], &others[0], &others[1], &others[2]].map(Person::session_id);
    let sessions = first.sessions().await;
    let listed: Vec<_> = sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
    assert_eq!(listed, order);
    let current: Vec<_> = sessions.iter().map(|session| session["current"] == true).collect();
    assert_eq!(current, [true, false, false, false, false]);
    let living: Vec<_> = sessions.iter().map(|session| session.get("ended_at").is_none()).collect();
    assert_eq!(living, [true, true, true, false, false]);
}

#[tokio::test]
async fn one_session_is_ended_from_another() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let (phone, laptop) = (ada.elsewhere().await, ada.elsewhere().await);
    phone.verify().await.ok();
    ada.end(&phone.session_id()).await.no_content();
    phone.is_signed_out(EndReason::SignedOutElsewhere).await;
    let ended = ada.listed(&phone.session_id()).await;
    assert_eq!(ended["end_reason"], "signed_out_elsewhere");
    assert_eq!(instant(&ended["ended_at"]), app.now());
    laptop.verify().await.ok();
    ada.end(&phone.session_id()).await.no_content();
    assert_eq!(ada.listed(&phone.session_id()).await, ended, "ended once is enough");
}

#[tokio::test]
async fn the_session_that_asks_can_end_itself() {
    let ada = TestApp::spawn().await.signed_up("ada").await;
    ada.end(&ada.session_id()).await.no_content();
    ada.is_signed_out(EndReason::SignedOut).await;
}

#[tokio::test]
async fn all_others_are_ended_at_once() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let (phone, laptop) = (ada.elsewhere().await, ada.elsewhere().await);
    ada.end_others().await.no_content();
    ada.end_others().await.no_content();
    phone.is_signed_out(EndReason::SignedOutElsewhere).await;
    laptop.is_signed_out(EndReason::SignedOutElsewhere).await;
    ada.verify().await.ok();
    bob.verify().await.ok();
    assert_eq!(ada.sessions().await.len(), 3);
}

#[tokio::test]
async fn what_is_not_ones_own_session_is_not_there() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let never = "01999999-9999-7999-8999-999999999999";
    for id in [bob.session_id().as_str(), never, "rubbish", "%00", "..%2f..", "1 OR 1=1", "'"] {
        ada.end(id).await.problem(ErrorCode::NotFound);
    }
    bob.verify().await.ok();
    bob.refresh().await.ok();
    assert_eq!(ada.sessions().await.len(), 1);
}

#[tokio::test]
async fn those_that_have_ended_are_listed_for_thirty_days() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let (signed_out, unused) = (ada.elsewhere().await, ada.elsewhere_with(json!({"remember": false})).await);
    signed_out.log_out().await.no_content();
    let stays_in_use = async |days: u32| {
        for _ in 0..days {
            app.clock.advance(DAY);
            ada.refresh().await.ok();
        }
    };
    stays_in_use(2).await;
    let expired = ada.listed(&unused.session_id()).await;
    assert_eq!(expired["end_reason"], "expired");
    assert_eq!(instant(&expired["ended_at"]), app.now() - DAY, "when its time ran out");
    stays_in_use(27).await;
    assert_eq!(ada.sessions().await.len(), 3);
    stays_in_use(1).await;
    assert_eq!(ada.sessions().await.len(), 2, "the one that was signed out is forgotten");
    stays_in_use(1).await;
    assert_eq!(ada.sessions().await.len(), 1);
}

#[tokio::test]
async fn only_a_proxy_that_is_configured_is_believed_about_the_address() {
    let forwarded = "198.51.100.7, 203.0.113.9";
    for (trusted, expected) in
        [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9")]
    {
        let app = TestApp::with(&[("proxies.trusted", trusted)]).await;
        let ada = app.signed_up("ada").await;
        let call = app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token());
        let answer = call.header("x-forwarded-for", forwarded).await;
        let sessions = app.get("/api/me/sessions").bearer(&answer.access_token()).await.ok();
        assert_eq!(sessions["sessions"][0]["ip"], expected, "trusting {trusted:?}");
    }
}
