//! One person. Times are milliseconds since the epoch.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    /// The address in the form in which two that mean the same person are equal.
    #[sea_orm(unique)]
    pub email_key: String,
    pub display_name: String,
    pub locale: String,
    /// The roles' names with a space between them.
    pub roles: String,
    pub password_hash: String,
    pub password_changed_at: i64,
    pub signed_in_at: i64,
    pub created_at: i64,
    pub updated_at: i64,
    /// How often its sessions have been ended in number.
    pub session_epoch: i64,
    /// Set while its rows are being deleted: to everybody else it is gone.
    pub deleted_at: Option<i64>,
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
