//! HTTP: the service around the routes, what handlers extract, and how they answer.

mod service;

mod arrival;
mod finish;
mod measured;
mod named;
mod router;
mod traced;

mod bearer;
mod body;
mod client;
mod cookie;
mod forwarded_method;
mod page_query;
mod path;
mod proof;
mod same_site;

mod cors;
mod problem;
pub mod refusals;
mod reply;
mod streamed;

mod health;
mod openapi;

pub use bearer::{Bearer, BearerJson, MaybeBearer};
pub use body::Body;
pub use cookie::{Cookie, SetCookies};
pub use cors::{AnyOrigin, Preflight};
pub use forwarded_method::{Discarded, whatever_the_method};
pub use measured::metrics_router;
pub use openapi::description;
pub use page_query::PageQuery;
pub use path::PathId;
pub use problem::Refusal;
pub use proof::MaybeProof;
pub use reply::{Json, NoContent, WrittenJson};
pub use same_site::SameSite;
pub use service::Service;
pub use streamed::StreamedJson;
