//! Session data shared by all tabs: one value under one key, so that one storage event is one complete change.

use super::token_set::TokenSet;
use crate::platform::json;
use crate::platform::session_hint::SessionHint;
use latchkey_shared::{Account, EndReason, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Key of the stored session in local storage.
pub const KEY: &str = "latchkey.session";

/// The session as stored in local storage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(into = "Layout", try_from = "Layout")]
pub enum StoredSession {
    /// A user is signed in.
    SignedIn(TokenSet),
    /// The session has ended.
    SignedOut {
        /// Reason for the end.
        reason: EndReason,
        /// Time of the end.
        at: Timestamp,
    },
    /// The user has signed out, and the server has not confirmed it yet.
    SigningOut {
        /// Time of the sign-out.
        at: Timestamp,
    },
    /// The session is active, but this browser has lost its key.
    KeyLost {
        /// True if the session outlives the browser's closing.
        remembered: bool,
    },
}

impl StoredSession {
    /// Reads the stored session from a storage event's text; none if it is not valid.
    pub fn read(text: &str) -> Option<Self> {
        json::read(text)
    }

    /// Returns the token set while a user is signed in.
    pub fn token_set(&self) -> Option<&TokenSet> {
        match self {
            Self::SignedIn(token_set) => Some(token_set),
            Self::SignedOut { .. } | Self::SigningOut { .. } | Self::KeyLost { .. } => None,
        }
    }

    /// Returns the session hint that belongs to it.
    pub fn hint(&self) -> Option<SessionHint> {
        match self {
            Self::SignedIn(TokenSet { remembered, .. }) | Self::KeyLost { remembered } => {
                Some(if *remembered { SessionHint::Persistent } else { SessionHint::BrowserSession })
            }
            Self::SigningOut { .. } => Some(SessionHint::SigningOut),
            Self::SignedOut { .. } => None,
        }
    }

    /// Returns the reason why no user is signed in any more.
    pub fn end_reason(&self) -> Option<EndReason> {
        match self {
            Self::SignedIn(_) | Self::KeyLost { .. } => None,
            Self::SignedOut { reason, .. } => Some(*reason),
            Self::SigningOut { .. } => Some(EndReason::SignedOut),
        }
    }
}

/// Serialized form: one flat object. A tagged enum would serialize the same, but needs 20 KB of code to deserialize.
#[derive(Serialize, Deserialize)]
struct Layout {
    state: StateName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remembered: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<EndReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateName {
    SignedIn,
    SignedOut,
    SigningOut,
    KeyLost,
}

impl Layout {
    fn of(state: StateName) -> Self {
        Self {
            state,
            access_token: None,
            received_at: None,
            access_expires_at: None,
            session_expires_at: None,
            account: None,
            sid: None,
            generation: None,
            remembered: None,
            reason: None,
            at: None,
        }
    }

    fn token_set(self) -> Option<TokenSet> {
        Some(TokenSet {
            access_token: self.access_token?,
            received_at: self.received_at?,
            access_expires_at: self.access_expires_at?,
            session_expires_at: self.session_expires_at?,
            account: self.account?,
            sid: self.sid?,
            generation: self.generation?,
            remembered: self.remembered?,
        })
    }
}

impl From<StoredSession> for Layout {
    fn from(stored_session: StoredSession) -> Self {
        match stored_session {
            StoredSession::SignedIn(token_set) => Self {
                access_token: Some(token_set.access_token),
                received_at: Some(token_set.received_at),
                access_expires_at: Some(token_set.access_expires_at),
                session_expires_at: Some(token_set.session_expires_at),
                account: Some(token_set.account),
                sid: Some(token_set.sid),
                generation: Some(token_set.generation),
                remembered: Some(token_set.remembered),
                ..Self::of(StateName::SignedIn)
            },
            StoredSession::SignedOut { reason, at } => {
                Self { reason: Some(reason), at: Some(at), ..Self::of(StateName::SignedOut) }
            }
            StoredSession::SigningOut { at } => Self { at: Some(at), ..Self::of(StateName::SigningOut) },
            StoredSession::KeyLost { remembered } => {
                Self { remembered: Some(remembered), ..Self::of(StateName::KeyLost) }
            }
        }
    }
}

impl TryFrom<Layout> for StoredSession {
    type Error = &'static str;
    fn try_from(layout: Layout) -> Result<Self, Self::Error> {
        let (reason, at, remembered) = (layout.reason, layout.at, layout.remembered);
        match layout.state {
            StateName::SignedIn => layout.token_set().map(Self::SignedIn),
            StateName::SignedOut => reason.zip(at).map(|(reason, at)| Self::SignedOut { reason, at }),
            StateName::SigningOut => at.map(|at| Self::SigningOut { at }),
            StateName::KeyLost => remembered.map(|remembered| Self::KeyLost { remembered }),
        }
        .ok_or("a part of the session is missing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::token_set;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn records_read_back_as_they_are_written() {
        let at = Timestamp::from_seconds(5);
        for stored_session in [
            StoredSession::SignedIn(token_set(3, 600)),
            StoredSession::SignedOut { reason: EndReason::ReplayDetected, at },
            StoredSession::SigningOut { at },
            StoredSession::KeyLost { remembered: true },
        ] {
            assert_eq!(
                StoredSession::read(&serde_json::to_string(&stored_session).unwrap()),
                Some(stored_session)
            );
        }
    }

    #[wasm_bindgen_test]
    fn a_record_has_the_mark_of_what_it_says() {
        let (at, own) = (Timestamp::from_seconds(5), token_set(3, 600));
        assert_eq!(StoredSession::SignedIn(own.clone()).hint(), Some(SessionHint::Persistent));
        assert_eq!(
            StoredSession::SignedIn(TokenSet { remembered: false, ..own }).hint(),
            Some(SessionHint::BrowserSession)
        );
        assert_eq!(StoredSession::SigningOut { at }.hint(), Some(SessionHint::SigningOut));
        assert_eq!(StoredSession::KeyLost { remembered: true }.hint(), Some(SessionHint::Persistent));
        assert_eq!(StoredSession::KeyLost { remembered: false }.hint(), Some(SessionHint::BrowserSession));
        assert_eq!(StoredSession::SignedOut { reason: EndReason::SignedOut, at }.hint(), None);
    }

    #[wasm_bindgen_test]
    fn rubbish_is_no_record() {
        let cut = serde_json::to_string(&StoredSession::SignedIn(token_set(3, 600))).unwrap();
        for text in
            ["", "null", "{}", "[1]", "{\"state\":\"signed_in\"}", "{\"state\":7}", "signed_out", &cut[..80]]
        {
            assert_eq!(StoredSession::read(text), None, "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn what_a_newer_page_writes_beside_is_passed_over_and_what_it_writes_instead_is_no_record() {
        let mut written = serde_json::to_value(StoredSession::SignedIn(token_set(3, 600))).unwrap();
        written["step_up"] = serde_json::json!({ "until": 5, "with": ["passkey"] });
        written["account"]["avatar"] = "none".into();
        written["account"]["locale"] = "ja".into();
        written["account"]["roles"] = serde_json::json!(["user", "auditor"]);
        let read = StoredSession::read(&written.to_string()).unwrap();
        assert_eq!(
            read.token_set().map(|token_set| (token_set.generation, token_set.account.roles.len())),
            Some((3, 2))
        );
        let ended =
            r#"{"state":"signed_out","reason":"abducted","at":"2026-01-01T00:00:00.000Z","by":"them"}"#;
        assert_eq!(
            StoredSession::read(ended).and_then(|stored_session| stored_session.end_reason()),
            Some(EndReason::Unknown)
        );
        written["state"] = "stepping_up".into();
        assert_eq!(StoredSession::read(&written.to_string()), None);
    }

    #[wasm_bindgen_test]
    fn a_record_without_a_field_that_an_older_page_did_not_know_is_none() {
        let written = serde_json::to_value(StoredSession::SignedIn(token_set(3, 600))).unwrap();
        for (field, _) in written.as_object().unwrap() {
            let mut older = written.clone();
            older.as_object_mut().unwrap().remove(field);
            assert_eq!(StoredSession::read(&older.to_string()), None, "{field}");
        }
    }
}
