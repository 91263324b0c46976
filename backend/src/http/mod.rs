//! HTTP: the service around the routes, the extractors of handlers, and their responses.

mod service;

mod finalize;
mod metrics_layer;
mod request_context;
mod request_id;
mod router;
mod trace_layer;

mod any_method;
mod bearer;
mod body;
mod client_info;
mod cookie;
mod origin_check;
mod page_query;
mod path_id;
mod proof;

mod api_error;
mod cors;
mod json_stream;
pub mod openapi_responses;
mod responses;

mod health;
mod openapi;

pub use any_method::{DiscardBody, any_method};
pub use api_error::ApiError;
pub use bearer::{Bearer, ClaimsJson, MaybeBearer};
pub use body::JsonBody;
pub use cookie::{RefreshCookie, SetCookies};
pub use cors::{AnyOrigin, Preflight};
pub use json_stream::JsonStream;
pub use metrics_layer::metrics_router;
pub use openapi::description;
pub use origin_check::OriginCheck;
pub use page_query::PageQuery;
pub use path_id::PathId;
pub use proof::MaybeProof;
pub use responses::{Json, NoContent, SerializedJson};
pub use service::Service;
