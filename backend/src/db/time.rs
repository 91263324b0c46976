//! The database's clock, which all servers that share it can read; SQLite's is the machine's clock.

use super::database::Database;
use super::error::StoreError;
use latchkey_shared::Timestamp;
use sea_orm::{ConnectionTrait as _, DbErr, Statement};

impl Database {
    /// Reads the database's clock, in milliseconds since the epoch.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        let query = match self.is_shared() {
            true => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            false => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        };
        let query = Statement::from_string(self.connection.get_database_backend(), query);
        let row = self.connection.query_one_raw(query).await?;
        let row = row.ok_or_else(|| DbErr::Custom("the database does not tell the time".to_owned()))?;
        Ok(Timestamp::from_millis(row.try_get_by_index(0)?))
    }
}
