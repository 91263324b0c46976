//! The hashing pool: a few threads, each with a memory block of its own, behind a queue that is bounded.
//!
//! On the runtime's blocking threads a flood of sign-ins would take gigabytes and make every other request wait.

use super::hash::BLOCKS;
use crate::config;
use argon2::Block;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How many requests may wait for each thread. At some 30 ms a hash this is about what `max_wait` lets through.
const QUEUE_PER_THREAD: usize = 256;

/// All hashing threads are busy, and would be for longer than a request may wait.
#[derive(Debug, thiserror::Error)]
#[error("the hashing threads are busy")]
pub struct Overloaded;

/// The memory block that a thread keeps and every hash overwrites.
pub struct Memory(Vec<Block>);

impl Memory {
    pub(super) fn allocate() -> Self {
        Self(vec![Block::default(); BLOCKS])
    }
}

impl AsMut<[Block]> for Memory {
    fn as_mut(&mut self) -> &mut [Block] {
        &mut self.0
    }
}

/// What a thread does; without memory it only says that there was no time.
type Work = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

struct Job {
    queued_at: Instant,
    work: Work,
}

/// The hashing threads. They end when the last handle to the pool is dropped.
#[derive(Clone)]
pub struct Pool {
    queue: SyncSender<Job>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(config: &config::Passwords) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(config.threads.saturating_mul(QUEUE_PER_THREAD));
        let jobs = Arc::new(Mutex::new(jobs));
        for index in 0..config.threads {
            let (jobs, max_wait) = (Arc::clone(&jobs), config.max_wait);
            std::thread::Builder::new()
                .name(format!("hashing-{index}"))
                .spawn(move || serve(&jobs, max_wait))?;
        }
        Ok(Self { queue })
    }

    /// Runs `work` on one of the threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |memory: Option<&mut Memory>| {
            // A caller that has gone away needs no hash; one that waited too long gets none.
            if let Some(memory) = memory.filter(|_| !answer.is_closed()) {
                let _ = answer.send(work(memory));
            }
        });
        match self.queue.try_send(Job { queued_at: Instant::now(), work }) {
            Ok(()) => answered.await.map_err(|_| Overloaded),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Overloaded),
        }
    }
}

fn serve(jobs: &Mutex<Receiver<Job>>, max_wait: Duration) {
    // Allocated at the first job: an idle server stays small.
    let mut memory = None;
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let in_time = job.queued_at.elapsed() <= max_wait;
        (job.work)(in_time.then(|| memory.get_or_insert_with(Memory::allocate)));
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
