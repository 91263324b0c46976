//! Migrations of the tables. One that has shipped is never edited.

mod m0001_accounts_and_sessions;
mod m0002_known_keys;
mod m0003_session_keys;
mod m0004_throttle;
mod m0005_session_cutoffs;
mod m0006_credentials;

use sea_orm_migration::prelude::*;

/// All migrations, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts_and_sessions::Migration),
            Box::new(m0002_known_keys::Migration),
            Box::new(m0003_session_keys::Migration),
            Box::new(m0004_throttle::Migration),
            Box::new(m0005_session_cutoffs::Migration),
            Box::new(m0006_credentials::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::Database;

    #[test]
    fn every_change_is_made_in_one_transaction() {
        for migration in Migrator::migrations() {
            assert_eq!(migration.use_transaction(), Some(true), "{}", migration.name());
        }
    }

    #[tokio::test]
    async fn a_change_that_broke_off_is_made_whole_at_the_next_start() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&db, Some(4)).await.unwrap();
        // The next migration's last statement drops this index, so that it fails.
        db.execute_unprepared("DROP INDEX sessions_of_account").await.unwrap();
        Migrator::up(&db, None).await.unwrap_err();
        db.execute_unprepared("CREATE INDEX sessions_of_account ON sessions (account_id)").await.unwrap();
        Migrator::up(&db, None).await.unwrap();
        db.execute_unprepared("SELECT epoch, valid_from, token_in_body FROM sessions").await.unwrap();
    }
}
