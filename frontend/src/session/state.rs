//! Where this tab stands.

use super::token_set::TokenSet;
use latchkey_shared::{Account, EndReason};

/// The session as this tab sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing usable was stored, but the browser may hold a session; the refresh cookie decides.
    Restoring,
    /// Nobody is signed in; where a session came before, why it is over.
    SignedOut(Option<EndReason>),
    /// Somebody is signed in.
    SignedIn(TokenSet),
    /// The same, while the next token is on its way.
    Refreshing(TokenSet),
    /// The same, while the server gives no usable answer: nobody is signed out for that.
    Interrupted(TokenSet),
    /// The session is over while a page is open: the page stays, and asks for the password.
    Ended {
        /// Who was signed in.
        account: Account,
        /// Why the session is over.
        reason: EndReason,
    },
    /// The session lives, but this browser has lost the key that it is bound to, so that it brings no more tokens until
    /// the person has proved themselves. A page that is open has the session's last grant, and stays, and asks for the
    /// password; without one the sign-in page does.
    KeyLost(Option<TokenSet>),
}

impl State {
    /// The grant, while there is a session.
    pub fn token_set(&self) -> Option<&TokenSet> {
        match self {
            Self::SignedIn(token_set) | Self::Refreshing(token_set) | Self::Interrupted(token_set) => {
                Some(token_set)
            }
            Self::Restoring | Self::SignedOut(_) | Self::Ended { .. } | Self::KeyLost(_) => None,
        }
    }

    /// Whose page this is: also after the session has ended under it, or its key was lost.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Ended { account, .. } => Some(account),
            Self::KeyLost(last) => last.as_ref().map(|last| &last.account),
            other => other.token_set().map(|token_set| &token_set.account),
        }
    }

    /// Why there is no session any more.
    pub fn end_reason(&self) -> Option<EndReason> {
        match self {
            Self::SignedOut(reason) => *reason,
            Self::Ended { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// The same state with another grant in it.
    pub(super) fn with(&self, token_set: TokenSet) -> Self {
        match self {
            Self::Refreshing(_) => Self::Refreshing(token_set),
            Self::Interrupted(_) => Self::Interrupted(token_set),
            _ => Self::SignedIn(token_set),
        }
    }
}
