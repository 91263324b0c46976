//! The hashing pool: a few threads, each with a memory block of its own, behind a queue that is bounded.
//!
//! On the runtime's blocking threads a flood of sign-ins would take gigabytes and make every other request wait.

use super::hash::Memory;
use crate::config;
use crate::traces;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How many requests may wait for each thread, however fast it is: each of them takes memory while it waits.
const QUEUE_PER_THREAD: usize = 1024;

/// How far the hashing threads stand back, in steps of nice(2): a request that only checks a token is let through at once,
/// and on a machine that has nothing else to do they lose nothing.
#[cfg(target_os = "linux")]
const STAND_BACK: i32 = 10;

/// All hashing threads are busy, and would be for longer than a request may wait.
#[derive(Debug, thiserror::Error)]
#[error("the hashing threads are busy")]
pub struct Overloaded;

/// What a thread does; without memory it only says that there was no time. Whether it was done.
type Work = Box<dyn FnOnce(Option<&mut Memory>) -> bool + Send>;

struct Job {
    queued_at: Instant,
    work: Work,
}

/// How much there is to do, and how fast it gets done.
struct Load {
    threads: usize,
    max_wait: Duration,
    waiting: AtomicUsize,
    /// The running mean of what one job takes, in nanoseconds; 0 until the first is done.
    pace: AtomicU64,
    counts: Counts,
}

/// What has been done since the start.
#[derive(Default)]
struct Counts {
    done: AtomicU64,
    refused: AtomicU64,
    waited_micros: AtomicU64,
}

/// How the pool stands, and what it has done since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolCounts {
    /// Requests that wait for a thread.
    pub waiting: usize,
    /// Passwords that were hashed.
    pub done: u64,
    /// Passwords that nobody had time to hash.
    pub refused: u64,
    /// How long those that were begun had waited, together.
    pub waited: Duration,
}

impl Load {
    fn new(config: &config::Passwords) -> Self {
        let (waiting, pace) = (AtomicUsize::new(0), AtomicU64::new(0));
        let counts = Counts::default();
        Self { threads: config.threads.max(1), max_wait: config.max_wait, waiting, pace, counts }
    }

    /// How long a job that is queued now will probably wait; nothing before the first hash is done.
    fn expected_wait(&self) -> Duration {
        let ahead = self.waiting.load(Ordering::Relaxed) / self.threads;
        let pace = Duration::from_nanos(self.pace.load(Ordering::Relaxed));
        pace.saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX))
    }

    /// Whether it will probably be begun in time. One that will not is refused at once: waiting for a refusal helps
    /// nobody.
    fn has_time(&self) -> bool {
        self.expected_wait() <= self.max_wait
    }

    fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let mean = |before: u64| if before == 0 { took } else { before - before / 8 + took / 8 };
        let _always_stored =
            self.pace.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| Some(mean(before)));
    }
}

impl Counts {
    fn begun(&self, waited: Duration, in_time: bool) {
        if in_time {
            let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
            self.waited_micros.fetch_add(micros, Ordering::Relaxed);
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The hashing threads. They end when the last handle to the pool is dropped.
#[derive(Clone)]
pub struct Pool {
    queue: SyncSender<Job>,
    load: Arc<Load>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(config: &config::Passwords) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(config.threads.saturating_mul(QUEUE_PER_THREAD));
        let (jobs, load) = (Arc::new(Mutex::new(jobs)), Arc::new(Load::new(config)));
        for index in 0..config.threads {
            let (jobs, load) = (Arc::clone(&jobs), Arc::clone(&load));
            std::thread::Builder::new()
                .name(format!("hashing-{index}"))
                .spawn(move || serve(&jobs, &load))?;
        }
        Ok(Self { queue, load })
    }

    /// How it stands.
    pub fn counts(&self) -> PoolCounts {
        let Counts { done, refused, waited_micros } = &self.load.counts;
        PoolCounts {
            waiting: self.load.waiting.load(Ordering::Relaxed),
            done: done.load(Ordering::Relaxed),
            refused: refused.load(Ordering::Relaxed),
            waited: Duration::from_micros(waited_micros.load(Ordering::Relaxed)),
        }
    }

    /// How long a request that comes now will probably wait for a thread.
    pub fn expected_wait(&self) -> Duration {
        self.load.expected_wait()
    }

    /// Runs `work` on one of the threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        if !self.load.has_time() {
            self.load.counts.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Overloaded);
        }
        let (answer, answered) = oneshot::channel();
        let waiting = traces::step("wait for a hashing thread");
        let work = Box::new(move |memory: Option<&mut Memory>| {
            // A caller that has gone away needs no hash; one that waited too long gets none.
            let memory = memory.filter(|_| !answer.is_closed());
            memory.is_some_and(|memory| {
                let hashing = waiting.then("hash the password");
                let done = work(memory);
                drop(hashing);
                answer.send(done).is_ok()
            })
        });
        self.load.waiting.fetch_add(1, Ordering::Relaxed);
        match self.queue.try_send(Job { queued_at: Instant::now(), work }) {
            Ok(()) => answered.await.map_err(|_| Overloaded),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.load.waiting.fetch_sub(1, Ordering::Relaxed);
                self.load.counts.refused.fetch_add(1, Ordering::Relaxed);
                Err(Overloaded)
            }
        }
    }
}

