//! Notifications between the servers of one database (LISTEN/NOTIFY of PostgreSQL). SQLite has one server and needs
//! none.

use super::database::{Database, Transaction};
use super::error::StoreError;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, Statement};
use std::time::Duration;

/// Delay before a lost connection is opened again.
const RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// Time without a notification after which the connection is opened again: it may be dead.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(60);

/// Receiver of the notifications on one channel. While the connection is lost notifications are missed, so the caller
/// must also poll.
pub struct Listener {
    database: DatabaseConnection,
    channel: &'static str,
    connection: Option<PgListener>,
}

impl Database {
    /// Starts to listen on a channel.
    pub async fn listen(&self, channel: &'static str) -> Listener {
        let mut listener =
            Listener { database: self.connection.inner.pool.clone(), channel, connection: None };
        listener.connection = listener.connect().await;
        listener
    }
}

impl Transaction {
    /// Sends a notification on a channel when the transaction commits.
    pub async fn notify(&self, channel: &str) -> Result<(), StoreError> {
        if self.transaction.get_database_backend() == DatabaseBackend::Postgres {
            let notification = Statement::from_sql_and_values(
                DatabaseBackend::Postgres,
                "SELECT pg_notify($1, '')",
                [channel.into()],
            );
            self.transaction.execute_raw(notification).await?;
        }
        Ok(())
    }
}

impl Listener {
    /// Waits for the next notification; forever on SQLite. Also returns after an attempt to reconnect.
    pub async fn next(&mut self) {
        if self.database.get_database_backend() != DatabaseBackend::Postgres {
            return std::future::pending().await;
        }
        let received = match &mut self.connection {
            Some(connection) => {
                let notification = tokio::time::timeout(RECEIVE_TIMEOUT, connection.try_recv()).await;
                notification.is_ok_and(|notification| notification.ok().flatten().is_some())
            }
            None => false,
        };
        if !received {
            // The caller polls meanwhile.
            tokio::time::sleep(RECONNECT_DELAY).await;
            self.connection = self.connect().await;
        }
    }

    async fn connect(&self) -> Option<PgListener> {
        if self.database.get_database_backend() != DatabaseBackend::Postgres {
            return None;
        }
        let mut connection =
            PgListener::connect_with(self.database.get_postgres_connection_pool()).await.ok()?;
        connection.listen(self.channel).await.ok()?;
        Some(connection)
    }
}
