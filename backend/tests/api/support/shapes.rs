//! Shapes of the API's JSON objects.

use latchkey_shared::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// Returns the names of an object's fields, in alphabetical order.
#[track_caller]
pub fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> =
        object.as_object().unwrap_or_else(|| panic!("{object}")).keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

pub fn is_uuid_v7(text: &str) -> bool {
    text.parse::<Uuid>().is_ok_and(|id| id.get_version_num() == 7 && id.to_string() == text)
}

/// Parses an instant, written as RFC 3339 in UTC with milliseconds.
#[track_caller]
pub fn instant(text: &Value) -> Timestamp {
    let text = text.as_str().unwrap_or_else(|| panic!("{text}"));
    let instant: Timestamp = text.parse().unwrap();
    assert_eq!(instant.to_string(), text);
    assert_eq!((text.len(), &text[23..]), (24, "Z"), "{text}");
    instant
}

#[track_caller]
pub fn assert_account(account: &Value) {
    assert_eq!(keys(account), ["created_at", "display_name", "email", "id", "locale", "roles"]);
    assert!(is_uuid_v7(account["id"].as_str().unwrap()), "{account}");
    assert!(account["email"].is_string() && account["display_name"].is_string(), "{account}");
    assert!(matches!(account["locale"].as_str(), Some("en" | "ko")), "{account}");
    assert!(account["roles"].as_array().unwrap().iter().all(Value::is_string), "{account}");
    instant(&account["created_at"]);
}

/// Checks the response to a sign-up, a sign-in or a refresh, apart from the refresh token.
#[track_caller]
pub fn assert_signed_in(body: &Value) {
    let mut found = keys(body);
    found.retain(|key| *key != "refresh_token");
    assert_eq!(found, ["access_token", "account", "expires_in", "session_expires_at", "token_type"]);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["access_token"].as_str().unwrap().split('.').count(), 3);
    assert!(body["expires_in"].is_u64(), "{body}");
    instant(&body["session_expires_at"]);
    assert_account(&body["account"]);
}
