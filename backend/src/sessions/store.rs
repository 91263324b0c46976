//! Database queries on sessions.

use super::refresh::Rotation;
use super::replace_key::KeyReplacement;
use super::revoke::{SessionSelector, unrevoked};
use super::rotation::{Generation, RotationInput};
use super::session::{ClientInfo, NewSession, SessionRecord};
use super::sign_in::SessionStart;
use super::token_use::TokenUse;
use crate::authentication::Authenticated;
use crate::db::entity::{account, session, session_cutoff as cutoff};
use crate::db::{Executor, StoreError, values_column};
use crate::tokens::Thumbprint;
use latchkey_shared::{EndReason, Timestamp, TokenDelivery};
use sea_orm::sea_query::{
    Expr, ExprTrait, Func, IntoIden, LockType, OnConflict, Order, Query, TableRef, ValueTuple,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use session::Column;
use std::collections::HashSet;
use uuid::Uuid;

/// Maximum number of rows per statement: the number of parameters is limited, and a transaction must not block others
/// for long.
pub const BATCH_SIZE: usize = 1000;

/// Registration method of a session's key: the page generates it and proves possession by DPoP (RFC 9449).
const KEY_SOURCE: &str = "dpop";

/// A session that ended long enough ago to be deleted.
pub struct PurgeableSession {
    pub id: Uuid,
    pub account_id: Uuid,
    pub created_at: Timestamp,
}

/// A session's row, and the cutoff that has ended it, if any, which may not have been written to the row yet.
#[derive(FromQueryResult)]
pub struct SessionRow {
    #[sea_orm(nested)]
    session: session::Model,
    cut_at: Option<i64>,
    cut_reason: Option<String>,
}

/// Selects sessions in their effective state, including cutoffs that have not been written to their rows yet.
pub fn select() -> Select<session::Entity> {
    let first = |column: cutoff::Column| {
        let passed = Query::select()
            .expr(Expr::col((cutoff::Entity, column)))
            .from(cutoff::Entity)
            .and_where(
                Expr::col((cutoff::Entity, cutoff::Column::AccountId)).eq(session_column(Column::AccountId)),
            )
            .and_where(Expr::col((cutoff::Entity, cutoff::Column::Epoch)).gt(session_column(Column::Epoch)))
            .order_by((cutoff::Entity, cutoff::Column::Epoch), Order::Asc)
            .limit(1)
            .to_owned();
        Expr::SubQuery(None, Box::new(passed.into()))
    };
    session::Entity::find()
        .expr_as(first(cutoff::Column::EndedAt), "cut_at")
        .expr_as(first(cutoff::Column::Reason), "cut_reason")
}

pub async fn insert_session(db: &impl Executor, new: NewSession) -> Result<(), StoreError> {
    let key_source = source(new.key.as_ref()).map(str::to_owned);
    let row = session::ActiveModel {
        id: Set(new.id),
        account_id: Set(new.account_id),
        generation: Set(0),
        seen_generation: Set(-1),
        rotated_at: Set(new.now.as_millis()),
        remember: Set(new.remember),
        user_agent: Set(new.client_info.user_agent),
        ip: Set(new.client_info.ip),
        created_at: Set(new.now.as_millis()),
        last_seen_at: Set(new.now.as_millis()),
        idle_ends_at: Set(new.idle_ends_at.as_millis()),
        absolute_ends_at: Set(new.absolute_ends_at.as_millis()),
        ended_at: Set(None),
        end_reason: Set(None),
        // A new account has no cutoff yet.
        epoch: Set(0),
        valid_from: Set(0),
        token_in_body: Set(new.delivery == TokenDelivery::Body),
        key_thumbprint: Set(new.key.map(|key| key.as_str().to_owned())),
        key_source: Set(key_source),
        authenticated_at: Set(new.authenticated_at.as_millis()),
        methods: Set(new.methods.to_string()),
        client_id: Set(None),
    };
    session::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Starts sessions of accounts whose credentials still are at the version that was verified. Returns for each whether it
/// was started.
pub async fn insert_if_version_unchanged(
    db: &impl Executor,
    starts: &[SessionStart],
) -> Result<Vec<bool>, StoreError> {
    let rows = starts.iter().map(|SessionStart { new, version }| {
        ValueTuple::Many(vec![
            new.id.into(),
            new.account_id.into(),
            new.remember.into(),
            new.client_info.user_agent.as_str().into(),
            new.client_info.ip.as_str().into(),
            new.now.as_millis().into(),
            new.idle_ends_at.as_millis().into(),
            new.absolute_ends_at.as_millis().into(),
            version.0.into(),
            (new.delivery == TokenDelivery::Body).into(),
            new.key.as_ref().map(Thumbprint::as_str).into(),
            source(new.key.as_ref()).into(),
            new.authenticated_at.as_millis().into(),
            new.methods.to_string().into(),
        ])
    });
    let account = |column: account::Column| Expr::col((account::Entity, column));
    let new_rows = Query::select()
        .exprs(["column1", "column2"].map(values_column))
        .exprs([0, -1].map(Expr::value))
        .exprs(
            ["column6", "column3", "column4", "column5", "column6", "column6", "column7", "column8"]
                .map(values_column),
        )
        .expr(account(account::Column::SessionEpoch))
        .exprs(["column10", "column11", "column12", "column13", "column14"].map(values_column))
        .from_values(rows.collect::<Vec<_>>(), "batch")
        .inner_join(account::Entity, account(account::Column::Id).eq(values_column("column2")))
        .and_where(account(account::Column::CredentialVersion).eq(values_column("column9")))
        // A password change waits until the session is visible and can be ended, or has been committed before.
        .lock_with_tables(LockType::Share, [account::Entity])
        .to_owned();
    let insert = Query::insert()
        .into_table(session::Entity)
        .columns([
            Column::Id,
            Column::AccountId,
            Column::Generation,
            Column::SeenGeneration,
            Column::RotatedAt,
            Column::Remember,
            Column::UserAgent,
            Column::Ip,
            Column::CreatedAt,
            Column::LastSeenAt,
            Column::IdleEndsAt,
            Column::AbsoluteEndsAt,
            Column::Epoch,
            Column::TokenInBody,
            Column::KeyThumbprint,
            Column::KeySource,
            Column::AuthenticatedAt,
            Column::Methods,
        ])
        .select_from(new_rows)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        // A session that was inserted although the response was lost counts as started.
        .on_conflict(OnConflict::column(Column::Id).update_column(Column::Id).to_owned())
        .returning_col(Column::Id)
        .to_owned();
    let begun: HashSet<Uuid> =
        db.query_all(&insert).await?.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(starts.iter().map(|start| begun.contains(&start.new.id)).collect())
}

pub async fn find_session(
    db: &impl Executor,
    selector: SessionSelector,
) -> Result<Option<SessionRecord>, StoreError> {
    Ok(select().filter(selector.condition()).into_model::<SessionRow>().one(db).await?.map(into_record))
}

/// Returns those of the sessions that exist.
pub async fn find_sessions(db: &impl Executor, ids: Vec<Uuid>) -> Result<Vec<SessionRecord>, StoreError> {
    let rows = select().filter(Column::Id.is_in(ids)).into_model::<SessionRow>().all(db).await?;
    Ok(rows.into_iter().map(into_record).collect())
}

/// Returns the session and locks it: it cannot be ended until the transaction completes.
pub async fn lock_session(db: &impl Executor, session_id: Uuid) -> Result<Option<SessionRecord>, StoreError> {
    let mut locked = select().filter(Column::Id.eq(session_id));
    QueryTrait::query(&mut locked).lock_with_tables(LockType::Share, [session::Entity]);
    Ok(locked.into_model::<SessionRow>().one(db).await?.map(into_record))
}

/// Locks the account until the transaction completes. Required before ending several of its sessions and before writing
/// on behalf of one of them: such transactions could otherwise deadlock or miss each other's changes.
pub async fn lock_account(db: &impl Executor, account_id: Uuid) -> Result<(), StoreError> {
    let mut locked = account::Entity::find_by_id(account_id).select_only().column(account::Column::Id);
    QueryTrait::query(&mut locked).lock(LockType::NoKeyUpdate);
    locked.into_tuple::<Uuid>().one(db).await?;
    Ok(())
}

/// Rotates those sessions that still are at the expected generation, are bound to the same key and have not ended. Of
/// any number of concurrent rotations of one generation exactly one returns true, also if several are in `rotations`.
pub async fn mark_rotated(db: &impl Executor, rotations: &[Rotation]) -> Result<Vec<bool>, StoreError> {
    let rows = rotations.iter().map(|rotation| {
        ValueTuple::Many(vec![
            rotation.session_id.into(),
            signed(rotation.expected_generation).into(),
            rotation.now.as_millis().into(),
            rotation.idle_ends_at.as_millis().into(),
            rotation.client_info.user_agent.as_str().into(),
            rotation.client_info.ip.as_str().into(),
            rotation.rotated_at.as_millis().into(),
            // NULL equals nothing; no key has an empty thumbprint.
            rotation.key.as_ref().map_or("", Thumbprint::as_str).into(),
            (rotation.delivery == TokenDelivery::Body).into(),
        ])
    });
    let rotate = Query::update()
        .table(session::Entity)
        .value(Column::Generation, session_column(Column::Generation).add(1))
        .value(Column::RotatedAt, values_column("column7"))
        .value(Column::LastSeenAt, values_column("column3"))
        .value(Column::IdleEndsAt, values_column("column4"))
        .value(Column::UserAgent, values_column("column5"))
        .value(Column::Ip, values_column("column6"))
        .value(Column::TokenInBody, values_column("column9"))
        .from(TableRef::ValuesList(rows.collect(), "batch".into_iden()))
        .and_where(session_column(Column::Id).eq(values_column("column1")))
        // No further equalities: they would make SQLite build an index on the batch and scan all sessions.
        .and_where(session_column(Column::Generation).ne(values_column("column2")).not())
        .and_where(
            Expr::expr(Func::coalesce([session_column(Column::KeyThumbprint), Expr::value("")]))
                .ne(values_column("column8"))
                .not(),
        )
        .and_where(session_column(Column::EndedAt).is_null())
        .returning(Query::returning().columns([Column::Id, Column::Generation]))
        .to_owned();
    let mut rotated = HashSet::new();
    for row in db.query_all(&rotate).await? {
        rotated.insert((row.try_get_by_index::<Uuid>(0)?, row.try_get_by_index::<i64>(1)?));
    }
    let is_the_one = |rotation: &Rotation| {
        rotated.remove(&(rotation.session_id, signed(rotation.expected_generation.next())))
    };
    Ok(rotations.iter().map(is_the_one).collect())
}

/// Replaces the key that the session is bound to, and rotates the session. Returns false if the session has ended, has
/// rotated since or is bound to another key, or if the account's credentials have changed.
pub async fn mark_key_replaced(db: &impl Executor, replacement: &KeyReplacement) -> Result<bool, StoreError> {
    let account = Query::select()
        .column(account::Column::Id)
        .from(account::Entity)
        .and_where(account::Column::Id.eq(replacement.account_id))
        .and_where(account::Column::CredentialVersion.eq(replacement.version.0))
        // A password change waits, or has been committed before.
        .lock(LockType::Share)
        .to_owned();
    let changed = session::Entity::update_many()
        .col_expr(Column::Generation, Expr::col(Column::Generation).add(1))
        .col_expr(Column::KeyThumbprint, Expr::value(replacement.new.as_str()))
        .col_expr(Column::KeySource, Expr::value(KEY_SOURCE))
        .col_expr(Column::Remember, Expr::value(replacement.remember))
        .col_expr(Column::AuthenticatedAt, Expr::value(replacement.authenticated_at.as_millis()))
        .col_expr(Column::Methods, Expr::value(replacement.methods.to_string()))
        .col_expr(Column::RotatedAt, Expr::value(replacement.rotated_at.as_millis()))
        .col_expr(Column::LastSeenAt, Expr::value(replacement.now.as_millis()))
        .col_expr(Column::IdleEndsAt, Expr::value(replacement.idle_ends_at.as_millis()))
        .col_expr(Column::UserAgent, Expr::value(replacement.client_info.user_agent.as_str()))
        .col_expr(Column::Ip, Expr::value(replacement.client_info.ip.as_str()))
        .filter(Column::Id.eq(replacement.session_id))
        .filter(Column::Generation.eq(signed(replacement.expected_generation)))
        .filter(Column::KeyThumbprint.eq(replacement.old.as_str()))
        .filter(unrevoked(Some(replacement.account_id)))
        .filter(Column::AccountId.in_subquery(account))
        .exec(db)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Writes which generations have been used, except for sessions where a later one has been written already.
pub async fn mark_used(db: &impl Executor, uses: &[TokenUse]) -> Result<(), StoreError> {
    let rows = uses.iter().map(|token_use| {
        ValueTuple::Many(vec![
            token_use.session_id.into(),
            signed(token_use.generation).into(),
            token_use.at.as_millis().into(),
        ])
    });
    let note = Query::update()
        .table(session::Entity)
        .value(Column::SeenGeneration, values_column("column2"))
        .value(Column::LastSeenAt, values_column("column3"))
        .from(TableRef::ValuesList(rows.collect(), "batch".into_iden()))
        .and_where(session_column(Column::Id).eq(values_column("column1")))
        .and_where(session_column(Column::SeenGeneration).lte(values_column("column2")))
        .and_where(session_column(Column::EndedAt).is_null())
        .to_owned();
    db.execute(&note).await?;
    Ok(())
}

/// Returns a column of the session table, qualified by the table.
pub fn session_column(column: Column) -> Expr {
    Expr::col((session::Entity, column))
}

/// Rotates the session to a new generation, which becomes the lowest one whose refresh tokens are accepted. Returns the
/// generation, or `None` if the session has ended.
pub async fn mark_force_rotated(
    db: &impl Executor,
    session_id: Uuid,
    authenticated: &Authenticated,
    now: Timestamp,
    rotated_at: Timestamp,
    idle_ends_at: Timestamp,
) -> Result<Option<Generation>, StoreError> {
    let next = || session_column(Column::Generation).add(1);
    let update = Query::update()
        .table(session::Entity)
        .value(Column::Generation, next())
        .value(Column::ValidFrom, next())
        .value(Column::AuthenticatedAt, authenticated.at().as_millis())
        .value(Column::Methods, authenticated.methods().to_string())
        .value(Column::RotatedAt, rotated_at.as_millis())
        .value(Column::LastSeenAt, now.as_millis())
        .value(Column::IdleEndsAt, idle_ends_at.as_millis())
        .and_where(session_column(Column::Id).eq(session_id))
        .and_where(session_column(Column::EndedAt).is_null())
        .returning_col(Column::Generation)
        .to_owned();
    let row = db.query_one(&update).await?;
    Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.map(|made| Generation(made.unsigned_abs())))
}

/// Returns a batch of the sessions after `after` that ended before `limit`, ordered by id. All batches together read
/// every session once, however many batches there are, and as reads they block nobody.
pub async fn list_purgeable(
    db: &impl Executor,
    limit: Timestamp,
    after: Uuid,
) -> Result<Vec<PurgeableSession>, StoreError> {
    let limit = limit.as_millis();
    let purgeable = session::Entity::find()
        .select_only()
        .columns([Column::Id, Column::AccountId, Column::CreatedAt])
        .filter(
            Condition::any()
                .add(Column::EndedAt.lt(limit))
                .add(Column::IdleEndsAt.lt(limit))
                .add(Column::AbsoluteEndsAt.lt(limit)),
        )
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(BATCH_SIZE as u64)
        .into_tuple()
        .all(db)
        .await?;
    let purgeable = purgeable.into_iter().map(|(id, account_id, created_at)| PurgeableSession {
        id,
        account_id,
        created_at: Timestamp::from_millis(created_at),
    });
    Ok(purgeable.collect())
}

/// Returns the time of the account's last sign-in among the sessions that still are stored.
pub async fn last_created(db: &impl Executor, account_id: Uuid) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<Option<i64>> = session::Entity::find()
        .select_only()
        .column_as(Column::CreatedAt.max(), "last")
        .filter(Column::AccountId.eq(account_id))
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.flatten().map(Timestamp::from_millis))
}

