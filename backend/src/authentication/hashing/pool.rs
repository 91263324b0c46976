//! Thread pool for CPU-bound work: a few threads of one kind behind a bounded queue.
//!
//! On the blocking threads of the async runtime, a flood of sign-ins would take gigabytes and make every other request
//! wait.

use crate::traces;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Maximum number of queued requests per thread, however fast it is: each of them takes memory while it waits.
const QUEUE_PER_THREAD: usize = 1024;

/// Reason for not finishing a job.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// All threads are busy, and would be for longer than the maximum wait.
    #[error("the threads are busy")]
    Overloaded,
    /// The job panicked, or no thread is alive.
    #[error("the job was not finished")]
    Failed,
}

/// Specification of the threads for one kind of work.
pub(super) struct WorkerSpec {
    /// Prefix of the threads' names.
    pub name: &'static str,
    /// Name of the trace span while a job is queued.
    pub waiting: &'static str,
    /// Name of the trace span while it runs.
    pub working: &'static str,
    /// Increment of nice(2) for the threads: a request that only checks a token runs before them, and on an otherwise
    /// idle machine they lose nothing.
    pub nice: i32,
}

/// Closure that a thread runs; with `None` instead of its state it only reports that there was no time. Returns whether
/// the job was done.
type Task<S> = Box<dyn FnOnce(Option<&mut S>) -> bool + Send>;

struct Job<S> {
    queued_at: Instant,
    work: Task<S>,
}

/// Load and speed of the pool.
struct PoolLoad {
    threads: usize,
    /// Number of running threads.
    alive: AtomicUsize,
    max_wait: Duration,
    waiting: AtomicUsize,
    /// Running mean of the time of one job, in nanoseconds; 0 until the first is done.
    mean_job_time: AtomicU64,
    counts: PoolTotals,
}

/// Totals since the start.
#[derive(Default)]
struct PoolTotals {
    done: AtomicU64,
    refused: AtomicU64,
    waited_micros: AtomicU64,
}

/// State of the pool and its totals since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolCounts {
    /// Requests that are queued.
    pub waiting: usize,
    /// Jobs that were done.
    pub done: u64,
    /// Jobs that were refused because there was no time or no room for them.
    pub refused: u64,
    /// Total time that started jobs had been queued.
    pub waited: Duration,
}

impl PoolLoad {
    fn new(threads: usize, max_wait: Duration) -> Self {
        Self {
            threads: threads.max(1),
            alive: AtomicUsize::new(0),
            max_wait,
            waiting: AtomicUsize::new(0),
            mean_job_time: AtomicU64::new(0),
            counts: PoolTotals::default(),
        }
    }

    /// Returns the expected wait of a job that is queued now; zero before the first job is done.
    fn expected_wait(&self) -> Duration {
        let ahead = self.waiting.load(Ordering::Relaxed) / self.threads;
        let mean_job_time = Duration::from_nanos(self.mean_job_time.load(Ordering::Relaxed));
        mean_job_time.saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX))
    }

    /// Returns whether a new job is expected to start in time. One that is not is refused at once: waiting for a
    /// refusal helps nobody.
    fn has_time(&self) -> bool {
        self.expected_wait() <= self.max_wait
    }

    fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let mean = |before: u64| if before == 0 { took } else { before - before / 8 + took / 8 };
        let _always_stored =
            self.mean_job_time
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| Some(mean(before)));
    }
}

impl PoolTotals {
    fn begun(&self, waited: Duration, in_time: bool) {
        if in_time {
            let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
            self.waited_micros.fetch_add(micros, Ordering::Relaxed);
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Guard that counts a running thread for as long as it lives.
struct RunningThread(Arc<PoolLoad>);

impl RunningThread {
    fn count(load: &Arc<PoolLoad>) -> Self {
        load.alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(load))
    }
}

impl Drop for RunningThread {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Handle to the threads of one kind. They end when the last handle is dropped.
pub(super) struct Workers<S: 'static> {
    spec: &'static WorkerSpec,
    queue: SyncSender<Job<S>>,
    load: Arc<PoolLoad>,
}

impl<S: 'static> Clone for Workers<S> {
    fn clone(&self) -> Self {
        Self { spec: self.spec, queue: self.queue.clone(), load: Arc::clone(&self.load) }
    }
}

impl<S: 'static> Workers<S> {
    /// Starts the threads. Each keeps a state of its own from job to job, which `create_state` returns.
    pub fn start(
        spec: &'static WorkerSpec,
        threads: usize,
        max_wait: Duration,
        create_state: impl Fn() -> S + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(threads.saturating_mul(QUEUE_PER_THREAD));
        let (jobs, load) = (Arc::new(Mutex::new(jobs)), Arc::new(PoolLoad::new(threads, max_wait)));
        for index in 0..threads {
            let (jobs, alive) = (Arc::clone(&jobs), RunningThread::count(&load));
            let create_state = create_state.clone();
            std::thread::Builder::new()
                .name(format!("{}-{index}", spec.name))
                .spawn(move || serve(spec, &jobs, &alive.0, create_state))?;
        }
        Ok(Self { spec, queue, load })
    }

    /// Returns whether any thread is alive.
    pub fn is_alive(&self) -> bool {
        self.load.alive.load(Ordering::Relaxed) > 0
    }

    /// Returns the state of the pool and its totals.
    pub fn counts(&self) -> PoolCounts {
        let PoolTotals { done, refused, waited_micros } = &self.load.counts;
        PoolCounts {
            waiting: self.load.waiting.load(Ordering::Relaxed),
            done: done.load(Ordering::Relaxed),
            refused: refused.load(Ordering::Relaxed),
            waited: Duration::from_micros(waited_micros.load(Ordering::Relaxed)),
        }
    }

