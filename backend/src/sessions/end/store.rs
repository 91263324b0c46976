//! Ends of sessions in the database, and which sessions they strike.

use super::super::store::{PORTION, own};
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

/// Which sessions of whom.
#[derive(Clone, Copy)]
pub enum Which {
    /// This one, whosever it is.
    One(Uuid),
    /// This one, if it is the account's.
    OneOf { account_id: Uuid, session_id: Uuid },
    /// The account's, but for this one.
    AllBut { account_id: Uuid, session_id: Uuid },
    /// The account's.
    All { account_id: Uuid },
    /// Those of the account's that were used least lately, where more than `most` of them live. The `newest` stays.
    Beyond { account_id: Uuid, most: u32, newest: Option<Uuid>, now: Timestamp },
}

impl Which {
    /// Whose they are, where it may be many.
    pub fn of_account(self) -> Option<Uuid> {
        match self {
            Self::One(_) | Self::OneOf { .. } => None,
            Self::AllBut { account_id, .. } | Self::All { account_id } | Self::Beyond { account_id, .. } => {
                Some(account_id)
            }
        }
    }

    /// What their rows hold.
    pub fn condition(self) -> Condition {
        match self {
            Self::One(session_id) => Column::Id.eq(session_id).into(),
            Self::OneOf { account_id, session_id } => {
                Condition::all().add(Column::AccountId.eq(account_id)).add(Column::Id.eq(session_id))
            }
            Self::AllBut { account_id, session_id } => {
                Condition::all().add(Column::AccountId.eq(account_id)).add(Column::Id.ne(session_id))
            }
            Self::All { account_id } => Column::AccountId.eq(account_id).into(),
            Self::Beyond { account_id, now, .. } => living(account_id, now),
        }
    }

    /// The ids of those that have not been ended.
    fn unended(self) -> Select<session::Entity> {
        let select = session::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(self.condition())
            .filter(unended(self.of_account()));
        match self {
            Self::Beyond { most, newest, .. } => {
                // One that somebody else has ended meanwhile takes nobody's place.
                let select = match newest {
                    Some(newest) => select.order_by_desc(Column::Id.eq(newest)),
                    None => select,
                };
                select.order_by_desc(Column::LastSeenAt).order_by_desc(Column::Id).offset(u64::from(most))
            }
            _ => select,
        }
    }

    /// Those of the account's that stay; `None` where none does.
    pub fn spared(self) -> Option<Condition> {
        match self {
            Self::One(_) | Self::OneOf { .. } | Self::All { .. } => None,
            Self::AllBut { session_id, .. } => Some(Column::Id.eq(session_id).into()),
            Self::Beyond { most, .. } => {
                let used = self.unended().offset(None).limit(u64::from(most));
                Some(Column::Id.in_subquery(used.into_query()).into())
            }
        }
    }
}

/// That no end has been written into its row, and no cutoff has passed it. Where the account is known, its epoch is looked up
/// once, not for every session.
pub fn unended(account_id: Option<Uuid>) -> Condition {
    let account_id = account_id.map_or_else(|| own(Column::AccountId), Expr::value);
    let current = Query::select()
        .expr(Expr::col((account::Entity, account::Column::SessionEpoch)))
        .from(account::Entity)
        .and_where(Expr::col((account::Entity, account::Column::Id)).eq(account_id))
        .to_owned();
    Condition::all()
        .add(Column::EndedAt.is_null())
        .add(own(Column::Epoch).gte(Expr::SubQuery(None, Box::new(current.into()))))
}

/// The sessions of the account that live.
pub fn living(account_id: Uuid, now: Timestamp) -> Condition {
    Condition::all()
        .add(Column::AccountId.eq(account_id))
        .add(Column::IdleEndsAt.gt(now.as_millis()))
        .add(Column::AbsoluteEndsAt.gt(now.as_millis()))
        .add(unended(Some(account_id)))
}

