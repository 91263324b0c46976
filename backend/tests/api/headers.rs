//! Headers of every response; the fixture checks them on each response that any test receives.

use crate::support::*;
use std::collections::BTreeSet;

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let app = TestApp::spawn().await;
    let mut ids = BTreeSet::new();
    for path in ["/api/health/live", "/api/me", "/api/nothing", "/api/auth/login"] {
        let answer = app.get(path).header("x-request-id", "the-callers-own").await;
        ids.insert(answer.header("x-request-id").unwrap().to_owned());
    }
    assert_eq!(ids.len(), 4);
    assert!(!ids.contains("the-callers-own"));
}

#[tokio::test]
async fn where_there_is_nothing_the_answer_is_a_problem_as_well() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/auth",
        "/api/auth/",
        "/api/me/",
        "/api//me",
        "/API/me",
        "/api/me/sessions/",
        "/api/me/sessions/a/b",
        "/api/%6de2",
        "/.well-known/",
        "/index.html",
        "/api/me%00",
        "/api/%ff",
        "/api/🦊",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            ada.call(method, path).await.problem(ErrorCode::NotFound);
        }
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_refused_with_those_that_it_takes() {
    let app = TestApp::spawn().await;
    let description = serde_json::to_value(latchkey::server::description()).unwrap();
    let mut refused = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        let mut taken: BTreeSet<_> =
            operations.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
        if taken.contains("GET") {
            taken.insert("HEAD".to_owned());
        }
        // It accepts every method, including those that the description cannot contain.
        if path == "/api/auth/verify" {
            continue;
        }
        let path = path.replace("{id}", "01999999-9999-7999-8999-999999999999");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if !taken.contains(method) {
                let answer = app.call(method, &path).await;
                answer.problem(ErrorCode::MethodNotAllowed);
                let allow: BTreeSet<_> =
                    answer.header("allow").unwrap().split(',').map(|name| name.trim().to_owned()).collect();
                assert_eq!(allow, taken, "{method} {path}");
                refused += 1;
            }
        }
    }
    assert!(refused > 80, "{refused}");
}

#[tokio::test]
async fn asking_for_the_head_alone_brings_the_head_alone() {
    let app = TestApp::spawn().await;
    let answer = app.call("HEAD", "/api/health/live").await;
    assert_eq!((answer.status, answer.bytes.len()), (200, 0));
    let refused = app.call("HEAD", "/api/me").await;
    assert_eq!((refused.status, refused.bytes.len()), (401, 0));
}

const FOR_ANYBODY: [&str; 2] = ["/.well-known/jwks.json", "/api/openapi.json"];

#[tokio::test]
async fn a_page_of_any_origin_may_read_the_keys_and_the_description() {
    let app = TestApp::spawn().await;
    for path in FOR_ANYBODY {
        for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 204)] {
            for origin in ["https://app.example.com", "http://localhost:5173", "null"] {
                let call = app.call(method, path).header("origin", origin);
                let answer = call.header("sec-fetch-site", "cross-site").await;
                assert_eq!(answer.status, status, "{answer}");
                assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer}");
                assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
            }
        }
        let preflight = app.call("OPTIONS", path).header("origin", "https://app.example.com");
        let preflight = preflight.header("access-control-request-method", "GET");
        let preflight = preflight.header("access-control-request-headers", "x-trace").await;
        preflight.no_content();
        assert_eq!(preflight.header("access-control-allow-methods"), Some("GET, HEAD"));
        assert_eq!(preflight.header("access-control-allow-headers"), Some("*"));
    }
}

#[tokio::test]
async fn no_other_answer_may_be_read_by_another_origin() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let description = serde_json::to_value(latchkey::server::description()).unwrap();
    let others = description["paths"].as_object().unwrap().keys();
    let mut asked = 0;
    for path in others.filter(|path| !FOR_ANYBODY.contains(&path.as_str())) {
        let path = path.replace("{id}", "01999999-9999-7999-8999-999999999999");
        for method in ["GET", "POST", "OPTIONS"] {
            let call = ada.call(method, &path).header("origin", "https://app.example.com");
            let answer = call.header("access-control-request-method", "GET").await;
            let told = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(told, None, "{answer}");
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

/// W3C: A Well-Known URL for Changing Passwords.
#[tokio::test]
async fn the_well_known_address_for_changing_a_password_leads_to_the_security_page() {
    for public_url in ["https://id.example.org", "http://localhost:8080"] {
        let app = TestApp::with(&[("public_url", public_url)]).await;
        for method in ["GET", "HEAD"] {
            let answer = app.call(method, "/.well-known/change-password").await;
            assert_eq!(answer.status, 302, "{answer}");
            assert_eq!(answer.header("location").unwrap(), format!("{public_url}/account/security"));
        }
    }
}
