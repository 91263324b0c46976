//! A session is one signed-in browser or client, from sign-in to its end.

mod candidates;
mod cutoff;
mod end;
mod guard;
mod list;
mod refresh;
mod replace_key;
mod sign_in;

mod binding;
mod device;
mod ended;
mod housekeeping;
mod rotation;
mod routes;
mod seen;
mod session;
mod shared_time;
mod store;
mod supersede;
mod unproven;

pub use binding::bind;
pub use end::{EndError, Ended, because_account_deleted, because_password_changed, because_password_reset};
pub use ended::{EndedSessions, POLL, follow as follow_ends, listen as listen_for_ends, reason as end_of};
pub use guard::{Guarded, Over, must_live};
pub use housekeeping::run as housekeeping;
pub use list::{ListError, last_sign_in, run as list};
pub use refresh::{ById, RefreshError, Rotation};

pub use rotation::{Decision, Facts, Generation, KeyCheck, decide};
pub use routes::{SignedInReply, routes};
pub use seen::SeenGenerations;
pub use session::{Client, Record, Tokens};
pub use shared_time::{SharedTime, follow_every as follow_shared_time};
pub use sign_in::{Brought, IssueError, SignIn, SignInError, Started, issue_first, start};
pub use supersede::run as supersede;
pub use unproven::UnprovenSessions;
