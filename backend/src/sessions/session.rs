//! What a session is to the server.

use super::rotation::{Generation, RotationInput};
use crate::tokens::{AccessToken, Thumbprint};
use latchkey_shared::{Account, EndReason, Secret, Timestamp, TokenDelivery};
use std::time::Duration;
use uuid::Uuid;

/// Who asks: what a request tells of its client.
#[derive(Debug, Clone)]
pub struct ClientInfo {
    /// The client as it names itself; at most 400 characters, none of them control characters.
    pub user_agent: String,
    /// Where it asks from.
    pub ip: String,
}

/// A session, as the database knows it.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// Whether the person asked to be remembered.
    pub remember: bool,
    /// How its refresh token travelled at the sign-in.
    pub delivery: TokenDelivery,
    /// Who used it last.
    pub client_info: ClientInfo,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, as far as is written down.
    pub last_seen_at: Timestamp,
    /// When it was ended, if it was: itself, or by a cutoff that has not reached its row yet.
    pub ended_at: Option<Timestamp>,
    /// The key that a refresh must prove, where the session is bound to one.
    pub key: Option<Thumbprint>,
    /// What else a refresh depends on.
    pub rotation: RotationInput,
}

impl SessionRecord {
    /// When the session ends if it is not used any more.
    pub fn ends_at(&self) -> Timestamp {
        self.rotation.idle_ends_at.min(self.rotation.absolute_ends_at)
    }

    /// When and why it ended, as of now. Nobody has to write down that time ran out.
    pub fn ended(&self, now: Timestamp) -> Option<(Timestamp, EndReason)> {
        match (self.ended_at, self.rotation.end_reason) {
            (Some(at), Some(reason)) => Some((at, reason)),
            _ if self.ends_at() <= now => Some((self.ends_at(), EndReason::Expired)),
            _ => None,
        }
    }
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: Uuid,
    pub account_id: Uuid,
    pub remember: bool,
    pub delivery: TokenDelivery,
    pub key: Option<Thumbprint>,
    pub client_info: ClientInfo,
    pub now: Timestamp,
    pub idle_ends_at: Timestamp,
    pub absolute_ends_at: Timestamp,
}

/// The session to issue tokens for, and the generation that they belong to.
#[derive(Debug, Clone, Copy)]
pub struct IssueParams {
    pub session_id: Uuid,
    pub generation: Generation,
    pub authenticated_at: Timestamp,
    pub ends_at: Timestamp,
    pub remember: bool,
}

/// Both tokens of one generation, and whose they are.
#[derive(Debug)]
pub struct IssuedTokens {
    /// For every call.
    pub access: AccessToken,
    /// For the next access token.
    pub refresh: Secret,
    /// Whose they are.
    pub account: Account,
    /// When the session ends if it is not used any more.
    pub ends_at: Timestamp,
    /// How long the browser keeps the refresh token; only until its window closes when `None`.
    pub cookie_max_age: Option<Duration>,
}
