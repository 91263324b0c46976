//! Writes that arrive together are committed together.
//!
//! A commit waits for the disk. SQLite has one writer: commits that come one after another would make the disk's pace the
//! server's. Here whatever comes while a commit is under way shares the next one. PostgreSQL does that by itself, and rows
//! that are locked longer than their own statement takes could meet in a deadlock there: each write goes alone.

use super::{Database, StoreError, Transaction};
use sea_orm::{DatabaseBackend, DbErr};
use std::future::Future;
use std::pin::Pin;
use tokio::sync::{mpsc, oneshot};

/// How many writes share a commit at most: the last one waits for all of them.
const MOST: usize = 256;
/// How many more may wait for their turn; past that they wait for a place.
const QUEUE: usize = 1024;

/// Something to write. It may be carried out more than once, and what an earlier attempt wrote has been undone then.
pub trait Write: Send + Sync + 'static {
    /// What the writing brings.
    type Answer: Send + 'static;

    /// Writes, in a transaction that others share. What it decides, it decides in a statement's own condition.
    fn carry_out(
        &self,
        transaction: &Transaction,
    ) -> impl Future<Output = Result<Self::Answer, StoreError>> + Send;
}

/// The way to the one writer.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<Box<dyn Job>>);

impl Database {
    /// Carries a write out, together with those that come at the same moment. The answer comes after the commit.
    pub async fn together<W: Write>(&self, write: W) -> Result<W::Answer, StoreError> {
        let Some(queue) = &self.queue else { return self.alone(&write).await };
        let (answer, answered) = oneshot::channel();
        let asked = Asked { write, answer, outcome: None };
        if queue.0.send(Box::new(asked)).await.is_err() {
            return Err(gone());
        }
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn alone<W: Write>(&self, write: &W) -> Result<W::Answer, StoreError> {
        let transaction = self.begin().await?;
        let answer = write.carry_out(&transaction).await?;
        transaction.commit().await?;
        Ok(answer)
    }

    /// Starts the writer where there can be only one. It ends with the last handle to the database.
    pub(super) fn with_a_writer(mut self) -> Self {
        if self.connection.get_database_backend() == DatabaseBackend::Sqlite {
            let (queue, jobs) = mpsc::channel(QUEUE);
            tokio::spawn(work(self.clone(), jobs));
            self.queue = Some(Queue(queue));
        }
        self
    }
}

/// Can happen only when the writer panicked.
fn gone() -> StoreError {
    DbErr::Custom("the writer has gone".to_owned()).into()
}

/// A write and whoever waits for its answer.
struct Asked<W: Write> {
    write: W,
    answer: oneshot::Sender<Result<W::Answer, StoreError>>,
    outcome: Option<W::Answer>,
}

/// The same for any write.
trait Job: Send {
    fn is_wanted(&self) -> bool;
    fn carry_out<'a>(
        &'a mut self,
        transaction: &'a Transaction,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

impl<W: Write> Job for Asked<W> {
    /// Whoever has gone away before its turn came wants nothing written.
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn carry_out<'a>(
        &'a mut self,
        transaction: &'a Transaction,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>> {
        Box::pin(async {
            self.outcome = Some(self.write.carry_out(transaction).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let written = self.outcome;
        let outcome = committed.and_then(|()| written.ok_or_else(gone));
        // Whoever has gone away meanwhile finds out what was written when it asks again.
        let _gone_away = self.answer.send(outcome);
    }
}

type Jobs = Vec<Box<dyn Job>>;

async fn work(database: Database, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut jobs = Jobs::new();
    while queue.recv_many(&mut jobs, MOST).await > 0 {
        // In a task of its own: a write that panics must not take the writer along.
        let batch = std::mem::take(&mut jobs);
        if let Err(error) = tokio::spawn(write(database.clone(), batch)).await {
            tracing::error!(%error, "Writing has panicked");
        }
    }
}

/// One commit for all of them. If that fails, each gets its own, so that none fails because of another. A commit that
/// failed may still have happened: then the second attempt finds its condition unmet, as after a lost race.
async fn write(database: Database, mut jobs: Jobs) {
    let mut committed = attempt(&database, &mut jobs).await;
    let all_failed = committed.is_err() && jobs.len() > 1;
    for mut job in jobs {
        if all_failed {
            committed = attempt(&database, std::slice::from_mut(&mut job)).await;
        }
        job.answer(std::mem::replace(&mut committed, Ok(())));
    }
}

async fn attempt(database: &Database, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let transaction = database.begin().await?;
    for job in jobs.iter_mut().filter(|job| job.is_wanted()) {
        job.carry_out(&transaction).await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::super::Executor;
    use super::*;
    use crate::config::from_pairs;
    use futures::future::join_all;
    use sea_orm::Statement;

    /// Writes its number down, once; the number -1 is refused by the table, -2 by the program.
    struct Note(i64);

    impl Write for Note {
        type Answer = bool;
        async fn carry_out(&self, transaction: &Transaction) -> Result<bool, StoreError> {
            assert_ne!(self.0, -2, "a panic that a test asked for");
            let note = format!("INSERT INTO notes VALUES ({}) ON CONFLICT DO NOTHING", self.0);
            Ok(transaction.executor().execute_unprepared(&note).await?.rows_affected() == 1)
        }
    }

    async fn notebook() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/notes.db", folder.path().display());
        let config = from_pairs(None, [("LATCHKEY_DATABASE__URL".to_owned(), url)]).unwrap();
        let database = Database::open(&config.database_url).await.unwrap();
        let table = "CREATE TABLE notes (number INTEGER PRIMARY KEY CHECK (number >= 0))";
        database.executor().execute_unprepared(table).await.unwrap();
        (folder, database)
    }

    async fn noted(database: &Database) -> i64 {
        let count = Statement::from_string(DatabaseBackend::Sqlite, "SELECT count(*) FROM notes");
        database.executor().query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    /// Holds the writer's turn while all of them are asked for, so that they certainly come together.
    async fn at_once(database: &Database, numbers: &[i64]) -> Vec<Result<bool, StoreError>> {
        let turn = database.begin().await.unwrap();
        let asked = join_all(numbers.iter().map(|number| database.together(Note(*number))));
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
        let (_folder, database) = notebook().await;
        let answers = at_once(&database, &[1, 2, 2, 3, 1]).await;
        let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [true, true, false, true, false]);
        assert_eq!(noted(&database).await, 3);
    }

    #[tokio::test]
    async fn one_that_fails_does_not_take_the_others_along() {
        let (_folder, database) = notebook().await;
        let answers = at_once(&database, &[1, 2, -1, 3]).await;
        let answers: Vec<Option<bool>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(true), Some(true), None, Some(true)]);
        assert_eq!(noted(&database).await, 3);
    }

    #[tokio::test]
    async fn one_that_panics_does_not_end_the_writer() {
        let (_folder, database) = notebook().await;
        assert!(database.together(Note(-2)).await.is_err());
        assert!(database.together(Note(1)).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_went_away_before_its_turn_writes_nothing() {
        let (_folder, database) = notebook().await;
        let turn = database.begin().await.unwrap();
        // The writer waits for its turn with the first; the second waits behind it.
        let first = tokio::spawn({
            let database = database.clone();
            async move { database.together(Note(1)).await }
        });
        let second = tokio::spawn({
            let database = database.clone();
            async move { database.together(Note(2)).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        second.abort();
        assert!(second.await.is_err());
        turn.commit().await.unwrap();
        assert!(first.await.unwrap().unwrap());
        assert!(database.together(Note(3)).await.unwrap());
        assert_eq!(noted(&database).await, 2);
    }
}
