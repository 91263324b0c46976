//! Writes that arrive together are written together: one statement for many rows instead of one for each.
//!
//! A commit waits for the disk. SQLite has one writer: commits that come one after another would make the disk's pace the
//! server's. Here whatever comes while a statement is under way shares the next one, and its commit. PostgreSQL groups
//! commits by itself, and rows that one statement locks in its own order could meet another's in a deadlock there: each
//! write goes alone.

use super::bounded::{Bounded, from_now_on};
use super::gather::{for_each, gone, padded};
use super::kept::Kept;
use super::turn::Turns;
use super::{Database, Executor, StoreError};
use crate::platform::unless_it_panics;
use crate::traces;
use sea_orm::DatabaseBackend;
use sea_orm::sea_query::Expr;
use std::future::Future;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many rows one statement writes at most: the last one waits for all of them.
const MOST: usize = 256;
/// How long a write that has time waits for others.
pub const MOMENT: Duration = Duration::from_millis(20);
/// How many more may wait for their turn; past that they wait for a place.
const QUEUE: usize = 1024;

/// What can be written for many rows in one statement.
pub trait Write: Clone + Send + Sync + 'static {
    /// What the writing brings.
    type Answer: Send + 'static;

    /// Writes all of them in one statement, and answers each, in their order. What it decides, it decides in the
    /// statement's own condition. A write may be there more than once; at most one of them may be told that it was the
    /// one.
    fn carry_out(
        db: &impl Executor,
        writes: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// A column of the list of values, `asked`, that such a statement writes from; both databases call them `column1` and so on.
pub fn asked(column: &'static str) -> Expr {
    Expr::col(("asked", column))
}

/// The way to write.
pub struct Together<W: Write>(Way<W>);

enum Way<W: Write> {
    /// Where there can be only one writer.
    Queue(mpsc::Sender<Asked<W>>),
    Alone(Bounded<Kept>),
}

/// A write and whoever waits for its answer.
struct Asked<W: Write> {
    write: W,
    answer: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl<W: Write> Together<W> {
    /// Starts to write. It ends with the last one that can ask.
    pub fn on(database: &Database) -> Self {
        Self::unhurried(database, || false)
    }

    /// The same, but while they have time those that come within a [`MOMENT`] are written together: each statement, each
    /// commit and each word to another thread takes time from those who wait for something else.
    pub fn unhurried(database: &Database, has_time: impl Fn() -> bool + Send + 'static) -> Self {
        let connection = database.connection.clone();
        if connection.get_database_backend() != DatabaseBackend::Sqlite {
            return Self(Way::Alone(connection));
        }
        let (ask, asked) = mpsc::channel(QUEUE);
        tokio::spawn(work::<W>(connection, database.turns.clone(), asked, has_time));
        Self(Way::Queue(ask))
    }

    /// Writes, with those that come at the same moment. The answer comes once it is on the disk.
    pub async fn write(&self, write: W) -> Result<W::Answer, StoreError> {
        let _step = traces::step("write with others");
        match &self.0 {
            Way::Alone(connection) => one(connection, write).await,
            Way::Queue(queue) => {
                let (answer, answered) = oneshot::channel();
                let written = async {
                    queue.send(Asked { write, answer }).await.map_err(|_| gone())?;
                    answered.await.unwrap_or_else(|_| Err(gone()))
                };
                from_now_on(written).await
            }
        }
    }
}

impl Database {
    /// Writes all of these: many to a statement where there is one writer, and one by one where others write, too. What
    /// fails in the middle leaves a part of it written.
    pub async fn write_all<W: Write>(&self, writes: &[W]) -> Result<(), StoreError> {
        let is_alone = self.connection.get_database_backend() == DatabaseBackend::Sqlite;
        for portion in writes.chunks(if is_alone { MOST } else { 1 }) {
            let _turn = self.turns.next().await?;
            W::carry_out(&self.connection, &padded(portion.to_vec())).await?;
        }
        Ok(())
    }
}

async fn one<W: Write>(connection: &Bounded<Kept>, write: W) -> Result<W::Answer, StoreError> {
    W::carry_out(connection, &[write]).await?.pop().ok_or_else(gone)
}

async fn work<W: Write>(
    connection: Bounded<Kept>,
    turns: Turns,
    mut queue: mpsc::Receiver<Asked<W>>,
    has_time: impl Fn() -> bool,
) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, MOST).await > 0 {
        if has_time() {
            tokio::time::sleep(MOMENT).await;
            while batch.len() < MOST
                && let Ok(asked) = queue.try_recv()
            {
                batch.push(asked);
            }
        }
        // A write that panics must not take the writer along. Whoever waited for it learns that it has gone.
        unless_it_panics(write(&connection, &turns, std::mem::take(&mut batch))).await;
    }
}

/// One statement for all of them. If that fails, each gets its own, so that none fails because of another. A statement
/// that failed may still have been committed: then the second attempt finds its condition unmet, as after a lost race.
async fn write<W: Write>(connection: &Bounded<Kept>, turns: &Turns, mut batch: Vec<Asked<W>>) {
    let turn = match turns.next().await {
        Ok(turn) => turn,
        Err(error) => return refuse(batch, error),
    };
    // Whoever has gone away before its turn came wants nothing written.
    batch.retain(|asked| !asked.answer.is_closed());
    let writes = padded(batch.iter().map(|asked| asked.write.clone()).collect());
    let written = match writes.is_empty() {
        true => return,
        false => W::carry_out(connection, &writes).await,
    };
    match written {
        Ok(answers) => {
            drop(turn);
            for (asked, answer) in batch.into_iter().zip(answers) {
                // Whoever has gone away meanwhile finds out what was written when it asks again.
                let _gone_away = asked.answer.send(Ok(answer));
            }
        }
        Err(error) if batch.len() == 1 => refuse(batch, error),
        Err(_) => {
            for Asked { write, answer } in batch {
                let _gone_away = answer.send(one(connection, write).await);
            }
        }
    }
}

