//! `GET /api/me/sessions`, `DELETE /api/me/sessions` and `DELETE /api/me/sessions/{id}`

use crate::support::*;

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

#[tokio::test]
async fn a_session_is_listed_with_all_that_helps_to_recognise_it() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let answer = app.post("/api/auth/login", &body).header("user-agent", CHROME).await;
    let session = app.get("/api/me/sessions").bearer(&answer.access_token()).await.ok()["items"][0].clone();
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
        assert_eq!(sessions["items"][0]["ip"], expected, "trusting {trusted:?}");
    }
}

/// Signs up a person with sessions of every kind: live, signed out, and expired.
async fn with_many(app: &TestApp) -> Person {
    let ada = app.signed_up("ada").await;
    for index in 0..9 {
        app.clock.advance(SECOND);
        let other = ada.elsewhere_with(json!({"remember": index % 3 == 0})).await;
        if index % 3 == 1 {
            other.log_out().await.no_content();
        }
    }
    // Those that are not remembered and were not signed out have expired now.
    app.clock.advance(DAY + MINUTE);
    ada.refresh().await.ok();
    for _ in 0..2 {
        app.clock.advance(SECOND);
        ada.elsewhere().await.log_out().await.no_content();
    }
    // Some have the same timestamp.
    for _ in 0..3 {
        ada.elsewhere().await;
    }
    ada
}

#[tokio::test]
async fn the_pages_of_the_list_are_together_the_whole_of_it_whatever_their_size() {
    let app = TestApp::spawn().await;
    let ada = with_many(&app).await;
    let whole = ada.sessions().await;
    assert_eq!(whole.len(), 15);
    let over: Vec<_> = whole.iter().map(|session| session.get("ended_at").is_some()).collect();
    assert!(over.is_sorted() && over[0] != over[14] && whole[0]["current"] == true, "{whole:?}");
    let ends: Vec<_> = whole.iter().filter_map(|session| session["ended_at"].as_str()).collect();
    assert!(ends.is_sorted_by(|earlier, later| earlier >= later), "{ends:?}");
    let reasons: std::collections::BTreeSet<_> =
        whole.iter().filter_map(|session| session["end_reason"].as_str()).collect();
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["expired", "signed_out"]);
    // The time when a session was last seen is written asynchronously.
    let ids = |sessions: &[Value]| sessions.iter().map(|session| session["id"].clone()).collect::<Vec<_>>();
    for limit in [1, 2, 3, 4, 7, 14, 15, 16] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (items, next) = ada.page(limit, cursor.as_deref()).await;
            assert!(items.len() == limit || next.is_none(), "{limit}");
            seen.extend(items);
            let Some(next) = next else { break };
            cursor = Some(next);
        }
        assert_eq!(ids(&seen), ids(&whole), "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_session_that_ends_while_the_list_is_read_is_met_all_the_same() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let mut others = Vec::new();
    for _ in 0..4 {
        app.clock.advance(SECOND);
        others.push(ada.elsewhere().await);
    }
    let (first, cursor) = ada.page(2, None).await;
    app.clock.advance(SECOND);
    for ended in [&others[3], &others[0]] {
        ended.log_out().await.no_content();
    }
    let (mut rest, next) = ada.page(2, cursor.as_deref()).await;
    rest.extend(ada.page(200, next.as_deref()).await.0);
    for session in others.iter().chain([&ada]) {
        let is_met =
            |session_id: String| first.iter().chain(&rest).any(|found| found["id"] == session_id.as_str());
        assert!(is_met(session.session_id()));
    }
}

#[tokio::test]
async fn a_page_is_fifty_where_nobody_says_and_two_hundred_at_most() {
    let app = TestApp::with(&[("sessions.per_account", "1000")]).await;
    let ada = app.signed_up("ada").await;
    app.insert_sessions(&ada.email, 250).await;
    assert_eq!(ada.get("/api/me/sessions").await.ok()["items"].as_array().unwrap().len(), 50);
    assert_eq!(ada.page(200, None).await.0.len(), 200);
    for (query, code) in [
        ("limit=0", FieldErrorCode::OutOfRange),
        ("limit=201", FieldErrorCode::OutOfRange),
        ("limit=-5", FieldErrorCode::OutOfRange),
        ("limit=many", FieldErrorCode::WrongType),
        ("limit=", FieldErrorCode::WrongType),
        ("limit=1&limit=1", FieldErrorCode::WrongType),
    ] {
        ada.get(&format!("/api/me/sessions?{query}")).await.refuses("limit", code);
    }
    ada.get("/api/me/sessions?offset=3").await.refuses("offset", FieldErrorCode::UnknownField);
}

#[tokio::test]
async fn a_cursor_that_was_not_given_to_this_session_is_refused() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let elsewhere = ada.elsewhere().await;
    bob.elsewhere().await;
    let cursor = ada.page(1, None).await.1.unwrap();
    let foreign = bob.page(1, None).await.1.unwrap();
    let elsewheres = elsewhere.page(1, None).await.1.unwrap();
    let changed = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    let cut = &cursor[..cursor.len() - 1];
    for bad in ["", "0", "null", "%00", "'", "AAAA", cut, &changed, &foreign, &elsewheres, &cursor.repeat(2)]
    {
        let refused = ada.get(&format!("/api/me/sessions?cursor={bad}")).await;
        refused.refuses("cursor", FieldErrorCode::InvalidCursor);
    }
    ada.refresh().await.ok();
    assert_eq!(ada.page(1, Some(&cursor)).await.0.len(), 1, "a refresh does not matter");
}
