//! CSRF protection: requests that carry or set the cookie are accepted from our own page only, because browsers add
//! cookies by themselves.

use crate::support::*;

/// Headers that a browser would send from another site.
const FOREIGN: [(&str, &str); 12] = [
    ("origin", "https://evil.example"),
    ("origin", "null"),
    ("origin", ""),
    ("origin", "http://localhost:8081"),
    ("origin", "https://localhost:8080"),
    ("origin", "http://localhost"),
    ("origin", "http://localhost:8080.evil.example"),
    ("origin", "http://localhost:8080@evil.example"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-site", ""),
    ("sec-fetch-site", "Same-Origin"),
];

const HOME: [(&str, &str); 4] = [
    ("origin", "http://localhost:8080"),
    ("origin", "http://127.0.0.1:8080"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-site", "none"),
];

fn calls(app: &TestApp, ada: &Person) -> [Call; 6] {
    let login = json!({"email": ada.email, "password": PASSWORD});
    let sign_up = json!({"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve"});
    [
        app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token()),
        app.post("/api/auth/logout", &json!({})).cookie(&ada.refresh_token()),
        // A foreign page's request comes without the cookie, and the response must not clear it.
        app.post("/api/auth/logout", &json!({})),
        app.post("/api/auth/logout", &json!({})).bearer(&ada.access_token()),
        app.post("/api/auth/login", &login),
        app.post("/api/auth/signup", &sign_up),
    ]
}

#[tokio::test]
async fn what_comes_from_another_site_is_refused_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let before = app.everything().await;
    for (name, value) in FOREIGN {
        for call in calls(&app, &ada) {
            let answer = call.header(name, value).await;
            assert_eq!(answer.status, 403, "{name}: {value}: {answer}");
            answer.problem(ErrorCode::WrongOrigin);
            assert_eq!(answer.set_cookie(), None);
        }
    }
    // One valid header does not make up for an invalid one.
    for [origin, site] in [["https://evil.example", "same-origin"], ["http://localhost:8080", "cross-site"]] {
        for call in calls(&app, &ada) {
            call.header("origin", origin)
                .header("sec-fetch-site", site)
                .await
                .problem(ErrorCode::WrongOrigin);
        }
    }
    assert_eq!(app.everything().await, before);
    ada.verify().await.ok();
    ada.refresh().await.ok();
}

#[tokio::test]
async fn our_own_page_and_clients_that_are_no_browsers_are_let_through() {
    let app = TestApp::spawn().await;
    let itself = app.base.clone();
    for (index, (name, value)) in HOME.into_iter().chain([("origin", itself.as_str())]).enumerate() {
        let ada = app.signed_up(&format!("ada{index}")).await;
        let login = json!({"email": ada.email, "password": PASSWORD});
        app.post("/api/auth/login", &login).header(name, value).await.ok();
        let sign_up =
            json!({"email": format!("eve{index}@example.org"), "password": PASSWORD, "display_name": "Eve"});
        app.post("/api/auth/signup", &sign_up).header(name, value).await.created();
        let cookie = ada.refresh_token();
        let next = app.post("/api/auth/refresh", &json!({})).cookie(&cookie).header(name, value).await;
        next.ok();
        let log_out = app.post("/api/auth/logout", &json!({})).cookie(&next.refresh_token());
        log_out.header(name, value).await.no_content();
        ada.is_signed_out(EndReason::SignedOut).await;
    }
}

/// Some privacy settings and extensions remove the origin; the browser's own `Sec-Fetch-Site` remains.
#[tokio::test]
async fn a_page_whose_origin_was_taken_away_is_ours_if_the_browser_says_so() {
    let app = TestApp::with(&[("public_url", "https://id.example.org")]).await;
    let ada = app.signed_up("ada").await;
    let refresh = async |site: &str| {
        let call = app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token());
        call.header("origin", "null").header("sec-fetch-site", site).await
    };
    for site in ["none", "same-site", "cross-site", "", "Same-Origin"] {
        refresh(site).await.problem(ErrorCode::WrongOrigin);
    }
    let next = refresh("same-origin").await;
    next.ok();
    ada.store_tokens(&next);
    let login = json!({"email": ada.email, "password": PASSWORD});
    let call = app.post("/api/auth/login", &login).header("origin", "null");
    call.header("sec-fetch-site", "same-origin").await.ok();
}

