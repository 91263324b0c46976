//! `GET /api/openapi.json`

use crate::support::*;
use std::collections::BTreeSet;

/// The contract: every call, its good status, and the errors that it can give.
const CONTRACT: [(&str, &str, u16, &[u16]); 18] = [
    ("POST", "/api/auth/signup", 201, &[400, 403, 409, 413, 415, 422, 429, 500, 503]),
    ("POST", "/api/auth/login", 200, &[400, 401, 403, 413, 415, 422, 429, 500, 503]),
    ("POST", "/api/auth/refresh", 200, &[400, 401, 403, 413, 415, 422, 500]),
    ("POST", "/api/auth/logout", 204, &[400, 403, 413, 415, 422, 500]),
    ("GET", "/api/auth/verify", 200, &[401]),
    ("GET", "/api/me", 200, &[401, 500]),
    ("PATCH", "/api/me", 200, &[400, 401, 413, 415, 422, 500]),
    ("POST", "/api/me/password", 204, &[400, 401, 413, 415, 422, 429, 500, 503]),
    ("DELETE", "/api/me", 204, &[400, 401, 413, 415, 422, 429, 500, 503]),
    ("GET", "/api/me/export", 200, &[401, 500]),
    ("GET", "/api/me/sessions", 200, &[401, 500]),
    ("DELETE", "/api/me/sessions/{id}", 204, &[401, 404, 500]),
    ("DELETE", "/api/me/sessions", 204, &[401, 500]),
    ("GET", "/api/health/live", 200, &[]),
    ("GET", "/api/health/ready", 200, &[503]),
    ("GET", "/api/openapi.json", 200, &[]),
    ("GET", "/.well-known/jwks.json", 200, &[]),
    ("HEAD", "/api/health/live", 200, &[]),
];

/// `HEAD` goes with every `GET` and is not described on its own.
fn described() -> impl Iterator<Item = &'static (&'static str, &'static str, u16, &'static [u16])> {
    CONTRACT.iter().filter(|(method, ..)| *method != "HEAD")
}

async fn description() -> Value {
    TestApp::spawn().await.get("/api/openapi.json").await.ok()
}

/// The calls that the description knows.
fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    let mut all = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

#[tokio::test]
async fn the_description_is_openapi_3_1() {
    let description = description().await;
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."), "{}", description["openapi"]);
    assert_eq!(description["info"]["title"], "Latchkey");
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn every_call_of_the_contract_is_described_and_no_other() {
    let found: BTreeSet<_> =
        operations(&description().await).into_iter().map(|(method, path, _)| (method, path)).collect();
    let expected: BTreeSet<_> =
        described().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn every_call_that_is_described_is_served() {
    let app = TestApp::spawn().await;
    for (method, path, _) in operations(&description().await) {
        let answer = app.call(&method, &path.replace("{id}", "01999999-9999-7999-8999-999999999999")).await;
        assert!(!matches!(answer.status, 404 | 405 | 500), "{answer}");
    }
}

#[tokio::test]
async fn every_call_names_its_good_answer_and_each_of_its_errors() {
    let operations = operations(&description().await);
    for (method, path, good, errors) in described() {
        let (.., operation) = operations
            .iter()
            .find(|(m, p, _)| m == method && p == path)
            .unwrap_or_else(|| panic!("{method} {path}"));
        let named: BTreeSet<u16> = operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(|status| status.parse().unwrap())
            .collect();
        let expected: BTreeSet<u16> = errors.iter().copied().chain([*good]).collect();
        assert_eq!(named, expected, "{method} {path}");
        for status in errors.iter().filter(|_| *path != "/api/health/ready") {
            let content = &operation["responses"][status.to_string()]["content"];
            let schema = &content["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn every_call_says_what_it_does_and_who_may_call_it() {
    let description = description().await;
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&description) {
        assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        let refuses_strangers = operation["responses"].get("401").is_some() && path != "/api/auth/login";
        assert_eq!(
            operation.get("security").is_some(),
            refuses_strangers || path == "/api/auth/logout",
            "{method} {path}"
        );
        let takes_a_body = operation["responses"].get("415").is_some();
        assert_eq!(operation.get("requestBody").is_some(), takes_a_body, "{method} {path}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let description = description().await;
    let text = description.to_string();
    let references: BTreeSet<_> =
        text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        assert!(description.pointer(reference).is_some(), "{reference}");
    }
}
