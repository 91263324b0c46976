//! Property tests of the parsers: arbitrary input in place of a token or a body causes no panic, and only exactly what
//! was issued is accepted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use latchkey::config::{Config, from_pairs};
use latchkey::platform::OsRandomness;
use latchkey::tokens::{AccessTokenInput, AccessTokens, Keys, RefreshTokens, Verifier};
use latchkey_shared::{
    ChangePassword, ChangePasswordRequest, DeleteAccountRequest, LogIn, LogInRequest, ProfileChange,
    ProfileChangeRequest, Secret, SignUp, SignUpRequest, Timestamp,
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Keys of a server, one valid token of each kind, and the verifiers.
struct Mint {
    config: Config,
    keys: Arc<Keys>,
    access: String,
    refresh: String,
}

static MINT: LazyLock<Mint> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let data = ("LATCHKEY_DATA_DIR".to_owned(), folder.path().to_str().unwrap().to_owned());
    let config = from_pairs(None, [data]).unwrap();
    let keys = Arc::new(Keys::load(&config, START, &OsRandomness).unwrap());
    let input = AccessTokenInput {
        account_id: Uuid::from_u128(1),
        session_id: Uuid::from_u128(2),
        generation: 3,
        roles: vec!["user".to_owned()],
        authenticated_at: START,
    };
    let access = AccessTokens::new(&config, Arc::clone(&keys)).issue(input, START, &OsRandomness).unwrap();
    let refresh = RefreshTokens::new(&config, Arc::clone(&keys));
    let ends = START + Duration::from_secs(3600);
    let refresh = refresh.issue(Uuid::from_u128(1), Uuid::from_u128(2), 3, START, ends).unwrap();
    let (access, refresh) = (access.token.expose().to_owned(), refresh.expose().to_owned());
    Mint { config, keys, access, refresh }
});

fn takes_access(token: &str) -> bool {
    Verifier::new(&MINT.config, Arc::clone(&MINT.keys)).verify(token, START).is_ok()
}

fn takes_refresh(token: &str) -> bool {
    let tokens = RefreshTokens::new(&MINT.config, Arc::clone(&MINT.keys));
    tokens.read(&Secret::from(token), START).is_ok()
}

#[test]
fn the_tokens_that_are_spoiled_here_are_good_ones() {
    assert!(takes_access(&MINT.access) && takes_refresh(&MINT.refresh));
}

/// Returns the token with some of its characters replaced, omitted or duplicated.
fn spoil(token: &str, edits: &[(usize, u8, char)]) -> String {
    let mut characters: Vec<char> = token.chars().collect();
    for (place, how, with) in edits {
        let place = place % characters.len();
        match how % 3 {
            0 => characters[place] = *with,
            1 if characters.len() > 1 => drop(characters.remove(place)),
            _ => characters.insert(place, characters[place]),
        }
    }
    characters.into_iter().collect()
}

/// Generates any JSON; its names include the fields that requests take.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,140}".prop_map(Value::from),
        "[a-z.]{1,8}@[a-z]{1,8}\\.org".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("email".to_owned()),
        Just("password".to_owned()),
        Just("display_name".to_owned()),
        Just("locale".to_owned()),
        Just("current_password".to_owned()),
        Just("new_password".to_owned()),
        Just("refresh_token".to_owned()),
        Just("remember".to_owned()),
        Just("token_delivery".to_owned()),
        ".{0,12}",
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Parses and validates the body as every kind of request does.
fn read_as_every_call(bytes: &[u8]) {
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
        serde_json::from_slice(bytes).ok()
    }
    if let Some(Ok(sign_up)) = read::<SignUpRequest>(bytes).map(SignUp::try_from) {
        assert!((8..=128).contains(&sign_up.password.expose().chars().count()));
    }
    if let Some(Ok(change)) = read::<ChangePasswordRequest>(bytes).map(ChangePassword::try_from) {
        assert!((8..=128).contains(&change.new_password.expose().chars().count()));
    }
    let _log_in = read::<LogInRequest>(bytes).map(LogIn::try_from);
    let _profile = read::<ProfileChangeRequest>(bytes).map(ProfileChange::try_from);
    let _deletion = read::<DeleteAccountRequest>(bytes).map(DeleteAccountRequest::validate);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_token_with_anything_changed_is_no_token(
        edits in proptest::collection::vec((any::<usize>(), any::<u8>(), any::<char>()), 1..4)
    ) {
        for (token, takes) in [(&MINT.access, takes_access as fn(&str) -> bool), (&MINT.refresh, takes_refresh)] {
            let spoilt = spoil(token, &edits);
            prop_assert!(spoilt == *token || !takes(&spoilt), "{spoilt}");
        }
    }

    #[test]
    fn text_that_nobody_signed_is_no_token(text in ".{0,300}", parts in "[A-Za-z0-9_=-]{0,80}(\\.[A-Za-z0-9_=-]{0,80}){0,5}") {
        for text in [&text, &parts] {
            prop_assert!(!takes_access(text) && !takes_refresh(text), "{text}");
        }
    }

    #[test]
    fn a_body_of_any_bytes_breaks_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200), json in json()) {
        read_as_every_call(&bytes);
        read_as_every_call(json.to_string().as_bytes());
    }
}
