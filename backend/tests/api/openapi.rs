//! `GET /api/openapi.json`

use crate::support::*;
use std::collections::BTreeSet;

/// The API contract: every request, its success status, and its error statuses.
const CONTRACT: [(&str, &str, u16, &[u16]); 26] = [
    ("POST", "/api/auth/signup", 201, &[400, 401, 403, 409, 413, 415, 422, 429, 500, 503]),
    ("POST", "/api/auth/login", 200, &[400, 401, 403, 413, 415, 422, 429, 500, 503]),
    ("POST", "/api/auth/refresh", 200, &[400, 401, 403, 413, 415, 422, 500]),
    ("POST", "/api/auth/logout", 204, &[400, 403, 413, 415, 422, 500]),
    ("GET", "/api/auth/verify", 200, &[401]),
    ("POST", "/api/auth/verify", 200, &[401]),
    ("PUT", "/api/auth/verify", 200, &[401]),
    ("PATCH", "/api/auth/verify", 200, &[401]),
    ("DELETE", "/api/auth/verify", 200, &[401]),
    ("OPTIONS", "/api/auth/verify", 200, &[401]),
    ("GET", "/api/me", 200, &[401, 500]),
    ("PATCH", "/api/me", 200, &[400, 401, 413, 415, 422, 500]),
    ("POST", "/api/me/password", 200, &[400, 401, 403, 413, 415, 422, 429, 500, 503]),
    ("DELETE", "/api/me", 204, &[400, 401, 413, 415, 422, 429, 500, 503]),
    ("GET", "/api/me/export", 200, &[401, 500]),
    ("GET", "/api/me/sessions", 200, &[401, 422, 500]),
    ("DELETE", "/api/me/sessions/{id}", 204, &[401, 404, 500]),
    ("DELETE", "/api/me/sessions", 204, &[401, 500]),
    ("GET", "/api/health/live", 200, &[]),
    ("GET", "/api/health/ready", 200, &[503]),
    ("GET", "/api/openapi.json", 200, &[]),
    ("OPTIONS", "/api/openapi.json", 204, &[]),
    ("GET", "/.well-known/jwks.json", 200, &[]),
    ("OPTIONS", "/.well-known/jwks.json", 204, &[]),
    ("GET", "/.well-known/change-password", 302, &[]),
    ("HEAD", "/api/health/live", 200, &[]),
];

/// Returns the described requests: `HEAD` is implied by `GET` and is not described separately.
fn described() -> impl Iterator<Item = &'static (&'static str, &'static str, u16, &'static [u16])> {
    CONTRACT.iter().filter(|(method, ..)| *method != "HEAD")
}

async fn description() -> Value {
    TestApp::spawn().await.get("/api/openapi.json").await.ok()
}

/// Returns the operations of the description.
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
        let is_for_strangers = ["/api/auth/signup", "/api/auth/login"].contains(&path.as_str());
        let refuses_strangers = operation["responses"].get("401").is_some() && !is_for_strangers;
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

#[tokio::test]
async fn the_calls_that_take_a_proof_say_so_and_what_they_answer_to_a_wrong_one() {
    let mut found = BTreeSet::new();
    for (_, path, operation) in operations(&description().await) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let Some(proof) = parameters.clone().find(|parameter| parameter["name"] == "DPoP") else { continue };
        assert_eq!((&proof["in"], proof["required"].as_bool()), (&json!("header"), Some(false)), "{path}");
        let headers = &operation["responses"]["401"]["headers"];
        assert!(headers["WWW-Authenticate"].is_object() && headers["DPoP-Nonce"].is_object(), "{path}");
        found.insert(path);
    }
    let expected = ["/api/auth/login", "/api/auth/refresh", "/api/auth/signup"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
}

/// Returns the schema of an operation's body.
fn body_schema<'a>(description: &'a Value, operation: &Value) -> Option<&'a Value> {
    let reference = operation.pointer("/requestBody/content/application~1json/schema/$ref")?;
    description.pointer(&reference.as_str().unwrap()[1..])
}

#[tokio::test]
async fn a_body_is_described_as_required_where_a_call_without_one_is_refused() {
    let app = TestApp::spawn().await;
    let description = description().await;
    let mut found = BTreeSet::new();
    for (method, path, operation) in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else { continue };
        let required = operation["requestBody"]["required"].as_bool().unwrap();
        let fields = schema["required"].as_array().map_or(0, Vec::len);
        assert_eq!(required, fields > 0, "{method} {path}");
        // A request may end the session: each is sent by a person of its own.
        let answer = app.signed_up(&format!("ada{}", found.len())).await.call(&method, &path).await;
        assert_eq!(answer.status == 422, required, "{answer}");
        found.insert((method, path, required));
    }
    assert_eq!((found.len(), found.iter().filter(|(.., required)| *required).count()), (7, 4));
}

#[tokio::test]
async fn the_description_tells_the_rules_for_what_is_typed() {
    let description = description().await;
    let field =
        |schema: &str, field: &str| description["components"]["schemas"][schema]["properties"][field].clone();
    for (schema, name, least, most) in [
        ("SignUpRequest", "password", 8, json!(128)),
        ("ChangePasswordRequest", "new_password", 8, json!(128)),
        ("ChangePasswordRequest", "current_password", 1, json!(null)),
        ("LogInRequest", "password", 1, json!(null)),
        ("DeleteAccountRequest", "password", 1, json!(null)),
    ] {
        let described = field(schema, name);
        assert_eq!((&described["type"], &described["format"]), (&json!("string"), &json!("password")));
        assert_eq!(
            (&described["minLength"], &described["maxLength"]),
            (&json!(least), &most),
            "{schema} {name}"
        );
    }
    for schema in ["SignUpRequest", "ProfileChangeRequest"] {
        for (name, rules) in [("locale", "Locale"), ("display_name", "DisplayName")] {
            let described = field(schema, name).to_string();
            assert!(described.contains(&format!("\"#/components/schemas/{rules}\"")), "{described}");
        }
    }
    let languages: BTreeSet<&str> = description["components"]["schemas"]["Locale"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag.as_str().unwrap())
        .collect();
    assert_eq!(languages, BTreeSet::from(latchkey_shared::Locale::ALL.map(latchkey_shared::Locale::tag)));
    let names = &description["components"]["schemas"]["DisplayName"];
    assert_eq!((&names["minLength"], &names["maxLength"]), (&json!(1), &json!(80)));
    assert!(names["pattern"].is_string());
}

#[tokio::test]
async fn every_link_leads_to_a_call_and_what_it_takes() {
    let description = description().await;
    let operations = operations(&description);
    let mut links = 0;
    for (.., operation) in &operations {
        for answer in operation["responses"].as_object().unwrap().values() {
            for link in answer["links"].as_object().into_iter().flat_map(|links| links.values()) {
                links += 1;
                let (.., linked) = operations
                    .iter()
                    .find(|(.., operation)| operation["operationId"] == link["operationId"])
                    .unwrap_or_else(|| panic!("{link}"));
                for name in link["requestBody"].as_object().into_iter().flat_map(|body| body.keys()) {
                    let fields = &body_schema(&description, linked).unwrap()["properties"];
                    assert!(fields.get(name).is_some(), "{link}");
                }
                for name in link["parameters"].as_object().into_iter().flat_map(|body| body.keys()) {
                    assert_eq!(linked["parameters"][0]["name"], json!(name), "{link}");
                }
            }
        }
    }
    assert_eq!(links, 4);
}
