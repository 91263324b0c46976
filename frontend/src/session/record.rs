//! What all tabs know of the session: one value under one key, so that one storage event is one whole fact.

use super::grant::Grant;
use latchkey_shared::{EndReason, Timestamp};
use serde::{Deserialize, Serialize};

/// Where the record lies in local storage.
pub const KEY: &str = "latchkey.session";

/// The session as local storage holds it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Record {
    /// Somebody is signed in.
    SignedIn(Grant),
    /// The session is over.
    SignedOut {
        /// Why.
        reason: EndReason,
        /// Since when.
        at: Timestamp,
    },
    /// The person has signed out, and the server has yet to hear of it.
    SigningOut {
        /// Since when.
        at: Timestamp,
    },
}

impl Record {
    /// The record in a storage event; rubbish counts as none.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The grant, while somebody is signed in.
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Self::SignedIn(grant) => Some(grant),
            Self::SignedOut { .. } | Self::SigningOut { .. } => None,
        }
    }

    /// Why nobody is signed in any more.
    pub fn end(&self) -> Option<EndReason> {
        match self {
            Self::SignedIn(_) => None,
            Self::SignedOut { reason, .. } => Some(*reason),
            Self::SigningOut { .. } => Some(EndReason::SignedOut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::grant;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn records_read_back_as_they_are_written() {
        let at = Timestamp::from_seconds(5);
        for record in [
            Record::SignedIn(grant(3, 600)),
            Record::SignedOut { reason: EndReason::ReplayDetected, at },
            Record::SigningOut { at },
        ] {
            assert_eq!(Record::read(&serde_json::to_string(&record).unwrap()), Some(record));
        }
    }

    #[wasm_bindgen_test]
    fn rubbish_is_no_record() {
        let cut = serde_json::to_string(&Record::SignedIn(grant(3, 600))).unwrap();
        for text in
            ["", "null", "{}", "[1]", "{\"state\":\"signed_in\"}", "{\"state\":7}", "signed_out", &cut[..80]]
        {
            assert_eq!(Record::read(text), None, "{text}");
        }
    }
}
