//! Batched reads: one statement for the rows of many concurrent requests instead of one for each.
//!
//! Every statement is a round trip to another thread or another process, and that costs more than finding a row by its
//! key. No read is delayed to fill a batch: those that arrive while two statements are in flight share the next one.

use super::database::Database;
use super::error::StoreError;
use super::statement_timeout::with_response_timeout;
use sea_orm::DbErr;
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Maximum number of keys per statement.
const MAX_BATCH: usize = 256;
/// Maximum number of concurrent statements: one that hangs must not block all reads.
const MAX_IN_FLIGHT: usize = 2;

/// A lookup of rows by their keys.
pub trait Lookup: Sized + 'static {
    /// The key of a row.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// The value found for a key.
    type Found: Clone + Send + 'static;

    /// Returns the rows that exist, in any order. A key may occur more than once in `keys`.
    fn look_up(db: &Database, keys: Vec<Self::Key>) -> impl Future<Output = LookupResult<Self>> + Send;
}

/// The result of a lookup: the keys that were found, with their values.
pub type LookupResult<L> = Result<Vec<(<L as Lookup>::Key, <L as Lookup>::Found)>, StoreError>;

type Responder<L> = oneshot::Sender<Result<Option<<L as Lookup>::Found>, StoreError>>;
type PendingRead<L> = (<L as Lookup>::Key, Responder<L>);

/// Looks up rows in batches.
pub struct BatchReader<L: Lookup>(mpsc::UnboundedSender<PendingRead<L>>);

impl<L: Lookup> BatchReader<L> {
    /// Starts the reader. Its task ends when this is dropped.
    pub fn new(database: &Database) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(run_reader::<L>(database.clone(), receiver));
        Self(sender)
    }

    /// Returns the value for this key as of the call or later, `None` if there is no such row; fails after
    /// `timeouts::RESPONSE`.
    pub async fn find(&self, key: L::Key) -> Result<Option<L::Found>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.0.send((key, answer)).map_err(|_| worker_gone())?;
        with_response_timeout(async { answered.await.unwrap_or_else(|_| Err(worker_gone())) }).await
    }
}

/// Returns the error for a lookup or a write that panicked; there is no other cause.
pub(super) fn worker_gone() -> StoreError {
    DbErr::Custom("whoever was to ask the database has gone".to_owned()).into()
}

async fn run_reader<L: Lookup>(database: Database, mut receiver: mpsc::UnboundedReceiver<PendingRead<L>>) {
    let in_flight = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
    loop {
        // The permit comes first: the batch then includes all reads that arrived while waiting for it.
        let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else { return };
        let mut batch = Vec::new();
        if receiver.recv_many(&mut batch, MAX_BATCH).await == 0 {
            return;
        }
        // Reads whose caller has gone or has timed out are dropped.
        batch.retain(|(_, answer)| !answer.is_closed());
        if batch.is_empty() {
            continue;
        }
        let database = database.clone();
        tokio::spawn(async move {
            answer_batch::<L>(&database, batch).await;
            drop(permit);
        });
    }
}

async fn answer_batch<L: Lookup>(database: &Database, batch: Vec<PendingRead<L>>) {
    match L::look_up(database, padded(batch.iter().map(|(key, _)| key.clone()).collect())).await {
        Ok(found) => {
            let found: HashMap<_, _> = found.into_iter().collect();
            for (key, answer) in batch {
                // Sending fails only if the caller has gone.
                let _gone_away = answer.send(Ok(found.get(&key).cloned()));
            }
        }
        Err(error) => {
            for ((_, answer), error) in batch.into_iter().zip(repeat_error(error)) {
                let _gone_away = answer.send(Err(error));
            }
        }
    }
}

/// Returns an error for each caller of a batch: the first gets the cause itself, the others its message.
pub(super) fn repeat_error(error: StoreError) -> impl Iterator<Item = StoreError> {
    let words = error.to_string();
    std::iter::once(error).chain(std::iter::repeat_with(move || DbErr::Custom(words.clone()).into()))
}

/// Pads the list to a power of two with its last item: only a few distinct statements remain, which stay prepared.
pub(super) fn padded<K: Clone>(mut keys: Vec<K>) -> Vec<K> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use crate::db::timeouts;
    use futures::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::Instant;

    /// Lookup in which even numbers exist, with their halves as values; 99 is a database error, 98 a panic.
    struct Halves;

    static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

    impl Lookup for Halves {
        type Key = u32;
        type Found = u32;
        async fn look_up(_: &Database, keys: Vec<u32>) -> Result<Vec<(u32, u32)>, StoreError> {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            assert!(!keys.contains(&98), "a panic that a test asked for");
            if keys.contains(&99) {
                return Err(DbErr::Custom("out of order".to_owned()).into());
            }
            Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key / 2)).collect())
        }
    }

    async fn database() -> Database {
        let memory = ("LATCHKEY_DATABASE__URL".to_owned(), "sqlite::memory:".to_owned());
        let config = from_pairs(None, [memory]).unwrap();
        Database::open(&config.database_url).await.unwrap()
    }

    async fn halves() -> BatchReader<Halves> {
        BatchReader::new(&database().await)
    }

    #[tokio::test]
    async fn each_gets_its_own_answer_and_many_share_a_statement() {
        let halves = halves().await;
        let answers = join_all((0..50).chain(0..50).map(|key| halves.find(key))).await;
        for (key, answer) in (0..50).chain(0..50).zip(answers) {
            assert_eq!(answer.unwrap(), (key % 2 == 0).then_some(key / 2), "{key}");
        }
        assert!(STATEMENTS.load(Ordering::Relaxed) < 50);
    }

    #[tokio::test]
    async fn a_fault_reaches_all_that_shared_it_and_nobody_after() {
        let halves = halves().await;
        for fault in [99, 98] {
            let answers = join_all([2, fault, 4].map(|key| halves.find(key))).await;
            assert!(answers.iter().all(Result::is_err), "{answers:?}");
            assert_eq!(halves.find(6).await.unwrap(), Some(3));
        }
    }

    /// A database that does not respond in time.
    struct Frozen;

    impl Lookup for Frozen {
        type Key = u32;
        type Found = ();
        async fn look_up(_: &Database, _: Vec<u32>) -> Result<Vec<(u32, ())>, StoreError> {
            tokio::time::sleep(timeouts::RESPONSE).await;
            Err(DbErr::Custom("frozen".to_owned()).into())
        }
    }

    #[tokio::test]
    async fn whoever_comes_to_a_frozen_database_waits_no_longer_than_the_first() {
        let frozen = BatchReader::<Frozen>::new(&database().await);
        tokio::time::pause();
        let waited = join_all((0..40).map(|number| {
            let frozen = &frozen;
            async move {
                tokio::time::sleep(timeouts::RESPONSE / 16 * number).await;
                let came = Instant::now();
                assert!(frozen.find(number).await.is_err());
                came.elapsed()
            }
        }));
        for waited in waited.await {
            assert!(waited < timeouts::RESPONSE + timeouts::RESPONSE / 16, "{waited:?}");
        }
    }

    #[test]
    fn there_are_few_lengths() {
        for (length, padded_to) in [(0, 0), (1, 1), (2, 2), (3, 4), (129, 256), (256, 256)] {
            assert_eq!(padded(vec![7; length]).len(), padded_to);
        }
    }
}