/// Tells all of them that nothing was written.
fn refuse<W: Write>(batch: Vec<Asked<W>>, error: StoreError) {
    for (asked, error) in batch.into_iter().zip(for_each(error)) {
        let _gone_away = asked.answer.send(Err(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use crate::db::bounded::PATIENCE;
    use futures::future::join_all;
    use sea_orm::Statement;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::Instant;

    /// Writes its number down, once; the number -1 is refused by the table, -2 by the program.
    #[derive(Clone)]
    struct Note(i64);

    impl Write for Note {
        type Answer = bool;
        async fn carry_out(db: &impl Executor, notes: &[Self]) -> Result<Vec<bool>, StoreError> {
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

    async fn notebook() -> (tempfile::TempDir, Database, Arc<Together<Note>>) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/notes.db", folder.path().display());
        let config = from_pairs(None, [("LATCHKEY_DATABASE__URL".to_owned(), url)]).unwrap();
        let database = Database::open(&config.database_url).await.unwrap();
        let table = "CREATE TABLE notes (number INTEGER PRIMARY KEY CHECK (number >= 0))";
        database.executor().execute_unprepared(table).await.unwrap();
        let together = Arc::new(Together::on(&database));
        (folder, database, together)
    }

    async fn noted(database: &Database) -> i64 {
        let count = Statement::from_string(DatabaseBackend::Sqlite, "SELECT count(*) FROM notes");
        database.executor().query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    /// Holds the writer's turn while all of them are asked for, so that they certainly come together.
    async fn at_once(
        database: &Database,
        together: &Together<Note>,
        numbers: &[i64],
    ) -> Vec<Result<bool, StoreError>> {
        let turn = database.begin().await.unwrap();
        let asked = join_all(numbers.iter().map(|number| together.write(Note(*number))));
        let release = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            turn.commit().await.unwrap();
        };
        tokio::join!(asked, release).0
    }

    #[tokio::test]
    async fn each_of_many_is_answered_for_itself() {
        let (_folder, database, together) = notebook().await;
        let answers = at_once(&database, &together, &[1, 2, 2, 3, 1]).await;
        let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [true, true, false, true, false]);
        assert_eq!(noted(&database).await, 3);
    }

    #[tokio::test]
    async fn one_that_fails_does_not_take_the_others_along() {
        let (_folder, database, together) = notebook().await;
        let answers = at_once(&database, &together, &[1, 2, -1, 3]).await;
        let answers: Vec<Option<bool>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(true), Some(true), None, Some(true)]);
        assert_eq!(noted(&database).await, 3);
    }

    #[tokio::test]
    async fn one_that_panics_does_not_end_the_writer() {
        let (_folder, _database, together) = notebook().await;
        assert!(together.write(Note(-2)).await.is_err());
        assert!(together.write(Note(1)).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_went_away_before_its_turn_writes_nothing() {
        let (_folder, database, together) = notebook().await;
        let turn = database.begin().await.unwrap();
        // The writer waits for its turn with the first; the second waits behind it.
        let first = tokio::spawn({
            let together = Arc::clone(&together);
            async move { together.write(Note(1)).await }
        });
        let second = tokio::spawn({
            let together = Arc::clone(&together);
            async move { together.write(Note(2)).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        second.abort();
        assert!(second.await.is_err());
        turn.commit().await.unwrap();
        assert!(first.await.unwrap().unwrap());
        assert!(together.write(Note(3)).await.unwrap());
        assert_eq!(noted(&database).await, 2);
    }

    /// A statement that never comes to an end.
    #[derive(Clone)]
    struct Frozen;

    impl Write for Frozen {
        type Answer = ();
        async fn carry_out(_: &impl Executor, _: &[Self]) -> Result<Vec<()>, StoreError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn whoever_comes_to_a_frozen_database_waits_no_longer_than_the_first() {
        let (_folder, database, _) = notebook().await;
        let together = Together::on(&database);
        tokio::time::pause();
        let waited = join_all((0..40).map(|number| {
            let together = &together;
            async move {
                tokio::time::sleep(PATIENCE / 16 * number).await;
                let came = Instant::now();
                assert!(together.write(Frozen).await.is_err());
                came.elapsed()
            }
        }));
        for waited in waited.await {
            assert!(waited < PATIENCE + PATIENCE / 16, "{waited:?}");
        }
    }

    /// Counts the statements that were carried out.
    #[derive(Clone)]
    struct Counted(Arc<AtomicUsize>);

    impl Write for Counted {
        type Answer = ();
        async fn carry_out(_: &impl Executor, counted: &[Self]) -> Result<Vec<()>, StoreError> {
            let statements = counted.first().map(|Self(statements)| statements);
            statements.map(|statements| statements.fetch_add(1, Ordering::Relaxed));
            Ok(vec![(); counted.len()])
        }
    }

    /// The clock stands still until the second one waits, too.
    #[tokio::test]
    async fn those_that_have_time_wait_for_each_other() {
        let (_folder, database, _) = notebook().await;
        tokio::time::pause();
        for (has_time, expected) in [(true, 1), (false, 2)] {
            let together = Together::unhurried(&database, move || has_time);
            let statements = Arc::<AtomicUsize>::default();
            let write = || together.write(Counted(Arc::clone(&statements)));
            let late = async {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                write().await
            };
            let (first, second) = tokio::join!(write(), late);
            assert!(first.is_ok() && second.is_ok());
            assert_eq!(statements.load(Ordering::Relaxed), expected, "has time: {has_time}");
        }
    }
}
