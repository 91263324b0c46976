//! HTTP: the extractors of handlers, and their responses.

mod finalize;
mod request_context;
mod request_id;
mod state;

mod any_method;
mod body;
mod origin_check;
mod page_query;
mod path_id;

mod api_error;
mod cors;
mod json_stream;
pub mod openapi_responses;
mod responses;

pub use any_method::{DiscardBody, any_method};
pub use api_error::ApiError;
pub(crate) use api_error::catch_panic;
pub use body::JsonBody;
pub use cors::{AnyOrigin, Preflight};
pub use json_stream::JsonStream;
pub use origin_check::OriginCheck;
pub use page_query::PageQuery;
pub use path_id::PathId;
pub use responses::{Json, NoContent, SerializedJson};
pub use state::{HttpParts, HttpState};

pub(crate) use finalize::finalize;
pub(crate) use origin_check::is_own_origin;
pub(crate) use request_context::RequestContext;
pub(crate) use request_id::{RequestId, assign_request_id};
