//! Cookies: their names, the hint cookie, and the choice among several. A browser sends every cookie of a name that
//! matches, in any order.

use crate::support::*;

const HTTPS: [(&str, &str); 1] = [("public_url", "https://id.example.org")];
const PRESENT: &str = "__Host-latchkey_refresh";
const OLD: &str = "latchkey_refresh";

async fn over_https() -> TestApp {
    TestApp::with(&HTTPS).await
}

/// Returns a request with these cookies, one header each.
fn with(app: &TestApp, path: &str, headers: &[String]) -> Call {
    let call = app.post(path, &json!({}));
    headers.iter().fold(call, |call, header| call.header("cookie", header))
}

async fn refreshed(app: &TestApp, headers: &[String]) -> Answer {
    with(app, "/api/auth/refresh", headers).await
}

/// Returns both cookies in one header and in several, in both orders, and among other apps' cookies.
fn arrangements(one: &str, other: &str) -> Vec<Vec<String>> {
    let pairs = [(one, other), (other, one)];
    let arranged = pairs.map(|(first, second)| {
        vec![
            vec![format!("{first}; {second}")],
            vec![first.to_owned(), second.to_owned()],
            vec![format!("theme=dark; {first};{second} ; 이름=값")],
            vec!["theme=dark".to_owned(), format!("{first};;{second};x")],
        ]
    });
    arranged.concat()
}

fn named(name: &str, token: &str) -> String {
    format!("{name}={token}")
}

fn sid(answer: &Answer) -> String {
    claims_of(&answer.access_token())["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn under_https_the_browser_guards_the_cookie_by_its_name() {
    let app = over_https().await;
    let ada = app.signed_up("ada").await;
    let rotated = refreshed(&app, &[named(PRESENT, &ada.refresh_token())]).await;
    let signed_in = app.log_in(&ada.email, PASSWORD).await;
    for answer in [rotated, signed_in] {
        let cookie = answer.set_cookie().unwrap();
        assert_eq!(cookie.name, PRESENT);
        let attributes = ["HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=Strict", "Secure"];
        assert_eq!(cookie.attributes, attributes, "the prefix asks for Secure, this path and no domain");
    }
}

#[tokio::test]
async fn installations_on_other_ports_of_a_host_have_names_of_their_own() {
    let mut names = Vec::new();
    for url in [
        "https://id.example.org",
        "https://id.example.org:8443",
        "http://id.example.org",
        "http://id.example.org:8080",
        "http://id.example.org:9090",
    ] {
        let app = TestApp::with(&[("public_url", url)]).await;
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
        let cookies = app.post("/api/auth/signup", &body).await.set_cookies();
        names.extend(cookies.into_iter().map(|cookie| cookie.name));
    }
    assert!(names.iter().all(|name| name.contains("latchkey_refresh") || name.contains("latchkey_hint")));
    let count = names.len();
    names.sort();
    names.dedup();
    // On ports 443 and 8080 only the hint cookie has the same name: no browser sends a Secure one without encryption.
    assert!(count == 10 && names.len() >= 9, "{names:?}");
}

#[tokio::test]
async fn another_installations_cookie_is_neither_used_nor_removed() {
    let (one, other) =
        (TestApp::spawn().await, TestApp::with(&[("public_url", "http://localhost:9090")]).await);
    let (ada, bob) = (one.signed_up("ada").await, other.signed_up("bob").await);
    let theirs = named(OLD, &ada.refresh_token());
    refreshed(&other, std::slice::from_ref(&theirs)).await.problem(ErrorCode::TokenInvalid);
    let own = named("latchkey_refresh_9090", &bob.refresh_token());
    for cookies in arrangements(&own, &theirs) {
        let answer = refreshed(&other, &cookies).await;
        assert_eq!(sid(&answer), bob.session_id());
        assert!(answer.set_cookies().iter().all(|cookie| cookie.name != OLD), "{answer}");
    }
    let left = with(&other, "/api/auth/logout", &[format!("{own}; {theirs}")]).await;
    assert!(left.set_cookies().iter().all(|cookie| cookie.name != OLD), "{left}");
    ada.refresh().await.ok();
}

#[tokio::test]
async fn a_cookie_of_the_old_name_signs_nobody_out_and_is_moved_over() {
    for settings in [HTTPS[0], ("public_url", "http://id.example.org:9090")] {
        let app = TestApp::with(&[settings]).await;
        let ada = app.signed_up("ada").await;
        let old = named(OLD, &ada.refresh_token());
        let moved = refreshed(&app, std::slice::from_ref(&old)).await;
        assert_eq!(sid(&moved), ada.session_id());
        moved.is_moved_over();
        let log_in = json!({"email": ada.email, "password": PASSWORD});
        app.post("/api/auth/login", &log_in).header("cookie", &old).await.is_moved_over();
        let left = with(&app, "/api/auth/logout", &[old]).await;
        left.no_content();
        left.is_moved_over();
        ada.is_signed_out(EndReason::SignedOut).await;
    }
}

impl Answer {
    /// Asserts that the response sets or clears the cookie of the current name, and removes that of the old name from
    /// the only path it ever had.
    #[track_caller]
    fn is_moved_over(&self) {
        let cookies = self.set_cookies();
        assert_ne!(cookies[0].name, OLD, "{self}");
        let old: Vec<_> = cookies.iter().filter(|cookie| cookie.name == OLD).collect();
        assert_eq!(old.len(), 1, "{self}");
        assert_eq!(old[0].value, "");
        for attribute in ["Max-Age=0", "Path=/api/auth"] {
            assert!(old[0].attributes.contains(&attribute.to_owned()), "{self}");
        }
    }
}

#[tokio::test]
async fn of_several_values_the_one_whose_session_lives_is_used_in_whatever_order_they_come() {
    for (app, names) in [
        (TestApp::spawn().await, [OLD, OLD]),
        (over_https().await, [PRESENT, OLD]),
        (over_https().await, [OLD, OLD]),
    ] {
        let ada = app.signed_up("ada").await;
        let [ended, expired, forged] = [
            {
                let gone = ada.elsewhere().await;
                gone.log_out().await.no_content();
                gone.refresh_token()
            },
            {
                let short = ada.elsewhere_with(json!({"remember": false})).await;
                app.clock.advance(DAY);
                short.refresh_token()
            },
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
        ];
        let live = ada.refresh_token();
        for stale in [&ended, &expired, &forged, "rubbish", "\"", "%%%", "a.b.c"] {
            for cookies in arrangements(&named(names[0], &live), &named(names[1], stale)) {
                let answer = refreshed(&app, &cookies).await;
                assert_eq!(answer.status, 200, "{stale}: {cookies:?}: {answer}");
                assert_eq!(sid(&answer), ada.session_id());
            }
        }
    }
}

#[tokio::test]
async fn a_quoted_value_is_the_same_value() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let token = ada.refresh_token();
    for value in [format!("\"{token}\""), format!(" {token} "), format!("\"{token}\" ")] {
        assert_eq!(sid(&refreshed(&app, &[named(OLD, &value)]).await), ada.session_id(), "{value}");
    }
    for value in [format!("\"{token}"), format!("{token}\""), format!("'{token}'")] {
        refreshed(&app, &[named(OLD, &value)]).await.problem(ErrorCode::TokenInvalid);
    }
}

