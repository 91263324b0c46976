//! State of the session in this tab.

use super::token_set::TokenSet;
use latchkey_shared::{Account, EndReason};

/// The session as this tab sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing usable was stored, but the browser may have a session; the refresh cookie decides.
    Restoring,
    /// No user is signed in; contains the reason if a session has ended.
    SignedOut(Option<EndReason>),
    /// A user is signed in.
    SignedIn(TokenSet),
    /// A user is signed in, and a refresh is in flight.
    Refreshing(TokenSet),
    /// A user is signed in, but the server gives no usable response: that does not sign anybody out.
    Interrupted(TokenSet),
    /// The session has ended while a page is open: the page stays and asks for the password.
    Ended {
        /// Account that was signed in.
        account: Account,
        /// Reason for the session's end.
        reason: EndReason,
    },
    /// The session is active, but this browser has lost the key that it is bound to, so no more tokens are issued until
    /// the user has authenticated again. An open page has the session's last token set, stays, and asks for the
    /// password; without one, the sign-in page does.
    KeyLost(Option<TokenSet>),
}

impl State {
    /// Returns the token set while there is a session.
    pub fn token_set(&self) -> Option<&TokenSet> {
        match self {
            Self::SignedIn(token_set) | Self::Refreshing(token_set) | Self::Interrupted(token_set) => {
                Some(token_set)
            }
            Self::Restoring | Self::SignedOut(_) | Self::Ended { .. } | Self::KeyLost(_) => None,
        }
    }

    /// Returns the account that this page belongs to, also after the session has ended or its key was lost.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Ended { account, .. } => Some(account),
            Self::KeyLost(last) => last.as_ref().map(|last| &last.account),
            other => other.token_set().map(|token_set| &token_set.account),
        }
    }

    /// Returns the reason why there is no session any more.
    pub fn end_reason(&self) -> Option<EndReason> {
        match self {
            Self::SignedOut(reason) => *reason,
            Self::Ended { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// Returns the same state with another token set.
    pub(super) fn with(&self, token_set: TokenSet) -> Self {
        match self {
            Self::Refreshing(_) => Self::Refreshing(token_set),
            Self::Interrupted(_) => Self::Interrupted(token_set),
            _ => Self::SignedIn(token_set),
        }
    }
}
