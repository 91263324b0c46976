//! Poolers between the server and PostgreSQL. Statements are prepared once for each connection, so a connection has to stay
//! the same one from statement to statement.

use super::connect::ConnectError;
use super::refusal;
use crate::config::DatabaseUrl;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Postgres, query_scalar};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxError};

/// Refuses a pooler behind which prepared statements are lost: two connections use the same statement by turns, so that one
/// finds the other's, or loses its own.
pub(super) async fn must_keep_statements(
    connection: &DatabaseConnection,
    url: &DatabaseUrl,
) -> Result<(), ConnectError> {
    let pool = connection.get_postgres_connection_pool();
    let asked = async {
        let (mut one, mut other) = (pool.acquire().await?, pool.acquire().await?);
        for _ in 0..2 {
            ask(&mut one).await?;
            ask(&mut other).await?;
            ask(&mut other).await?;
            ask(&mut one).await?;
        }
        Ok(())
    };
    match asked.await {
        Ok(()) => Ok(()),
        Err(error) if is_lost(&error) => Err(ConnectError::Pooler),
        Err(error) => Err(refusal::of(url, &DbErr::Conn(RuntimeErr::SqlxError(error.into())))),
    }
}

async fn ask(connection: &mut PoolConnection<Postgres>) -> Result<i32, SqlxError> {
    query_scalar("SELECT $1::int4").bind(1_i32).fetch_one(&mut **connection).await
}

/// The statement is not there, or there already; or the answers are not those to what was asked.
fn is_lost(error: &SqlxError) -> bool {
    match error {
        SqlxError::Database(error) => matches!(error.code().as_deref(), Some("26000" | "42P05" | "08P01")),
        SqlxError::Protocol(_) => true,
        _ => false,
    }
}
