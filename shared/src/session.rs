//! Messages about sessions.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// One signed-in browser or client, from sign-in to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The session's id, a UUIDv7: the `sid` of its tokens.
    pub id: Uuid,
    /// Whether this is the session that asks.
    pub current: bool,
    /// The client in words, such as "Chrome on Windows".
    pub device: String,
    /// The client as it names itself.
    pub user_agent: String,
    /// The address that the session was last used from.
    pub ip: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When the session was last used, to within the life of an access token.
    pub last_seen_at: Timestamp,
    /// When the session ends if it is not used any more.
    pub expires_at: Timestamp,
    /// When the session ended; absent while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why the session ended; absent while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its owner signed out there.
    SignedOut,
    /// Its owner ended it from another session.
    SignedOutElsewhere,
    /// Its refresh token was used by two parties.
    ReplayDetected,
    /// The password was changed in another session.
    PasswordChanged,
    /// The password was set anew by somebody who was not signed in: through recovery, or by whoever runs the server.
    PasswordReset,
    /// It was not used for too long, or it reached the longest age.
    Expired,
    /// The account had more live sessions than it may have, and this one was used least lately.
    TooManySessions,
    /// The account was deleted.
    AccountDeleted,
    /// An administrator ended it.
    Admin,
    /// A reason that a newer server sent and this build does not know.
    #[serde(other)]
    Unknown,
}

impl EndReason {
    /// Every reason that a server records.
    pub const ALL: [Self; 9] = [
        Self::SignedOut,
        Self::SignedOutElsewhere,
        Self::ReplayDetected,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::Expired,
        Self::TooManySessions,
        Self::AccountDeleted,
        Self::Admin,
    ];

    /// Returns the reason with this serialized name, `Unknown` for one that this build does not know.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.to_string() == name).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_back_as_they_are_written() {
        for reason in EndReason::ALL {
            assert_eq!(EndReason::from_name(&reason.to_string()), reason);
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{reason}\""));
        }
        assert_eq!(EndReason::from_name("abducted"), EndReason::Unknown);
    }
}