#[tokio::test]
async fn a_stale_copy_of_a_sessions_token_is_no_theft_where_the_present_one_came_along() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let mut stale = vec![ada.refresh_token()];
    for _ in 0..4 {
        ada.refresh().await.ok();
        ada.verify().await.ok();
        app.clock.advance(MINUTE);
        for stale in &stale {
            for number in 0..8 {
                let arranged = arrangements(&named(OLD, &ada.refresh_token()), &named(OLD, stale));
                let answer = refreshed(&app, &arranged[number]).await;
                answer.ok();
                ada.store_tokens(&answer);
                ada.verify().await.ok();
                app.clock.advance(MINUTE);
            }
        }
        stale.push(ada.refresh_token());
    }
    // Alone, it works as before.
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.clock.advance(MINUTE);
    refreshed(&app, &[named(OLD, &stale[0])]).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn of_two_live_sessions_of_one_account_the_newer_is_used() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.clock.advance(SECOND);
    let newer = ada.elsewhere().await;
    for cookies in arrangements(&named(OLD, &ada.refresh_token()), &named(OLD, &newer.refresh_token())) {
        assert_eq!(sid(&refreshed(&app, &cookies).await), newer.session_id());
    }
    ada.refresh().await.ok();
    // A newer session with a stale token would have to be ended: the older session is used instead.
    let stale = newer.refresh_token();
    for _ in 0..2 {
        newer.refresh().await.ok();
        newer.verify().await.ok();
        app.clock.advance(MINUTE);
    }
    for cookies in arrangements(&named(OLD, &ada.refresh_token()), &named(OLD, &stale)) {
        let answer = refreshed(&app, &cookies).await;
        assert_eq!(sid(&answer), ada.session_id());
        ada.store_tokens(&answer);
    }
    newer.refresh().await.ok();
}

#[tokio::test]
async fn of_stale_tokens_of_two_live_accounts_neither_ends_its_session() {
    let app = TestApp::spawn().await;
    let people = [app.signed_up("ada").await, app.signed_up("bob").await];
    let stale = people.each_ref().map(Person::refresh_token);
    for person in &people {
        for _ in 0..2 {
            person.refresh().await.ok();
            person.verify().await.ok();
            app.clock.advance(MINUTE);
        }
    }
    for cookies in arrangements(&named(OLD, &stale[0]), &named(OLD, &stale[1])) {
        refreshed(&app, &cookies).await.problem(ErrorCode::TokenInvalid);
    }
    for person in &people {
        person.refresh().await.ok();
    }
}

