//! Batched writes: one statement for the rows of many concurrent requests instead of one for each.
//!
//! A commit waits for the disk. SQLite has one writer, so separate commits would limit the server to the speed of the
//! disk. Writes that arrive while a statement runs share the next one, and its commit. PostgreSQL groups commits by
//! itself, and two statements that lock the same rows in different orders could deadlock there: each write has its own
//! statement.

use super::connection_cache::ConnectionCache;
use super::database::Database;
use super::error::StoreError;
use super::read_batch::{padded, repeat_error, worker_gone};
use super::statement_timeout::{WithTimeout, with_response_timeout};
use super::write_lock::WriteLock;
use crate::platform::catch_panic;
use crate::traces;
use sea_orm::ConnectionTrait as Executor;
use sea_orm::DatabaseBackend;
use sea_orm::sea_query::Expr;
use std::future::Future;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Maximum number of rows per statement: the last one waits for all of them.
const MAX_BATCH: usize = 256;
/// Time for which a write waits for others when the writer may linger.
pub const LINGER: Duration = Duration::from_millis(20);
/// Maximum number of queued writes; further ones wait for space in the queue.
const QUEUE_CAPACITY: usize = 1024;

/// A write that one statement can execute for many rows.
pub trait BatchWrite: Clone + Send + Sync + 'static {
    /// The result of one write.
    type Output: Send + 'static;

    /// Executes all writes in one statement and returns their results in the same order. Any decision must be made in
    /// the statement's own condition. A write may occur more than once; at most one of the duplicates may be reported
    /// as the one that took effect.
    fn execute_batch(
        db: &impl Executor,
        writes: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Output>, StoreError>> + Send;
}

/// Returns a column of `batch`, the VALUES list of such a statement; both databases name them `column1` and so on.
pub fn values_column(column: &'static str) -> Expr {
    Expr::col(("batch", column))
}

/// Writes rows in batches on SQLite, and one by one on PostgreSQL.
pub struct BatchWriter<W: BatchWrite>(Strategy<W>);

enum Strategy<W: BatchWrite> {
    /// SQLite, which allows only one writer.
    Queue(mpsc::Sender<PendingWrite<W>>),
    Direct(WithTimeout<ConnectionCache>),
}

/// A queued write and the channel for its result.
struct PendingWrite<W: BatchWrite> {
    write: W,
    answer: oneshot::Sender<Result<W::Output, StoreError>>,
}

impl<W: BatchWrite> BatchWriter<W> {
    /// Starts the writer. Its task ends when this is dropped.
    pub fn new(database: &Database) -> Self {
        Self::with_linger(database, || false)
    }

    /// Starts a writer that, while `may_linger` returns true, batches the writes that arrive within a [`LINGER`]: each
    /// statement, each commit and each message to another thread takes CPU time from other requests.
    pub fn with_linger(database: &Database, may_linger: impl Fn() -> bool + Send + 'static) -> Self {
        let connection = database.connection.clone();
        if connection.get_database_backend() != DatabaseBackend::Sqlite {
            return Self(Strategy::Direct(connection));
        }
        let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(run_writer::<W>(connection, database.write_lock.clone(), receiver, may_linger));
        Self(Strategy::Queue(sender))
    }

    /// Executes a write in one batch with concurrent ones. Returns once it is on the disk, or with an error after
    /// `timeouts::RESPONSE`.
    pub async fn write(&self, write: W) -> Result<W::Output, StoreError> {
        let _step = traces::child_span("write with others");
        match &self.0 {
            Strategy::Direct(connection) => write_one(connection, write).await,
            Strategy::Queue(queue) => {
                let (answer, answered) = oneshot::channel();
                let written = async {
                    queue.send(PendingWrite { write, answer }).await.map_err(|_| worker_gone())?;
                    answered.await.unwrap_or_else(|_| Err(worker_gone()))
                };
                with_response_timeout(written).await
            }
        }
    }
}

impl Database {
    /// Executes all of these writes: in batches on SQLite, and one by one on PostgreSQL, where others write, too. After
    /// an error a part of them may have been written.
    pub async fn write_all<W: BatchWrite>(&self, writes: &[W]) -> Result<(), StoreError> {
        let has_single_writer = self.connection.get_database_backend() == DatabaseBackend::Sqlite;
        for chunk in writes.chunks(if has_single_writer { MAX_BATCH } else { 1 }) {
            let _guard = self.write_lock.acquire().await?;
            W::execute_batch(&self.connection, &padded(chunk.to_vec())).await?;
        }
        Ok(())
    }
}