/// Returns the time of the last use among all stored sessions.
pub async fn last_activity(db: &impl Executor) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<Option<i64>> = session::Entity::find()
        .select_only()
        .column_as(Column::LastSeenAt.max(), "last")
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.flatten().map(Timestamp::from_millis))
}

/// Deletes ended sessions. An ended session never becomes active again, so the end is not checked here.
pub async fn delete_sessions(db: &impl Executor, ids: impl Iterator<Item = Uuid>) -> Result<(), StoreError> {
    session::Entity::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?;
    Ok(())
}

pub fn into_record(SessionRow { session: row, cut_at, cut_reason }: SessionRow) -> SessionRecord {
    SessionRecord {
        id: row.id,
        account_id: row.account_id,
        remember: row.remember,
        delivery: if row.token_in_body { TokenDelivery::Body } else { TokenDelivery::Cookie },
        client_info: ClientInfo { user_agent: row.user_agent, ip: row.ip },
        created_at: Timestamp::from_millis(row.created_at),
        authenticated_at: Timestamp::from_millis(row.authenticated_at),
        last_seen_at: Timestamp::from_millis(row.last_seen_at),
        ended_at: row.ended_at.or(cut_at).map(Timestamp::from_millis),
        key: row.key_thumbprint.map(Thumbprint::from_stored),
        rotation: RotationInput {
            generation: Generation(row.generation.unsigned_abs()),
            last_used: u64::try_from(row.seen_generation).ok().map(Generation),
            valid_from: Generation(row.valid_from.unsigned_abs()),
            rotated_at: Timestamp::from_millis(row.rotated_at),
            idle_ends_at: Timestamp::from_millis(row.idle_ends_at),
            absolute_ends_at: Timestamp::from_millis(row.absolute_ends_at),
            end_reason: row.end_reason.or(cut_reason).as_deref().map(EndReason::from_name),
        },
    }
}

