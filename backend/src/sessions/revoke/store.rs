//! Database queries that end sessions, and the selection of those sessions.

use super::super::store::{BATCH_SIZE, session_column};
use crate::db::entity::{account, ended_session, session};
use crate::db::{Executor, StoreError};
use latchkey_shared::{EndReason, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use session::Column;
use uuid::Uuid;

/// Selection of sessions.
#[derive(Clone, Copy)]
pub enum SessionSelector {
    /// This session, of any account.
    Id(Uuid),
    /// This session, if it belongs to the account.
    IdOfAccount {
        /// The account.
        account_id: Uuid,
        /// The session.
        session_id: Uuid,
    },
    /// All sessions of the account except this one.
    AllExcept {
        /// The account.
        account_id: Uuid,
        /// The session that stays.
        session_id: Uuid,
    },
    /// All sessions of the account.
    All {
        /// The account.
        account_id: Uuid,
    },
    /// The account's least recently used sessions, if more than `limit` are active.
    OverLimit {
        /// The account.
        account_id: Uuid,
        /// Number of sessions that stay.
        limit: u32,
        /// A session that always stays.
        newest: Option<Uuid>,
        /// Time at which sessions count as active.
        now: Timestamp,
    },
}

impl SessionSelector {
    /// Returns the account of the sessions, if there may be many of them.
    pub fn bulk_account_id(self) -> Option<Uuid> {
        match self {
            Self::Id(_) | Self::IdOfAccount { .. } => None,
            Self::AllExcept { account_id, .. }
            | Self::All { account_id }
            | Self::OverLimit { account_id, .. } => Some(account_id),
        }
    }

    /// Returns the condition on the rows of the sessions, without the limit of `OverLimit`.
    pub fn condition(self) -> Condition {
        match self {
            Self::Id(session_id) => Column::Id.eq(session_id).into(),
            Self::IdOfAccount { account_id, session_id } => {
                Condition::all().add(Column::AccountId.eq(account_id)).add(Column::Id.eq(session_id))
            }
            Self::AllExcept { account_id, session_id } => {
                Condition::all().add(Column::AccountId.eq(account_id)).add(Column::Id.ne(session_id))
            }
            Self::All { account_id } => Column::AccountId.eq(account_id).into(),
            Self::OverLimit { account_id, now, .. } => active(account_id, now),
        }
    }

    /// Selects the ids of the sessions that have not been ended.
    fn unrevoked(self) -> Select<session::Entity> {
        let select = session::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(self.condition())
            .filter(unrevoked(self.bulk_account_id()));
        match self {
            Self::OverLimit { limit, newest, .. } => {
                // A `newest` that has been ended meanwhile is not selected, so it takes no other session's place.
                let select = match newest {
                    Some(newest) => select.order_by_desc(Column::Id.eq(newest)),
                    None => select,
                };
                select.order_by_desc(Column::LastSeenAt).order_by_desc(Column::Id).offset(u64::from(limit))
            }
            _ => select,
        }
    }

    /// Returns the condition on the account's sessions that stay; `None` if none does.
    pub fn exempt(self) -> Option<Condition> {
        match self {
            Self::Id(_) | Self::IdOfAccount { .. } | Self::All { .. } => None,
            Self::AllExcept { session_id, .. } => Some(Column::Id.eq(session_id).into()),
            Self::OverLimit { limit, .. } => {
                let used = self.unrevoked().offset(None).limit(u64::from(limit));
                Some(Column::Id.in_subquery(used.into_query()).into())
            }
        }
    }
}

/// Returns the condition that no end has been written to the row and no cutoff has ended the session. If the account is
/// given, its epoch is looked up once instead of for every session.
pub fn unrevoked(account_id: Option<Uuid>) -> Condition {
    let account_id = account_id.map_or_else(|| session_column(Column::AccountId), Expr::value);
    let current = Query::select()
        .expr(Expr::col((account::Entity, account::Column::SessionEpoch)))
        .from(account::Entity)
        .and_where(Expr::col((account::Entity, account::Column::Id)).eq(account_id))
        .to_owned();
    Condition::all()
        .add(Column::EndedAt.is_null())
        .add(session_column(Column::Epoch).gte(Expr::SubQuery(None, Box::new(current.into()))))
}

/// Returns the condition on the account's active sessions.
pub fn active(account_id: Uuid, now: Timestamp) -> Condition {
    Condition::all()
        .add(Column::AccountId.eq(account_id))
        .add(Column::IdleEndsAt.gt(now.as_millis()))
        .add(Column::AbsoluteEndsAt.gt(now.as_millis()))
        .add(unrevoked(Some(account_id)))
}

/// Ends a batch of the selected sessions that have not been ended yet and returns their ids. Requires a transaction:
/// the servers read revocations from a second table.
pub async fn mark_revoked(
    db: &impl Executor,
    selector: SessionSelector,
    reason: EndReason,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let ended = mark_rows_revoked(db, selector.unrevoked(), reason, now).await?;
    let revocations = ended.iter().map(|id| ended_session::ActiveModel {
        session_id: Set(*id),
        reason: Set(reason.to_string()),
        ended_at: Set(now.as_millis()),
    });
    ended_session::Entity::insert_many(revocations)
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await?;
    Ok(ended)
}

/// Writes the end to a batch of these rows and returns their ids.
pub async fn mark_rows_revoked(
    db: &impl Executor,
    ids: Select<session::Entity>,
    reason: EndReason,
    at: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let update = Query::update()
        .table(session::Entity)
        .value(Column::EndedAt, at.as_millis())
        .value(Column::EndReason, reason.to_string())
        .and_where(session_column(Column::Id).in_subquery(ids.limit(BATCH_SIZE as u64).into_query()))
        .and_where(session_column(Column::EndedAt).is_null())
        .returning_col(Column::Id)
        .to_owned();
    let rows = db.query_all(&update).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Returns whether the account has more sessions, ended ones included, than one batch.
pub async fn exceeds_batch(db: &impl Executor, account_id: Uuid) -> Result<bool, StoreError> {
    let beyond = session::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AccountId.eq(account_id))
        .offset(BATCH_SIZE as u64)
        .limit(1);
    Ok(beyond.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// Returns whether any of the selected sessions has not been ended.
pub async fn has_unrevoked(db: &impl Executor, selector: SessionSelector) -> Result<bool, StoreError> {
    let mut any = selector.unrevoked().limit(1);
    // The order does not matter here, and sorting many sessions takes long.
    QueryTrait::query(&mut any).clear_order_by();
    Ok(any.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// Reads a batch of the accounts after `after` that have sessions without an end in their rows, ordered by id. Returns
/// those with more than `limit` such sessions, and the last account of the batch.
pub async fn list_over_limit(
    db: &impl Executor,
    limit: u32,
    after: Uuid,
) -> Result<(Vec<Uuid>, Option<Uuid>), StoreError> {
    let counts: Vec<(Uuid, i64)> = session::Entity::find()
        .select_only()
        .column(Column::AccountId)
        .column_as(Column::Id.count(), "sessions")
        .filter(Column::EndedAt.is_null())
        .filter(Column::AccountId.gt(after))
        .group_by(Column::AccountId)
        .order_by_asc(Column::AccountId)
        .limit(BATCH_SIZE as u64)
        .into_tuple()
        .all(db)
        .await?;
    let last = counts.last().map(|(account_id, _)| *account_id);
    let over_limit = counts.into_iter().filter(|(_, count)| *count > i64::from(limit));
    Ok((over_limit.map(|(account_id, _)| account_id).collect(), last))
}

/// Returns the sessions of all accounts that were ended after `since`, with the reasons.
pub async fn list_revocations(
    db: &impl Executor,
    since: Timestamp,
) -> Result<Vec<(Uuid, EndReason)>, StoreError> {
    let rows = ended_session::Entity::find()
        .filter(ended_session::Column::EndedAt.gt(since.as_millis()))
        .all(db)
        .await?;
    let revocation = |row: ended_session::Model| (row.session_id, EndReason::from_name(&row.reason));
    Ok(rows.into_iter().map(revocation).collect())
}

/// Deletes revocations from before `before`, of which no valid access token can be left.
pub async fn delete_revocations(db: &impl Executor, before: Timestamp) -> Result<(), StoreError> {
    ended_session::Entity::delete_many()
        .filter(ended_session::Column::EndedAt.lt(before.as_millis()))
        .exec(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query_plan::ExplainExecutor;

    #[tokio::test]
    async fn what_ends_an_accounts_sessions_looks_at_no_other_accounts() {
        let db = ExplainExecutor::create().await;
        let (account_id, session_id, now) =
            (Uuid::from_u128(1), Uuid::from_u128(2), Timestamp::from_seconds(1));
        for (name, selector) in [
            ("one", SessionSelector::Id(session_id)),
            ("one of the account's", SessionSelector::IdOfAccount { account_id, session_id }),
            ("all but one", SessionSelector::AllExcept { account_id, session_id }),
            ("all", SessionSelector::All { account_id }),
            ("beyond", SessionSelector::OverLimit { account_id, limit: 3, newest: Some(session_id), now }),
        ] {
            has_unrevoked(&db, selector).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "look for {name}");
            mark_revoked(&db, selector, EndReason::SignedOut, now).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "end {name}");
        }
        exceeds_batch(&db, account_id).await.unwrap();
        assert_eq!(db.scans(), [""; 0]);
    }
}