async fn write_one<W: BatchWrite>(
    connection: &WithTimeout<ConnectionCache>,
    write: W,
) -> Result<W::Output, StoreError> {
    W::execute_batch(connection, &[write]).await?.pop().ok_or_else(worker_gone)
}

async fn run_writer<W: BatchWrite>(
    connection: WithTimeout<ConnectionCache>,
    write_lock: WriteLock,
    mut queue: mpsc::Receiver<PendingWrite<W>>,
    may_linger: impl Fn() -> bool,
) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, MAX_BATCH).await > 0 {
        if may_linger() {
            tokio::time::sleep(LINGER).await;
            while batch.len() < MAX_BATCH
                && let Ok(pending_write) = queue.try_recv()
            {
                batch.push(pending_write);
            }
        }
        // A write that panics must not end the writer. The callers of that batch get an error: their channels close.
        catch_panic(flush(&connection, &write_lock, std::mem::take(&mut batch))).await;
    }
}

/// Executes a batch in one statement. If that fails, each write gets its own, so that none fails because of another. A
/// statement that failed may still have been committed: then the second attempt finds its condition unmet, as after a
/// lost race.
async fn flush<W: BatchWrite>(
    connection: &WithTimeout<ConnectionCache>,
    write_lock: &WriteLock,
    mut batch: Vec<PendingWrite<W>>,
) {
    let guard = match write_lock.acquire().await {
        Ok(guard) => guard,
        Err(error) => return fail_all(batch, error),
    };
    // Writes whose caller has gone before the batch began are dropped.
    batch.retain(|pending_write| !pending_write.answer.is_closed());
    let writes = padded(batch.iter().map(|pending_write| pending_write.write.clone()).collect());
    let written = match writes.is_empty() {
        true => return,
        false => W::execute_batch(connection, &writes).await,
    };
    match written {
        Ok(answers) => {
            drop(guard);
            for (pending_write, answer) in batch.into_iter().zip(answers) {
                // A client whose request was dropped meanwhile sees what was written when it tries again.
                let _gone_away = pending_write.answer.send(Ok(answer));
            }
        }
        Err(error) if batch.len() == 1 => fail_all(batch, error),
        Err(_) => {
            for PendingWrite { write, answer } in batch {
                let _gone_away = answer.send(write_one(connection, write).await);
            }
        }
    }
}