fn source(key: Option<&Thumbprint>) -> Option<&'static str> {
    key.map(|_| KEY_SOURCE)
}

/// Converts to the databases' signed integer type, saturating.
fn signed(generation: Generation) -> i64 {
    i64::try_from(generation.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authentication::{CredentialVersion, Methods};
    use crate::db::query_plan::ExplainExecutor;

    const NOW: Timestamp = Timestamp::from_seconds(1);

    fn client_info() -> ClientInfo {
        ClientInfo { user_agent: "a test".to_owned(), ip: "192.0.2.1".to_owned() }
    }

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    /// Batch sizes under test.
    const TOGETHER: [usize; 4] = [1, 2, 8, 64];

    #[tokio::test]
    async fn no_session_is_looked_for_by_going_through_them_all_however_many_are_asked_for_together() {
        let db = ExplainExecutor::create().await;
        for count in TOGETHER {
            let rotation = |number| Rotation {
                session_id: id(number),
                key: None,
                expected_generation: Generation::FIRST,
                now: NOW,
                rotated_at: NOW,
                idle_ends_at: NOW,
                client_info: client_info(),
                delivery: TokenDelivery::Cookie,
            };
            mark_rotated(&db, &(0..count).map(rotation).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "rotate {count}");
            let token_use =
                |number| TokenUse { session_id: id(number), generation: Generation::FIRST, at: NOW };
            mark_used(&db, &(0..count).map(token_use).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "note the use of {count}");
            find_sessions(&db, (0..count).map(id).collect()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "find {count}");
            let start = |number| SessionStart {
                new: NewSession {
                    id: id(number),
                    account_id: id(number),
                    authenticated_at: NOW,
                    methods: Methods::from_stored("pwd"),
                    remember: true,
                    delivery: TokenDelivery::Cookie,
                    key: None,
                    client_info: client_info(),
                    now: NOW,
                    idle_ends_at: NOW,
                    absolute_ends_at: NOW,
                },
                version: CredentialVersion::FIRST,
            };
            insert_if_version_unchanged(&db, &(0..count).map(start).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "begin {count}");
        }
    }
}
