//! Health checks: liveness and readiness.

use crate::app::App;
use crate::http::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Timeout after which the database counts as unavailable.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Health {
    status: Status,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Unavailable,
}

/// Returns the routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}

/// Whether the process runs. Asks nothing else.
#[utoipa::path(
    get, path = "/api/health/live", tag = "health",
    responses((status = 200, description = "It runs", body = Health)),
)]
async fn live() -> Json<Health> {
    Json(Health { status: Status::Ok })
}

/// Whether the database answers and passwords can be checked.
#[utoipa::path(
    get, path = "/api/health/ready", tag = "health",
    responses(
        (status = 200, description = "It can serve", body = Health),
        (status = 503, description = "The database does not answer, or no hashing thread is left", body = Health),
    ),
)]
async fn ready(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let pinged = tokio::time::timeout(PING_TIMEOUT, app.db.ping()).await;
    health(matches!(pinged, Ok(Ok(()))), app.authentication.passwords.can_hash())
}

fn health(database_answers: bool, can_hash: bool) -> (StatusCode, Json<Health>) {
    if database_answers && can_hash {
        (StatusCode::OK, Json(Health { status: Status::Ok }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: Status::Unavailable }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_takes_a_database_that_answers_and_a_thread_that_hashes() {
        for (database_answers, can_hash, expected) in
            [(true, true, 200), (true, false, 503), (false, true, 503), (false, false, 503)]
        {
            assert_eq!(health(database_answers, can_hash).0, expected);
        }
    }
}
