//! Check for poolers between the server and PostgreSQL that lose prepared statements. Statements are prepared once for
//! each connection, so it has to stay the same one from statement to statement.

use super::connect_error::{self, ConnectError};
use super::timeouts;
use crate::config::DatabaseUrl;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::sqlx::{Postgres, query_scalar};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxError};
use tokio::time::timeout;

/// Fails with [`ConnectError::Pooler`] if prepared statements are lost: two connections use the same statement
/// alternately, so that one finds the other's, or loses its own.
pub(super) async fn require_prepared_statements(
    connection: &DatabaseConnection,
    url: &DatabaseUrl,
) -> Result<(), ConnectError> {
    let pool = connection.get_postgres_connection_pool();
    let probed = async {
        let (mut one, mut other) = (pool.acquire().await?, pool.acquire().await?);
        let probed = probe_alternately(&mut one, &mut other).await;
        if probed.is_err() {
            // The pool would ping them and log that they are broken.
            drop((one.detach(), other.detach()));
        }
        probed
    };
    // A pooler that waits for a connection of its own does not respond meanwhile, for two minutes by default.
    match timeout(timeouts::RESPONSE, probed).await.map_err(|_| ConnectError::Silent)? {
        Ok(()) => Ok(()),
        Err(error) if is_statement_lost(&error) => Err(ConnectError::Pooler),
        Err(error) => {
            Err(connect_error::from_db_error(url, &DbErr::Conn(RuntimeErr::SqlxError(error.into()))))
        }
    }
}

async fn probe_alternately(
    one: &mut PoolConnection<Postgres>,
    other: &mut PoolConnection<Postgres>,
) -> Result<(), SqlxError> {
    for _ in 0..2 {
        probe(one).await?;
        probe(other).await?;
        probe(other).await?;
        probe(one).await?;
    }
    Ok(())
}

async fn probe(connection: &mut PoolConnection<Postgres>) -> Result<i32, SqlxError> {
    query_scalar("SELECT $1::int4").bind(1_i32).fetch_one(&mut **connection).await
}

/// Returns true if the statement does not exist (26000), exists already (42P05), or the responses do not match the
/// requests. PgBouncer uses PostgreSQL's code for protocol violations (08P01) for all of its errors: it counts only if
/// it is about a statement.
fn is_statement_lost(error: &SqlxError) -> bool {
    match error {
        SqlxError::Database(error) => match error.code().as_deref() {
            Some("26000" | "42P05") => true,
            Some("08P01") => is_prepared_statement_error(&**error),
            _ => false,
        },
        SqlxError::Protocol(_) => true,
        _ => false,
    }
}

/// Detects errors about prepared statements by the routine's name, which PostgreSQL does not translate and PgBouncer
/// does not send, or by the message.
fn is_prepared_statement_error(error: &dyn DatabaseError) -> bool {
    let routine = error.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::routine);
    routine.is_some_and(|routine| routine.starts_with("exec_"))
        || error.message().contains("prepared statement")
}
