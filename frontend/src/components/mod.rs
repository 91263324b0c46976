//! Parts of pages. A component fetches nothing.

mod dialog;
mod head;
mod loaded;
mod notes;

mod field;
mod form;
mod problem;
mod select;
mod switch;

mod badge;
mod banner;
mod code;
mod empty;
mod icon;
mod skeleton;
mod toast;

pub use badge::Badge;
pub use banner::Banner;
pub use code::Code;
pub use dialog::{Cancel, Dialog, Opener};
pub use empty::Empty;
pub use field::{Field, Kind, Username};
pub use form::{Form, Submit};
pub use head::{Card, Head};
pub use icon::{Icon, Mark};
pub use loaded::{Loaded, LoadedView, load};
pub use notes::Notes;
pub use problem::{ProblemText, Refused};
pub use select::{Select, languages};
pub use skeleton::Skeleton;
pub use switch::Switch;
#[cfg(debug_assertions)]
pub use toast::ToastCard;
pub use toast::{ToastPlace, Toasts, use_toasts};

use crate::session::Session;
use leptos::prelude::use_context;

/// The session, from any component.
#[expect(clippy::expect_used, reason = "the app provides it before it draws anything")]
pub fn use_session() -> Session {
    use_context().expect("the app provides the session")
}
