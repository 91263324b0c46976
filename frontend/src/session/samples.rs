//! Sample sessions for the tests.

use super::token_set::TokenSet;
use latchkey_shared::{Account, Locale, SignedIn, Timestamp, TokenType};
use uuid::Uuid;

/// Returns a sample account whose id and e-mail address contain `number`.
pub fn account(number: u128) -> Account {
    Account {
        id: Uuid::from_u128(number),
        email: format!("ada{number}@example.org"),
        display_name: "Ada 하늘 🔑".into(),
        locale: Locale::Ko,
        roles: vec!["user".into()],
        created_at: Timestamp::from_seconds(1),
    }
}

/// Returns a server's response for the session of account 1; `expires_in` is in seconds.
pub fn answer(generation: u64, expires_in: u64) -> SignedIn {
    let id = Uuid::from_u128(1);
    let claims = serde_json::json!({
        "iss": "i", "aud": "a", "sub": id, "sid": id, "gen": generation, "roles": [], "auth_time": 1, "iat": 1,
        "exp": 2, "jti": id,
    });
    SignedIn {
        token_type: TokenType::Bearer,
        access_token: format!("{}.{}.x", base64url(r#"{"alg":"EdDSA"}"#), base64url(&claims.to_string()))
            .into(),
        expires_in,
        session_expires_at: Timestamp::from_seconds(9_000),
        account: account(1),
        refresh_token: None,
    }
}

/// Returns a token set of that session, received at the epoch.
pub fn token_set(generation: u64, expires_in: u64) -> TokenSet {
    TokenSet::from_response(answer(generation, expires_in), true, Timestamp::from_seconds(0)).unwrap()
}

/// Returns a token set of another session, of the account with this number.
pub fn other_grant(number: u128) -> TokenSet {
    TokenSet { sid: Uuid::from_u128(100 + number), account: account(number), ..token_set(0, 600) }
}

fn base64url(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
    bits.as_bytes()
        .chunks(6)
        .map(|six| {
            let six = format!("{:0<6}", std::str::from_utf8(six).unwrap());
            char::from(ALPHABET[usize::from_str_radix(&six, 2).unwrap()])
        })
        .collect()
}
