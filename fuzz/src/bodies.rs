//! Request bodies, read with the extractors that the handlers use.

use super::fixture::{NOW, fixture};
use axum::body::Body as HttpBody;
use axum::extract::{FromRequest as _, FromRequestParts as _, Request};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use latchkey::accounts::email_key;
use latchkey::authentication::hashing::{Weakness, check_strength};
use latchkey::http::JsonBody;
use latchkey::sessions::{MaybeBearer, RefreshCookie};
use latchkey_shared::{
    ChangePassword, ChangePasswordRequest, DeleteAccountRequest, DisplayName, EmailAddress, FieldError,
    FieldErrorCode, Locale, LogIn, LogInRequest, LogOutRequest, Password, ProfileChange,
    ProfileChangeRequest, RefreshRequest, SignUp, SignUpRequest, TokenDelivery,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Fuzzes the body of `POST /api/auth/signup`.
pub fn sign_up(bytes: &[u8]) {
    let Some(raw) = read::<SignUpRequest>(bytes) else { return };
    let (email, name, locale) = (raw.email.clone(), raw.display_name.clone(), raw.locale.clone());
    match SignUp::try_from(raw) {
        Ok(taken) => {
            is_an_address(&taken.email, &email);
            is_a_name(&taken.display_name, &name);
            is_a_new_password(&taken.password, &[email, name]);
            assert_eq!(taken.locale, locale.map_or(Locale::En, |tag| tag.parse().unwrap()));
        }
        Err(errors) => are_about(&errors, &["email", "password", "display_name", "locale"]),
    }
}

/// Fuzzes the body of `POST /api/auth/login`.
pub fn log_in(bytes: &[u8]) {
    let Some(raw) = read::<LogInRequest>(bytes) else { return };
    let email = raw.email.clone();
    match LogIn::try_from(raw) {
        Ok(taken) => {
            assert_eq!(EmailAddress::parse_existing(&email).as_ref(), Ok(&taken.email));
            assert!(email.contains(taken.email.as_str()) && taken.email.as_str().contains('@'));
            assert!(!taken.password.expose().is_empty());
            assert!(matches!(taken.token_delivery, TokenDelivery::Cookie | TokenDelivery::Body));
        }
        Err(errors) => are_about(&errors, &["email", "password"]),
    }
}

/// Fuzzes the body of `POST /api/auth/refresh`.
pub fn refresh(bytes: &[u8]) {
    let fixture = fixture();
    let Some(RefreshRequest { refresh_token: Some(token) }) = read(bytes) else { return };
    let taken = fixture.app.tokens.refresh_tokens.read(&token, NOW).is_ok();
    assert_eq!(taken, token.expose() == fixture.refresh, "{}", token.expose());
}

/// Fuzzes `POST /api/auth/logout`: a line with the `Authorization` header, one with the cookies, and the body.
pub fn log_out(bytes: &[u8]) {
    let fixture = fixture();
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (authorization, cookies, body) = (next(), next(), next());
    let mut request = Request::new(HttpBody::empty());
    for (name, value) in [(header::AUTHORIZATION, authorization), (header::COOKIE, cookies)] {
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        request.headers_mut().insert(name, value);
    }
    let mut parts = request.into_parts().0;
    let Ok(MaybeBearer(claims)) = fixture.wait(MaybeBearer::from_request_parts(&mut parts, &fixture.app));
    let Ok(cookie) = fixture.wait(RefreshCookie::from_request_parts(&mut parts, &fixture.app));
    let contains = |line: &[u8], token: &str| String::from_utf8_lossy(line).contains(token);
    assert!(claims.is_none() || contains(authorization, &fixture.access));
    let body = read::<LogOutRequest>(body).and_then(|body| body.refresh_token);
    for token in body.into_iter().chain(cookie.tokens().iter().cloned()) {
        let taken = fixture.app.tokens.refresh_tokens.read(&token, NOW).is_ok();
        assert_eq!(taken, token.expose() == fixture.refresh, "{}", token.expose());
    }
}

/// Fuzzes the body of `PATCH /api/me`.
pub fn profile_change(bytes: &[u8]) {
    let Some(raw) = read::<ProfileChangeRequest>(bytes) else { return };
    let (name, locale) = (raw.display_name.clone(), raw.locale.clone());
    match ProfileChange::try_from(raw) {
        Ok(taken) => {
            assert_eq!(taken.display_name.is_some(), name.is_some());
            if let (Some(taken), Some(name)) = (&taken.display_name, &name) {
                is_a_name(taken, name);
            }
            assert_eq!(taken.locale, locale.map(|tag| tag.parse().unwrap()));
        }
        Err(errors) => are_about(&errors, &["display_name", "locale"]),
    }
}

/// Fuzzes the body of `POST /api/me/password`.
pub fn password_change(bytes: &[u8]) {
    let Some(raw) = read::<ChangePasswordRequest>(bytes) else { return };
    match ChangePassword::try_from(raw) {
        Ok(taken) => {
            assert!(!taken.current_password.expose().is_empty());
            let known = ["ada.lovelace@example.org".to_owned(), "Ada Lovelace".to_owned()];
            is_a_new_password(&taken.new_password, &known);
        }
        Err(errors) => are_about(&errors, &["current_password", "new_password"]),
    }
}

/// Fuzzes the body of `DELETE /api/me`.
pub fn deletion(bytes: &[u8]) {
    let Some(raw) = read::<DeleteAccountRequest>(bytes) else { return };
    match raw.validate() {
        Ok(password) => assert!(!password.expose().is_empty()),
        Err(errors) => are_about(&errors, &["password"]),
    }
}

/// Reads a body as a handler does. Asserts that an accepted body equals what was sent, and that a rejected one has the
/// right status.
fn read<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Option<T> {
    let fixture = fixture();
    let mut request = Request::new(HttpBody::from(bytes.to_vec()));
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let sent = serde_json::from_slice::<Value>(bytes);
    match fixture.wait(JsonBody::<T>::from_request(request, &fixture.app)) {
        Ok(JsonBody(taken)) => {
            says_what_was_sent(&serde_json::to_value(&taken).unwrap(), &sent.unwrap());
            Some(taken)
        }
        Err(refusal) => {
            let status = refusal.into_response().status().as_u16();
            match sent {
                _ if bytes.len() > 16 * 1024 => assert_eq!(status, 413),
                Err(_) => assert_eq!(status, 400),
                // A duplicate field is not a matter of the fields' rules, so 400 is possible too.
                Ok(Value::Object(_)) => assert!(matches!(status, 400 | 422), "{status}"),
                Ok(_) => assert_eq!(status, 422),
            }
            None
        }
    }
}

/// Asserts that no field is ignored, and none is read as a different value.
fn says_what_was_sent(taken: &Value, sent: &Value) {
    let taken = taken.as_object().unwrap();
    for (name, value) in sent.as_object().unwrap() {
        let is_left_out = value.is_null() && !taken.contains_key(name);
        assert!(is_left_out || taken.get(name) == Some(value), "{name}: {value}");
    }
}

fn are_about(errors: &[FieldError], fields: &[&str]) {
    assert!(!errors.is_empty());
    for (index, error) in errors.iter().enumerate() {
        assert!(fields.contains(&error.field.as_str()), "{error:?}");
        assert!(error.code != FieldErrorCode::Unknown && !error.message.is_empty(), "{error:?}");
        assert!(errors[..index].iter().all(|other| other.field != error.field), "{error:?}");
    }
}

fn is_an_address(address: &EmailAddress, written: &str) {
    let text = address.as_str();
    let (before, after) = written.split_once(text).unwrap();
    assert!(before.chars().chain(after.chars()).all(|c| !c.is_ascii() || c.is_whitespace()), "{written:?}");
    assert_eq!(text.parse::<EmailAddress>().as_ref(), Ok(address));
    assert!(text.len() <= EmailAddress::MAX_BYTES && text.contains('@') && !text.contains(char::is_control));
    // Two spellings of one key would be two accounts, or an account that nobody can sign in to.
    let key = email_key(address);
    if let Ok(spelled_as_the_key) = key.parse::<EmailAddress>() {
        assert_eq!(email_key(&spelled_as_the_key), key);
    }
}

fn is_a_name(name: &DisplayName, written: &str) {
    let text = name.as_str();
    assert_eq!(text, written.trim());
    assert_eq!(text.parse::<DisplayName>().as_ref(), Ok(name));
    assert!((1..=DisplayName::MAX_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control));
}

fn is_a_new_password(password: &Password, known: &[String]) {
    assert!((8..=128).contains(&password.expose().chars().count()));
    // Every weakness has a known code, so that the person learns what to do about it.
    let refused = check_strength(password.expose(), known).err().map(Weakness::code);
    assert!(refused != Some(FieldErrorCode::Unknown));
}
