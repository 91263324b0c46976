//! Accounts: one row per person. Times are in milliseconds since the Unix epoch.

use latchkey_shared::{Account, Locale, Timestamp};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    /// Normalized address: two that mean the same person are equal.
    #[sea_orm(unique)]
    pub email_key: String,
    pub display_name: String,
    pub locale: String,
    /// Names of the roles, separated by spaces.
    pub roles: String,
    pub signed_in_at: i64,
    pub created_at: i64,
    pub updated_at: i64,
    /// Number of cutoffs so far: each bulk ending of its sessions opens the next epoch.
    pub session_epoch: i64,
    /// Set while its rows are being deleted: for all other purposes the account does not exist.
    pub deleted_at: Option<i64>,
    /// Grows with every change of one of its credentials.
    pub credential_version: i64,
}

impl From<Model> for Account {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            locale: row.locale.parse().unwrap_or(Locale::En),
            roles: row.roles.split_whitespace().map(str::to_owned).collect(),
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::session::Entity")]
    Sessions,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Sessions.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
