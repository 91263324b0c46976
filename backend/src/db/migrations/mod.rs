//! The tables, one change after another. A change that has shipped is never edited.

mod m0001_accounts_and_sessions;
mod m0002_known_keys;
mod m0003_session_keys;
mod m0004_throttle;
mod m0005_session_cutoffs;

use sea_orm_migration::prelude::*;

/// Every change, in order.
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
        ]
    }
}
