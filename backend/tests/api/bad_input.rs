//! Invalid bodies: each error is reported, and the request changes nothing.

use crate::support::*;

/// A request with a body.
struct Target {
    method: &'static str,
    path: &'static str,
    /// A valid body.
    good: Value,
    required: &'static [&'static str],
    /// Fields that contain text.
    texts: &'static [&'static str],
}

fn targets() -> Vec<Target> {
    let text = |method, path, good, required, texts| Target { method, path, good, required, texts };
    vec![
        text(
            "POST",
            "/api/auth/signup",
            json!({"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve", "locale": "en"}),
            &["email", "password", "display_name"],
            &["email", "password", "display_name", "locale"],
        ),
        text(
            "POST",
            "/api/auth/login",
            json!({"email": "ada@example.org", "password": PASSWORD, "remember": true, "token_delivery": "cookie"}),
            &["email", "password"],
            &["email", "password", "token_delivery"],
        ),
        text("POST", "/api/auth/refresh", json!({}), &[], &["refresh_token"]),
        text("POST", "/api/auth/logout", json!({}), &[], &["refresh_token"]),
        text("PATCH", "/api/me", json!({"display_name": "Countess"}), &[], &["display_name", "locale"]),
        text(
            "POST",
            "/api/me/password",
            json!({"current_password": PASSWORD, "new_password": "an entirely different phrase"}),
            &["current_password", "new_password"],
            &["current_password", "new_password"],
        ),
        text("DELETE", "/api/me", json!({"password": PASSWORD}), &["password"], &["password"]),
    ]
}

/// A person whose requests all carry a cookie and a token, so that each would succeed with a valid body.
struct Fixture {
    app: TestApp,
    ada: Person,
    before: Vec<String>,
}

impl Fixture {
    async fn set_up() -> Self {
        let app = TestApp::spawn().await;
        let ada = app.signed_up("ada").await;
        let before = app.everything().await;
        Self { app, ada, before }
    }

    fn call(&self, target: &Target) -> Call {
        self.ada.call(target.method, target.path).cookie(&self.ada.refresh_token())
    }

    async fn nothing_has_happened(&self) {
        assert_eq!(self.app.everything().await, self.before);
        self.ada.verify().await.ok();
        self.ada.refresh().await.ok();
    }
}

