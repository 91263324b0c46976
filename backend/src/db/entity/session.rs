//! Sessions: one row per signed-in browser or client. Times are in milliseconds since the Unix epoch.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub generation: i64,
    pub seen_generation: i64,
    pub rotated_at: i64,
    pub remember: bool,
    pub user_agent: String,
    pub ip: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub idle_ends_at: i64,
    pub absolute_ends_at: i64,
    pub ended_at: Option<i64>,
    pub end_reason: Option<String>,
    /// Epoch of the account that the session belongs to; a cutoff of a later epoch has ended it.
    pub epoch: i64,
    /// The lowest generation whose refresh token is accepted.
    pub valid_from: i64,
    /// True if the client keeps its refresh token itself, delivered in the response body.
    pub token_in_body: bool,
    pub key_thumbprint: Option<String>,
    pub key_source: Option<String>,
    /// Time of the authentication that the session started or was renewed with.
    pub authenticated_at: i64,
    /// Methods of that authentication (RFC 8176), separated by spaces.
    pub methods: String,
    /// OAuth client that the session belongs to; none for our own page and API.
    pub client_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::AccountId",
        to = "super::account::Column::Id",
        on_delete = "Cascade"
    )]
    Account,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