#[tokio::test]
async fn a_refused_origin_is_told_the_right_address() {
    for public_url in ["https://id.example.org", "http://localhost:8080", "https://id.example.org:8443"] {
        let app = TestApp::with(&[("public_url", public_url)]).await;
        for origin in ["http://192.0.2.7:8080", "https://other.example.org", "null", "\u{ff}[2J"] {
            for (path, body) in [
                ("/api/auth/login", json!({"email": "ada@example.org", "password": PASSWORD})),
                ("/api/auth/refresh", json!({})),
                ("/api/auth/logout", json!({})),
            ] {
                // A page makes its proofs for the address at which it is opened.
                let claims = json!({"jti": "1", "htm": "POST", "htu": format!("{origin}{path}"), "iat": app.now().as_millis() / 1000});
                let key = Key::of(1);
                for proof in [None, Some(key.sign(&key.header(), &claims)), Some("no proof".to_owned())] {
                    let mut call = app.post(path, &body).header("origin", origin);
                    if let Some(proof) = &proof {
                        call = call.header("dpop", proof);
                    }
                    let refused = call.await;
                    let problem = refused.problem(ErrorCode::WrongOrigin);
                    assert!(problem.detail.ends_with(public_url), "{}", problem.detail);
                    assert_eq!(problem.public_url.as_deref(), Some(public_url));
                    assert!(!problem.detail.contains("192.0.2.7"), "{}", problem.detail);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_page_is_at_home_where_it_is_configured_to_be() {
    let app = TestApp::with(&[("public_url", "https://id.example.org")]).await;
    let ada = app.signed_up("ada").await;
    let from = async |origin: &str| {
        let call = app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token());
        call.header("origin", origin).await
    };
    from("https://id.example.org").await.ok();
    for other in [
        "http://id.example.org",
        "https://id.example.org:8443",
        "https://example.org",
        "http://localhost:8080",
    ] {
        from(other).await.problem(ErrorCode::WrongOrigin);
    }
}

#[tokio::test]
async fn a_page_that_came_without_encryption_is_another_one_where_people_come_by_https() {
    let app = TestApp::with(&[("public_url", "https://id.example.org")]).await;
    let ada = app.signed_up("ada").await;
    let from = async |origin: &str, host: &str| {
        let call = app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token());
        call.header("origin", origin).header("host", host).await
    };
    for host in ["id.example.org", "second.example.org", "127.0.0.1:3000"] {
        from(&format!("http://{host}"), host).await.problem(ErrorCode::WrongOrigin);
        from(&format!("ftp://{host}"), host).await.problem(ErrorCode::WrongOrigin);
        from(&format!("https://{host}"), host).await.ok();
    }
}

/// No browser adds a token to a body by itself, so sending one is deliberate.
#[tokio::test]
async fn a_token_in_the_body_may_come_from_anywhere() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for (name, value) in FOREIGN {
        let body = json!({"email": ada.email, "password": PASSWORD, "token_delivery": "body"});
        let answer = app.post("/api/auth/login", &body).header(name, value).await;
        let token = json!({"refresh_token": answer.refresh_token()});
        let next = app.post("/api/auth/refresh", &token).header(name, value).await;
        let token = json!({"refresh_token": next.refresh_token()});
        app.post("/api/auth/logout", &token).header(name, value).await.no_content();
        app.get("/api/me/sessions").bearer(&next.access_token()).await.problem(ErrorCode::SessionEnded);
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_use_the_cookie_by_sending_a_body_of_its_own() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for body in [json!({"refresh_token": null}), json!({})] {
        let call = app.post("/api/auth/refresh", &body).cookie(&ada.refresh_token());
        call.header("origin", "https://evil.example").await.problem(ErrorCode::WrongOrigin);
    }
    let call = app.post("/api/auth/refresh", &json!({"refresh_token": "x"})).cookie(&ada.refresh_token());
    call.header("origin", "https://evil.example").await.problem(ErrorCode::TokenInvalid);
    ada.refresh().await.ok();
}