fn serve(jobs: &Mutex<Receiver<Job>>, load: &Load) {
    stand_back();
    let mut memory = Memory::not_yet_taken();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        load.waiting.fetch_sub(1, Ordering::Relaxed);
        let begun = Instant::now();
        let waited = begun.duration_since(job.queued_at);
        let in_time = waited <= load.max_wait;
        load.counts.begun(waited, in_time);
        if (job.work)(in_time.then_some(&mut memory)) {
            load.note(begun.elapsed());
            load.counts.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// On Linux a thread has a priority of its own; elsewhere this would slow the whole server.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(STAND_BACK) {
        tracing::debug!(%error, "The hashing threads keep the priority of the others");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize, max_wait: Duration) -> Pool {
        Pool::start(&config::Passwords { threads, max_wait }).unwrap()
    }

    #[tokio::test]
    async fn work_is_done_on_the_pools_own_threads() {
        let name =
            pool(1, Duration::from_secs(60)).run(|_| std::thread::current().name().map(str::to_owned)).await;
        assert_eq!(name.unwrap().as_deref(), Some("hashing-0"));
    }

    #[test]
    fn a_wait_that_would_be_too_long_is_foreseen() {
        let load = Load::new(&config::Passwords { threads: 2, max_wait: Duration::from_secs(5) });
        let has_time = |waiting| {
            load.waiting.store(waiting, Ordering::Relaxed);
            load.has_time()
        };
        // Before the first hash nobody knows how long one takes.
        assert!(has_time(1_000_000));
        load.note(Duration::from_millis(10));
        assert!(has_time(1_000));
        assert!(!has_time(1_002));
        for _ in 0..100 {
            load.note(Duration::from_millis(20));
        }
        assert!(has_time(500), "{:?}", load.pace);
        assert!(!has_time(504), "{:?}", load.pace);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        let pool = pool(1, Duration::ZERO);
        let (release, held) = std::sync::mpsc::channel::<()>();
        // The thread is held until the second job has certainly waited for more than nothing.
        let first = pool.run(move |_| held.recv());
        let second = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            release.send(()).ok();
        };
        let (first, third, ()) = tokio::join!(first, pool.run(|_| ()), second);
        assert!(third.is_err());
        drop(first);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let pool = pool(1, Duration::from_secs(60));
        let (release, held) = std::sync::mpsc::channel::<()>();
        let holder = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move |_| held.recv().is_ok()).await }
        });
        let mut waiting = Vec::new();
        // One job may be on the thread already, the rest fill the queue.
        for _ in 0..QUEUE_PER_THREAD + 2 {
            let pool = pool.clone();
            waiting.push(tokio::spawn(async move { pool.run(|_| ()).await }));
        }
        tokio::task::yield_now().await;
        while !waiting.iter().any(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        release.send(()).unwrap();
        assert!(holder.await.unwrap().is_ok());
        let mut refused = 0;
        for job in waiting {
            refused += usize::from(job.await.unwrap().is_err());
        }
        assert!(refused >= 1, "the queue is bounded");
        assert!(refused <= 3, "those that found a place were served: {refused} refused");
    }
}
