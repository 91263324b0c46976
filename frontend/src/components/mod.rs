//! UI components. A component sends no requests of its own.

mod dialog;
mod navigation_state;
mod page_header;
mod remote_data;

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
pub use dialog::{Cancel, Dialog, DialogHandle};
pub use empty::Empty;
pub use field::{Field, FieldKind, Username};
pub use form::{Form, Submit};
pub use icon::{Icon, Logo};
pub use navigation_state::NavigationState;
pub use page_header::{Card, PageHeader};
pub use problem::{BrowserRefusal, ProblemText};
pub use remote_data::{RemoteData, RemoteDataView, load};
pub use select::{Select, languages};
pub use skeleton::Skeleton;
pub use switch::Switch;
#[cfg(debug_assertions)]
pub use toast::ToastCard;
pub use toast::{ToastRegion, Toasts, use_toasts};

use crate::session::SessionHandle;
use leptos::prelude::use_context;

/// Returns the session from the context.
#[expect(clippy::expect_used, reason = "the app provides it before it draws anything")]
pub fn use_session() -> SessionHandle {
    use_context().expect("the app provides the session")
}
