//! Sessions: sign-in, refresh, listing and revocation. A session is one signed-in browser or program, from sign-in to
//! its end.

mod cutoff;
mod list;
mod locked_session;
mod refresh;
mod replace_key;
mod revoke;
mod sign_in;
mod token_selection;

mod background_tasks;
mod device;
mod force_rotation;
mod key_binding;
mod proof_failure_log;
mod revocations;
mod rotation;
mod routes;
mod service;
mod session;
mod store;
mod token_use;

pub use background_tasks::run as start_background_tasks;
pub use key_binding::bind_key;
pub use list::{ListError, last_sign_in, run as list};
pub use locked_session::{InactiveSessionError, LockedSession, require_active};
pub use refresh::{RefreshError, Rotation, SessionById};
pub use revocations::{
    REVOCATION_POLL_INTERVAL, Revocations, listen as listen_for_revocations, poll as poll_revocations,
    reason as revocation_reason,
};
pub use revoke::{RevokeError, Revoked, SessionSelector, revoke};

pub use force_rotation::run as force_rotation;
pub use proof_failure_log::ProofFailureLog;
pub use rotation::{Decision, Generation, KeyCheck, RotationInput, decide};
pub use routes::{
    Bearer, ClaimsJson, MaybeBearer, MaybeProof, RefreshCookie, SetCookies, SignedInReply, routes,
};
pub use service::{SessionParts, Sessions};
pub use session::{ClientInfo, IssuedTokens, SessionRecord};
pub use sign_in::{
    IssueError, PendingTokens, SessionStart, SignInContext, SignInError, issue_tokens, start_for_new_account,
};
pub use token_use::TokenUseBuffer;