#[tokio::test]
async fn the_bodies_that_these_tests_spoil_are_good_ones() {
    for target in targets() {
        let fixture = Fixture::set_up().await;
        let answer = fixture.call(&target).json(&target.good).await;
        assert!(matches!(answer.status, 200 | 201 | 204), "{answer}");
    }
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let fixture = Fixture::set_up().await;
    let nested = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
    for target in targets() {
        let good = target.good.to_string();
        for body in [
            b"".as_slice(),
            b" ",
            b"{",
            b"nonsense",
            b"{\"a\":}",
            b"{'a': 1}",
            b"{\"a\": 1,}",
            b"{\"a\": \"\\ud800\"}",
            b"{\"a\": \"\n\"}",
            b"{\"a\": \"\xff\xfe\"}",
            b"\xef\xbb\xbf{}",
            b"{} {}",
            b"{\"a\": NaN}",
            &good.as_bytes()[..good.len() - 1],
            nested.as_bytes(),
            format!("{{\"a\": {nested}}}").as_bytes(),
        ] {
            let answer = fixture.call(&target).raw_json(body).await;
            answer.problem(ErrorCode::MalformedJson);
        }
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_field_that_comes_twice_is_malformed() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        let field = target.texts[0];
        let body = format!("{{\"{field}\":\"a\",\"{field}\":\"b\"}}");
        fixture.call(&target).raw_json(body).await.problem(ErrorCode::MalformedJson);
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn what_is_not_an_object_is_of_the_wrong_type() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        let list = Value::from_iter(target.good.as_object().unwrap().values().cloned());
        for body in [list, json!([]), json!([{}]), json!(null), json!("text"), json!(7), json!(true)] {
            fixture.call(&target).json(&body).await.refuses("body", FieldErrorCode::WrongType);
        }
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        for field in target.required {
            let mut body = target.good.clone();
            body.as_object_mut().unwrap().remove(*field);
            fixture.call(&target).json(&body).await.refuses(field, FieldErrorCode::Required);
        }
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_field_that_nobody_asked_for_is_named() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        for field in ["roles", "is_admin", "", "Email", "필드", "🦊", "a\u{0}b", "`x`", "__proto__"] {
            let mut body = target.good.clone();
            body[field] = json!("admin");
            let fields = fixture.call(&target).json(&body).await.refused_fields();
            assert_eq!(fields.into_values().collect::<Vec<_>>(), [FieldErrorCode::UnknownField], "{field:?}");
        }
        let long = json!({"x".repeat(16_000): 1});
        let answer = fixture.call(&target).json(&long).await;
        answer.problem(ErrorCode::ValidationFailed);
        assert!(answer.bytes.len() < 1000, "it is not repeated at any length");
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        for field in target.texts {
            for value in [json!(7), json!(true), json!(["a"]), json!({"a": 1}), json!(1e300)] {
                let mut body = target.good.clone();
                body[*field] = value;
                fixture.call(&target).json(&body).await.refuses(field, FieldErrorCode::WrongType);
            }
        }
        for field in target.required {
            let mut body = target.good.clone();
            body[*field] = json!(null);
            fixture.call(&target).json(&body).await.refuses(field, FieldErrorCode::WrongType);
        }
    }
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "remember": "yes"});
    fixture.app.post("/api/auth/login", &body).await.refuses("remember", FieldErrorCode::WrongType);
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn text_that_breaks_the_rules_is_refused_with_the_rule() {
    use FieldErrorCode::{
        ControlCharacters, InvalidEmail, NothingVisible, Required, TooLong, TooManyMarks, TooShort,
        UnsupportedLocale,
    };
    let fixture = Fixture::set_up().await;
    let long_email = format!("{}@example.org", "a".repeat(250));
    let (piled_name, piled_email) =
        (format!("Z{}", "\u{335}".repeat(40)), format!("z{}@example.org", "\u{335}".repeat(20)));
    let (long_name, long_password) = ("가".repeat(81), "🔑".repeat(129));
    for (field, text, code) in [
        ("email", "", Required),
        ("email", " \t ", Required),
        ("email", "ada", InvalidEmail),
        ("email", "ada@", InvalidEmail),
        ("email", "@example.org", InvalidEmail),
        ("email", "ada@example", InvalidEmail),
        ("email", "ada@ex ample.org", InvalidEmail),
        ("email", "ada@[127.0.0.1]", InvalidEmail),
        ("email", "Ada <ada@example.org>", InvalidEmail),
        ("email", "ada@example.org,bob@example.org", InvalidEmail),
        ("email", long_email.as_str(), TooLong),
        ("email", "ada@exam%70le.org", InvalidEmail),
        ("email", "ada@ex_ample.org", InvalidEmail),
        ("email", "ada@exam％ple.org", InvalidEmail),
        ("email", "ada@xn--a.org", InvalidEmail),
        ("email", "ada＠eve@example.org", InvalidEmail),
        ("email", "a\u{A0}da@example.org", InvalidEmail),
        ("email", "a\u{200B}da@example.org", ControlCharacters),
        ("email", "a\u{3164}da@example.org", ControlCharacters),
        ("email", "a\u{202E}da@example.org", ControlCharacters),
        ("email", "ada@exam\u{AD}ple.org", ControlCharacters),
        ("email", piled_email.as_str(), TooManyMarks),
        ("email", "ada\0@example.org", ControlCharacters),
        ("email", "ada@example.org\r\nBcc: eve@example.org", ControlCharacters),
        ("password", "", Required),
        ("password", "가나다라마바사", TooShort),
        ("password", long_password.as_str(), TooLong),
        ("display_name", "", Required),
        ("display_name", "\u{3000}", Required),
        ("display_name", long_name.as_str(), TooLong),
        ("display_name", "\u{200B}", NothingVisible),
        ("display_name", "\u{3164}\u{3164}", NothingVisible),
        ("display_name", "\u{2800} \u{115F}", NothingVisible),
        ("display_name", "\u{FE0F}\u{E0041}", NothingVisible),
        ("display_name", piled_name.as_str(), TooManyMarks),
        ("display_name", "A\0da", ControlCharacters),
        ("display_name", "A\nda", ControlCharacters),
        ("display_name", "A\u{7f}da", ControlCharacters),
        ("display_name", "A\u{202E}da", ControlCharacters),
        ("locale", "", UnsupportedLocale),
        ("locale", "tlh", UnsupportedLocale),
        ("locale", "en\0", UnsupportedLocale),
    ] {
        let mut body = json!({"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve"});
        body[field] = json!(text);
        fixture.app.post("/api/auth/signup", &body).await.refuses(field, code);
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_password_may_hold_any_character() {
    let app = TestApp::spawn().await;
    let password = "tab\tnull\0 bell\u{7} and a 🦊";
    app.signed_up_with("ada", password).await;
    app.log_in("ada@example.org", password).await.ok();
    app.log_in("ada@example.org", "tab\tnull").await.problem(ErrorCode::CredentialsRejected);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_readably() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        for size in [16 * 1024 + 1, 64 * 1024, 10 * 1024 * 1024] {
            let padded = format!("{}{}", target.good, " ".repeat(size - target.good.to_string().len()));
            fixture.call(&target).raw_json(padded).await.problem(ErrorCode::PayloadTooLarge);
        }
        // The declared content type makes no difference.
        fixture.call(&target).body(vec![b'x'; 20_000]).await.problem(ErrorCode::PayloadTooLarge);
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let fixture = Fixture::set_up().await;
    let body = json!({"display_name": "Countess"}).to_string();
    let padded = format!("{body}{}", " ".repeat(16 * 1024 - body.len()));
    let answer = fixture.ada.call("PATCH", "/api/me").raw_json(padded).await;
    assert_eq!(answer.ok()["display_name"], "Countess");
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let fixture = Fixture::set_up().await;
    for target in targets() {
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/problem+json",
            "text/json",
            "json",
            "",
            "text/plain; application/json",
        ] {
            let call = fixture.call(&target).body(target.good.to_string()).header("content-type", media_type);
            call.await.problem(ErrorCode::UnsupportedMediaType);
        }
        let undeclared = fixture.call(&target).body(target.good.to_string());
        undeclared.await.problem(ErrorCode::UnsupportedMediaType);
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn json_is_recognised_whatever_its_parameters() {
    let fixture = Fixture::set_up().await;
    for media_type in
        ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;x=y"]
    {
        let call = fixture
            .ada
            .call("PATCH", "/api/me")
            .body("{\"locale\":\"ko\"}")
            .header("content-type", media_type);
        call.await.ok();
    }
}

#[tokio::test]
async fn an_answer_never_repeats_what_must_not_be_seen() {
    let fixture = Fixture::set_up().await;
    for body in [
        format!("{{\"email\":\"ada@example.org\",\"password\":[\"{PASSWORD}\"]}}"),
        format!("{{\"email\":\"ada@example.org\",\"password\":\"{PASSWORD}\" nonsense"),
        format!("{{\"email\":\"ada\",\"password\":\"{PASSWORD}\"}}"),
        format!("{{\"email\":\"ada@example.org\",\"password\":\"wrong {PASSWORD}\"}}"),
    ] {
        let answer = fixture.app.call("POST", "/api/auth/login").raw_json(body).await;
        assert!(answer.status >= 400 && !answer.to_string().contains("horse"), "{answer}");
    }
}
