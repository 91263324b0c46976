//! The session types.

use super::rotation::{Generation, RotationInput};
use crate::authentication::Methods;
use crate::tokens::{AccessToken, Thumbprint};
use latchkey_shared::{Account, EndReason, Secret, Timestamp, TokenDelivery};
use std::time::Duration;
use uuid::Uuid;

/// Information about the client of a request.
#[derive(Debug, Clone)]
pub struct ClientInfo {
    /// `User-Agent` of the client: at most 400 characters, no control characters.
    pub user_agent: String,
    /// IP address of the client.
    pub ip: String,
}

/// A session as stored in the database.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// Session id.
    pub id: Uuid,
    /// Owner of the session.
    pub account_id: Uuid,
    /// True if the user asked to be remembered at the last sign-in.
    pub remember: bool,
    /// Delivery of the refresh token at the sign-in or the last rotation: cookie or body.
    pub delivery: TokenDelivery,
    /// Client that signed in or refreshed last.
    pub client_info: ClientInfo,
    /// Time of the first sign-in.
    pub created_at: Timestamp,
    /// Time of the authentication that the session started or was renewed with (`auth_time`).
    pub authenticated_at: Timestamp,
    /// Time of the last use that has been written to the database.
    pub last_seen_at: Timestamp,
    /// Time of revocation, if revoked: individually, or by a cutoff that has not been written to its row yet.
    pub ended_at: Option<Timestamp>,
    /// Key that a refresh must prove, if the session is bound to one.
    pub key: Option<Thumbprint>,
    /// Remaining state that a refresh depends on.
    pub rotation: RotationInput,
}

impl SessionRecord {
    /// Returns the expiry of the session if it is not used any more.
    pub fn ends_at(&self) -> Timestamp {
        self.rotation.idle_ends_at.min(self.rotation.absolute_ends_at)
    }

    /// Returns the time and reason of the session's end, if it has ended by `now`. Expiry is computed, never stored.
    pub fn ended(&self, now: Timestamp) -> Option<(Timestamp, EndReason)> {
        match (self.ended_at, self.rotation.end_reason) {
            (Some(at), Some(reason)) => Some((at, reason)),
            _ if self.ends_at() <= now => Some((self.ends_at(), EndReason::Expired)),
            _ => None,
        }
    }
}

/// A session to insert.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: Uuid,
    pub account_id: Uuid,
    pub authenticated_at: Timestamp,
    pub methods: Methods,
    pub remember: bool,
    pub delivery: TokenDelivery,
    pub key: Option<Thumbprint>,
    pub client_info: ClientInfo,
    pub now: Timestamp,
    pub idle_ends_at: Timestamp,
    pub absolute_ends_at: Timestamp,
}

/// Session to issue tokens for, and the generation that the tokens belong to.
#[derive(Debug, Clone, Copy)]
pub struct IssueParams {
    pub session_id: Uuid,
    pub generation: Generation,
    pub authenticated_at: Timestamp,
    pub ends_at: Timestamp,
    pub remember: bool,
}

/// Access and refresh token of one generation, with their account.
#[derive(Debug)]
pub struct IssuedTokens {
    /// Authorizes every request.
    pub access: AccessToken,
    /// Exchanged for the tokens of the next generation.
    pub refresh: Secret,
    /// Account that the tokens belong to.
    pub account: Account,
    /// Expiry of the session if it is not used any more.
    pub ends_at: Timestamp,
    /// `Max-Age` of the refresh cookie; `None` for a cookie that lasts until the browser closes.
    pub cookie_max_age: Option<Duration>,
}
