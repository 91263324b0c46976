//! Words between the servers of one database. PostgreSQL carries them; SQLite has one server and needs none.

use super::{Database, StoreError, Transaction};
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, Statement};
use std::time::Duration;

/// After the connection is lost.
const RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// A connection on which nothing comes for so long may be a dead one: nothing would ever come on that.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(60);

/// Hears words on one channel. Words can be missed while the connection is away: whoever listens must also look.
pub struct Listener {
    database: DatabaseConnection,
    channel: &'static str,
    connection: Option<PgListener>,
}

impl Database {
    /// Listens on a channel.
    pub async fn listen(&self, channel: &'static str) -> Listener {
        let mut listener =
            Listener { database: self.connection.inner.pool.clone(), channel, connection: None };
        listener.connection = listener.connect().await;
        listener
    }
}

impl Transaction {
    /// Says a word on a channel, if the transaction commits.
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
    /// Waits for the next word; forever where there are none.
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
            // Whoever waits looks for itself meanwhile.
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