#[tokio::test]
async fn where_live_sessions_of_different_accounts_come_neither_is_guessed_and_signing_in_ends_the_doubt() {
    for (app, names) in [(TestApp::spawn().await, [OLD, OLD]), (over_https().await, [PRESENT, OLD])] {
        let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
        let cookies =
            arrangements(&named(names[0], &ada.refresh_token()), &named(names[1], &bob.refresh_token()));
        for cookies in &cookies {
            let answer = refreshed(&app, cookies).await;
            answer.problem(ErrorCode::TokenInvalid);
            assert_eq!(answer.set_cookie(), None, "a refused cookie is left alone");
        }
        // Signing in works, although the stray cookie may be sent again from where no response can remove it.
        let log_in = json!({"email": ada.email, "password": PASSWORD});
        let signed_in = app.post("/api/auth/login", &log_in).header("cookie", &cookies[0][0]).await;
        signed_in.ok();
        let stray = named(names[1], &bob.refresh_token());
        for cookies in arrangements(&named(names[0], &signed_in.refresh_token()), &stray) {
            assert_eq!(sid(&refreshed(&app, &cookies).await), sid(&signed_in));
        }
        bob.is_signed_out(EndReason::SignedOut).await;
        ada.verify().await.ok();
    }
}

#[tokio::test]
async fn signing_out_ends_every_session_whose_token_came_and_clears_every_name() {
    let app = over_https().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let (phone, untouched) = (ada.elsewhere().await, ada.elsewhere().await);
    let old = phone.refresh_token();
    phone.refresh().await.ok();
    let cookies = [
        named(PRESENT, &ada.refresh_token()),
        format!("{}; {}=rubbish", named(OLD, &old), OLD),
        format!("theme=dark; {}", named(PRESENT, &format!("\"{}\"", bob.refresh_token()))),
    ];
    let left = with(&app, "/api/auth/logout", &cookies).await;
    left.no_content();
    let cleared = left.set_cookies();
    assert!(cleared.iter().all(|cookie| cookie.value.is_empty()), "{left}");
    assert!(cleared.iter().any(|cookie| cookie.name == PRESENT), "{left}");
    for person in [&ada, &phone, &bob] {
        person.is_signed_out(EndReason::SignedOut).await;
    }
    untouched.refresh().await.ok();
    let bare = with(&app, "/api/auth/logout", &[]).await;
    bare.is_moved_over();
}

#[tokio::test]
async fn any_number_of_forged_values_hides_nothing() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let forged: String = (0..600).map(|number| format!("{OLD}=eyJ{number}.eyJ.x; ")).collect();
    for cookies in arrangements(&named(OLD, &ada.refresh_token()), &forged) {
        assert_eq!(sid(&refreshed(&app, &cookies).await), ada.session_id());
    }
    refreshed(&app, &[forged]).await.problem(ErrorCode::TokenInvalid);
}

#[tokio::test]
async fn the_server_sets_the_mark_beside_the_cookie_and_takes_it_away_with_it() {
    for (settings, name, secure) in [
        (HTTPS[0], "latchkey_hint", true),
        (("public_url", "https://id.example.org:8443"), "latchkey_hint_8443", true),
        (("public_url", "http://localhost:8080"), "latchkey_hint", false),
        (("public_url", "http://localhost:9090"), "latchkey_hint_9090", false),
    ] {
        let app = TestApp::with(&[settings]).await;
        let mark = |answer: &Answer| {
            let mut found = answer.set_cookies().into_iter().filter(|cookie| cookie.name == name);
            let mark = found.next().unwrap_or_else(|| panic!("{answer}"));
            assert_eq!(mark.attributes.contains(&"Secure".to_owned()), secure);
            assert!(!mark.attributes.contains(&"HttpOnly".to_owned()), "the page reads it");
            assert!(mark.attributes.contains(&"Path=/".to_owned()));
            let age = mark.attributes.into_iter().find(|attribute| attribute.starts_with("Max-Age"));
            (mark.value, age)
        };
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
        let lasting = ("1".to_owned(), Some("Max-Age=1209600".to_owned()));
        let signed_up = app.post("/api/auth/signup", &body).await;
        assert_eq!(mark(&signed_up), lasting);
        let ada = Person::holding(&app, "ada", PASSWORD, &signed_up);
        assert_eq!(mark(&app.log_in(&ada.email, PASSWORD).await), lasting);
        assert_eq!(mark(&ada.refresh().await), lasting);
        assert_eq!(mark(&ada.log_out().await), (String::new(), Some("Max-Age=0".to_owned())));
        let passing = json!({"email": ada.email, "password": PASSWORD, "remember": false});
        let short = app.post("/api/auth/login", &passing).await;
        assert_eq!(mark(&short), ("passing".to_owned(), None));
        assert_eq!(mark(&ada.refresh_with(&short.refresh_token()).await), ("passing".to_owned(), None));
    }
}
