//! The server: connections, the router with every route, and the middleware around it.

mod serve;
mod service;

mod router;

mod health;
mod openapi;
mod openapi_route;

mod metrics_layer;
mod openmetrics;
mod token_routes;
mod trace_layer;

pub use router::description;
pub use serve::{serve, serve_metrics};
pub use service::Service;