    /// Returns the expected wait of a new request for a thread.
    pub fn expected_wait(&self) -> Duration {
        self.load.expected_wait()
    }

    /// Runs `work` on one of the threads. Fails if the queue is full, the wait would be or was too long, or the job
    /// panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        if !self.load.has_time() {
            self.load.counts.refused.fetch_add(1, Ordering::Relaxed);
            return Err(PoolError::Overloaded);
        }
        let (answer, answered) = oneshot::channel();
        let (waiting, working) = (traces::child_span(self.spec.waiting), self.spec.working);
        let work = Box::new(move |state: Option<&mut S>| {
            // The caller has been dropped, so the result is not needed.
            if answer.is_closed() {
                return false;
            }
            let done = state.map(|state| {
                let _step = waiting.then(working);
                work(state)
            });
            let is_done = done.is_some();
            answer.send(done.ok_or(PoolError::Overloaded)).is_ok() && is_done
        });
        self.load.waiting.fetch_add(1, Ordering::Relaxed);
        match self.queue.try_send(Job { queued_at: Instant::now(), work }) {
            Ok(()) => answered.await.unwrap_or(Err(PoolError::Failed)),
            Err(error) => {
                self.load.waiting.fetch_sub(1, Ordering::Relaxed);
                self.load.counts.refused.fetch_add(1, Ordering::Relaxed);
                Err(match error {
                    TrySendError::Full(_) => PoolError::Overloaded,
                    TrySendError::Disconnected(_) => PoolError::Failed,
                })
            }
        }
    }
}

fn serve<S>(
    spec: &WorkerSpec,
    jobs: &Mutex<Receiver<Job<S>>>,
    load: &PoolLoad,
    create_state: impl Fn() -> S,
) {
    lower_priority(spec.nice);
    let mut state = create_state();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        load.waiting.fetch_sub(1, Ordering::Relaxed);
        let begun = Instant::now();
        let waited = begun.duration_since(job.queued_at);
        let in_time = waited <= load.max_wait;
        load.counts.begun(waited, in_time);
        let work = AssertUnwindSafe(|| (job.work)(in_time.then_some(&mut state)));
        match catch_unwind(work) {
            Ok(true) => {
                load.note(begun.elapsed());
                load.counts.done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(false) => {}
            // A panic fails only its own job, but may have left the state inconsistent: a new one replaces it.
            Err(_panic) => state = create_state(),
        }
    }
}

/// Lowers the priority of the current thread. Only on Linux, where a thread has its own priority; elsewhere this would
/// slow the whole server.
fn lower_priority(steps: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(steps) {
        tracing::debug!(%error, "The threads for passwords keep the priority of the others");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = steps;
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTING: WorkerSpec =
        WorkerSpec { name: "counting", waiting: "wait for a thread that counts", working: "count", nice: 0 };

    fn pool(threads: usize, max_wait: Duration) -> Workers<u32> {
        Workers::start(&COUNTING, threads, max_wait, || 0).unwrap()
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_job_alone_and_the_thread_goes_on_with_a_new_state() {
        let pool = pool(1, Duration::from_secs(60));
        let count = |state: &mut u32| {
            *state += 1;
            *state
        };
        assert_eq!([pool.run(count).await.unwrap(), pool.run(count).await.unwrap()], [1, 2]);
        for _ in 0..3 {
            let panicked = pool.run(|state: &mut u32| {
                *state = 100;
                panic!("a panic that a test asked for");
            });
            let panicked: Result<(), _> = panicked.await;
            assert!(matches!(panicked, Err(PoolError::Failed)), "{panicked:?}");
            assert!(pool.is_alive());
            assert_eq!(pool.run(count).await.unwrap(), 1);
        }
        // The last job is counted a moment after its response.
        while pool.counts().done < 5 {
            std::thread::yield_now();
        }
        assert_eq!((pool.counts().waiting, pool.counts().done), (0, 5));
    }

    #[test]
    fn it_is_known_when_no_thread_is_left() {
        let pool = pool(2, Duration::from_secs(60));
        assert!(pool.is_alive());
        let Workers { queue, load, spec } = pool;
        // Threads end when the queue has no sender any more.
        drop(queue);
        while load.alive.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        let (queue, _) = sync_channel(1);
        assert!(!Workers::<u32> { queue, load, spec }.is_alive());
    }

    #[tokio::test]
    async fn work_is_done_on_the_pools_own_threads() {
        let name =
            pool(1, Duration::from_secs(60)).run(|_| std::thread::current().name().map(str::to_owned)).await;
        assert_eq!(name.unwrap().as_deref(), Some("counting-0"));
    }

    #[test]
    fn a_wait_that_would_be_too_long_is_foreseen() {
        let load = PoolLoad::new(2, Duration::from_secs(5));
        let has_time = |waiting| {
            load.waiting.store(waiting, Ordering::Relaxed);
            load.has_time()
        };
        // Before the first hash, the time of one is not known.
        assert!(has_time(1_000_000));
        load.note(Duration::from_millis(10));
        assert!(has_time(1_000));
        assert!(!has_time(1_002));
        for _ in 0..100 {
            load.note(Duration::from_millis(20));
        }
        assert!(has_time(500), "{:?}", load.mean_job_time);
        assert!(!has_time(504), "{:?}", load.mean_job_time);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        let pool = pool(1, Duration::ZERO);
        let (release, held) = std::sync::mpsc::channel::<()>();
        // The thread is blocked until the second job has certainly waited for more than zero.
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
        // One job may run already, the rest fill the queue.
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