/// Ends a portion of the sessions that live, and tells which they were. Belongs in a transaction: the servers learn of it
/// from a second table.
pub async fn mark_ended(
    db: &impl Executor,
    which: Which,
    reason: EndReason,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let ended = mark(db, which.unended(), reason, now).await?;
    let told = ended.iter().map(|id| ended_session::ActiveModel {
        session_id: Set(*id),
        reason: Set(reason.to_string()),
        ended_at: Set(now.as_millis()),
    });
    ended_session::Entity::insert_many(told).on_conflict_do_nothing().exec_without_returning(db).await?;
    Ok(ended)
}

/// Writes the end into a portion of these rows, and tells which they were.
pub async fn mark(
    db: &impl Executor,
    ids: Select<session::Entity>,
    reason: EndReason,
    at: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let update = Query::update()
        .table(session::Entity)
        .value(Column::EndedAt, at.as_millis())
        .value(Column::EndReason, reason.to_string())
        .and_where(own(Column::Id).in_subquery(ids.limit(PORTION as u64).into_query()))
        .and_where(own(Column::EndedAt).is_null())
        .returning_col(Column::Id)
        .to_owned();
    let rows = db.query_all(&update).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Whether the account has more sessions than a portion, those that have ended among them.
pub async fn is_crowd(db: &impl Executor, account_id: Uuid) -> Result<bool, StoreError> {
    let beyond = session::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AccountId.eq(account_id))
        .offset(PORTION as u64)
        .limit(1);
    Ok(beyond.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// Whether any of them has not been ended.
pub async fn is_any_unended(db: &impl Executor, which: Which) -> Result<bool, StoreError> {
    let mut any = which.unended().limit(1);
    // Which of them come first does not matter here, and sorting a crowd takes long.
    QueryTrait::query(&mut any).clear_order_by();
    Ok(any.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// Accounts behind `after` with more than `most` sessions whose rows hold no end, in the order of their ids; a portion of
/// all accounts that have such sessions, and the last one that was looked at.
pub async fn list_crowded(
    db: &impl Executor,
    most: u32,
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
        .limit(PORTION as u64)
        .into_tuple()
        .all(db)
        .await?;
    let last = counts.last().map(|(account_id, _)| *account_id);
    let crowded = counts.into_iter().filter(|(_, count)| *count > i64::from(most));
    Ok((crowded.map(|(account_id, _)| account_id).collect(), last))
}

/// The sessions that ended after `since`, whosever they were.
pub async fn list_ended(db: &impl Executor, since: Timestamp) -> Result<Vec<(Uuid, EndReason)>, StoreError> {
    let rows = ended_session::Entity::find()
        .filter(ended_session::Column::EndedAt.gt(since.as_millis()))
        .all(db)
        .await?;
    let told = |row: ended_session::Model| (row.session_id, EndReason::named(&row.reason));
    Ok(rows.into_iter().map(told).collect())
}

/// Forgets those ends of which no token can be left.
pub async fn delete_ends(db: &impl Executor, before: Timestamp) -> Result<(), StoreError> {
    ended_session::Entity::delete_many()
        .filter(ended_session::Column::EndedAt.lt(before.as_millis()))
        .exec(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plans::Explained;

    #[tokio::test]
    async fn what_ends_an_accounts_sessions_looks_at_no_other_accounts() {
        let db = Explained::make().await;
        let (account_id, session_id, now) =
            (Uuid::from_u128(1), Uuid::from_u128(2), Timestamp::from_seconds(1));
        for (name, which) in [
            ("one", Which::One(session_id)),
            ("one of the account's", Which::OneOf { account_id, session_id }),
            ("all but one", Which::AllBut { account_id, session_id }),
            ("all", Which::All { account_id }),
            ("beyond", Which::Beyond { account_id, most: 3, newest: Some(session_id), now }),
        ] {
            is_any_unended(&db, which).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "look for {name}");
            mark_ended(&db, which, EndReason::SignedOut, now).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "end {name}");
        }
        is_crowd(&db, account_id).await.unwrap();
        assert_eq!(db.scans(), [""; 0]);
    }
}