/// Fails all writes of the batch with the same error.
fn fail_all<W: BatchWrite>(batch: Vec<PendingWrite<W>>, error: StoreError) {
    for (pending_write, error) in batch.into_iter().zip(repeat_error(error)) {
        let _gone_away = pending_write.answer.send(Err(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use crate::db::timeouts;
    use futures::future::join_all;
    use sea_orm::Statement;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::Instant;

    /// Insert of a number, once; the table's constraint rejects -1, and -2 panics.
    #[derive(Clone)]
    struct Note(i64);

    impl BatchWrite for Note {
        type Output = bool;
        async fn execute_batch(db: &impl Executor, notes: &[Self]) -> Result<Vec<bool>, StoreError> {
            assert!(notes.iter().all(|note| note.0 != -2), "a panic that a test asked for");
            let rows: Vec<String> = notes.iter().map(|note| format!("({})", note.0)).collect();
            let insert = format!(
                "INSERT INTO notes VALUES {} ON CONFLICT DO NOTHING RETURNING number",
                rows.join(", ")
            );
            let written = db.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, insert)).await?;
            let mut written: Vec<i64> =
                written.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
            let first = |note: &Self| match written.iter().position(|number| *number == note.0) {
                Some(at) => written.swap_remove(at) == note.0,
                None => false,
            };
            Ok(notes.iter().map(first).collect())
        }
    }

    async fn notebook() -> (tempfile::TempDir, Database, Arc<BatchWriter<Note>>) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/notes.db", folder.path().display());
        let config = from_pairs(None, [("LATCHKEY_DATABASE__URL".to_owned(), url)]).unwrap();
        let database = Database::open(&config.database_url).await.unwrap();
        let table = "CREATE TABLE notes (number INTEGER PRIMARY KEY CHECK (number >= 0))";
        database.executor().execute_unprepared(table).await.unwrap();
        let writer = Arc::new(BatchWriter::new(&database));
        (folder, database, writer)
    }

    async fn noted(database: &Database) -> i64 {
        let count = Statement::from_string(DatabaseBackend::Sqlite, "SELECT count(*) FROM notes");
        database.executor().query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    /// Keeps the write lock while all writes are queued, so that they certainly form one batch.
    async fn at_once(
        database: &Database,
        writer: &BatchWriter<Note>,
        numbers: &[i64],
    ) -> Vec<Result<bool, StoreError>> {
        let transaction = database.begin().await.unwrap();
        let pending_write = join_all(numbers.iter().map(|number| writer.write(Note(*number))));
        let release = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            transaction.commit().await.unwrap();
        };
        tokio::join!(pending_write, release).0
    }

    #[tokio::test]
    async fn each_of_many_is_answered_for_itself() {
        let (_folder, database, writer) = notebook().await;
        let answers = at_once(&database, &writer, &[1, 2, 2, 3, 1]).await;
        let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [true, true, false, true, false]);
        assert_eq!(noted(&database).await, 3);
    }

    #[tokio::test]
    async fn one_that_fails_does_not_take_the_others_along() {
        let (_folder, database, writer) = notebook().await;
        let answers = at_once(&database, &writer, &[1, 2, -1, 3]).await;
        let answers: Vec<Option<bool>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(true), Some(true), None, Some(true)]);
        assert_eq!(noted(&database).await, 3);
    }

    #[tokio::test]
    async fn one_that_panics_does_not_end_the_writer() {
        let (_folder, _database, writer) = notebook().await;
        assert!(writer.write(Note(-2)).await.is_err());
        assert!(writer.write(Note(1)).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_went_away_before_its_turn_writes_nothing() {
        let (_folder, database, writer) = notebook().await;
        let transaction = database.begin().await.unwrap();
        // The writer waits for the write lock with the first; the second waits in the queue.
        let first = tokio::spawn({
            let writer = Arc::clone(&writer);
            async move { writer.write(Note(1)).await }
        });
        let second = tokio::spawn({
            let writer = Arc::clone(&writer);
            async move { writer.write(Note(2)).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        second.abort();
        assert!(second.await.is_err());
        transaction.commit().await.unwrap();
        assert!(first.await.unwrap().unwrap());
        assert!(writer.write(Note(3)).await.unwrap());
        assert_eq!(noted(&database).await, 2);
    }

    /// A statement that never completes.
    #[derive(Clone)]
    struct Frozen;

    impl BatchWrite for Frozen {
        type Output = ();
        async fn execute_batch(_: &impl Executor, _: &[Self]) -> Result<Vec<()>, StoreError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn whoever_comes_to_a_frozen_database_waits_no_longer_than_the_first() {
        let (_folder, database, _) = notebook().await;
        let writer = BatchWriter::new(&database);
        tokio::time::pause();
        let waited = join_all((0..40).map(|number| {
            let writer = &writer;
            async move {
                tokio::time::sleep(timeouts::RESPONSE / 16 * number).await;
                let came = Instant::now();
                assert!(writer.write(Frozen).await.is_err());
                came.elapsed()
            }
        }));
        for waited in waited.await {
            assert!(waited < timeouts::RESPONSE + timeouts::RESPONSE / 16, "{waited:?}");
        }
    }

    /// A write that counts the executed statements.
    #[derive(Clone)]
    struct Counted(Arc<AtomicUsize>);

    impl BatchWrite for Counted {
        type Output = ();
        async fn execute_batch(_: &impl Executor, counted: &[Self]) -> Result<Vec<()>, StoreError> {
            let statements = counted.first().map(|Self(statements)| statements);
            statements.map(|statements| statements.fetch_add(1, Ordering::Relaxed));
            Ok(vec![(); counted.len()])
        }
    }

    /// Time is paused: it advances only once the second write waits, too.
    #[tokio::test]
    async fn those_that_have_time_wait_for_each_other() {
        let (_folder, database, _) = notebook().await;
        tokio::time::pause();
        for (may_linger, expected) in [(true, 1), (false, 2)] {
            let writer = BatchWriter::with_linger(&database, move || may_linger);
            let statements = Arc::<AtomicUsize>::default();
            let write = || writer.write(Counted(Arc::clone(&statements)));
            let late = async {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                write().await
            };
            let (first, second) = tokio::join!(write(), late);
            assert!(first.is_ok() && second.is_ok());
            assert_eq!(statements.load(Ordering::Relaxed), expected, "may linger: {may_linger}");
        }
    }
}
