//! Idle timeout for client connections: the client has to send requests and to read the responses. One that does
//! neither would keep its place forever; unread data occupies the system's memory, and the response that it belongs to
//! ours.

use std::future::Future as _;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Count of the starts and ends of the requests on one connection, which are sequential: odd while one is in progress.
#[derive(Clone, Default)]
pub struct ConnectionActivity(Arc<AtomicU64>);

/// A request in progress; it ends when this is dropped.
pub struct ActiveRequest<'a>(&'a ConnectionActivity);

impl ConnectionActivity {
    /// Records the start of a request.
    pub fn begin_request(&self) -> ActiveRequest<'_> {
        self.record_transition();
        ActiveRequest(self)
    }

    // One task per connection: there are no concurrent increments.
    fn record_transition(&self) {
        self.0.store(self.transitions() + 1, Ordering::Relaxed);
    }

    fn transitions(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for ActiveRequest<'_> {
    fn drop(&mut self) {
        self.0.record_transition();
    }
}

/// A stream that fails once no write was possible for `idle_timeout`, or no request has started or ended and nothing
/// was written for one to two times `idle_timeout`: the end of a long response is sent after its request has ended.
/// Only an operation that has to wait starts a timer, and the read timer checks only on expiry whether there has been a
/// request meanwhile. A timer for every request would take the global timer lock, at a noticeable cost for a token
/// check.
pub struct IdleTimeoutStream<S> {
    stream: S,
    idle_timeout: Duration,
    write_timer: Option<Pin<Box<Sleep>>>,
    has_written: bool,
    activity: ConnectionActivity,
    read_timer: Option<ReadTimer>,
}

/// Timer for the next request, and the value of the counter when it was started.
struct ReadTimer {
    sleep: Pin<Box<Sleep>>,
    transitions: u64,
}

impl<S> IdleTimeoutStream<S> {
    /// Wraps `stream`. The client has `idle_timeout` to read something, and once to twice as long for its next request.
    pub fn new(stream: S, idle_timeout: Duration, activity: ConnectionActivity) -> Self {
        Self { stream, idle_timeout, write_timer: None, has_written: false, activity, read_timer: None }
    }

    fn with_write_timeout<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        let idle_timeout = self.idle_timeout;
        let waiting = self.write_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle_timeout)));
        waiting.as_mut().poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }

    /// Returns true if the time for the next request has expired.
    fn is_idle(&mut self, context: &mut Context<'_>) -> bool {
        let (idle_timeout, transitions) = (self.idle_timeout, self.activity.transitions());
        let read_timer = self.read_timer.get_or_insert_with(|| ReadTimer {
            sleep: Box::pin(tokio::time::sleep(idle_timeout)),
            transitions,
        });
        while read_timer.sleep.as_mut().poll(context).is_ready() {
            // While a request is in progress, the client has nothing to do.
            let is_answering = transitions % 2 == 1;
            let has_written = std::mem::take(&mut self.has_written);
            if !is_answering && !has_written && read_timer.transitions == transitions {
                return true;
            }
            read_timer.sleep.as_mut().reset(Instant::now() + idle_timeout);
            read_timer.transitions = transitions;
        }
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for IdleTimeoutStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && self.is_idle(context) {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for IdleTimeoutStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.has_written |= matches!(written, Poll::Ready(Ok(1..)));
        self.with_write_timeout(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.has_written |= matches!(written, Poll::Ready(Ok(1..)));
        self.with_write_timeout(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.with_write_timeout(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut_down = Pin::new(&mut self.stream).poll_shutdown(context);
        self.with_write_timeout(shut_down, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    fn connected() -> (DuplexStream, IdleTimeoutStream<DuplexStream>, ConnectionActivity) {
        let activity = ConnectionActivity::default();
        let (client, server) = duplex(64);
        (client, IdleTimeoutStream::new(server, IDLE_TIMEOUT, activity.clone()), activity)
    }

    async fn time_until_timeout(stream: &mut IdleTimeoutStream<DuplexStream>) -> Duration {
        let begun = Instant::now();
        let read = stream.read_u8().await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_for_nothing_is_given_up() {
        let (_client, mut stream, _) = connected();
        let waited = time_until_timeout(&mut stream).await;
        assert!(IDLE_TIMEOUT <= waited && waited < IDLE_TIMEOUT + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_letter_by_letter_wins_no_time() {
        let (mut client, mut stream, _) = connected();
        let begun = Instant::now();
        let dripping = async {
            loop {
                tokio::time::sleep(SECOND).await;
                client.write_u8(b'x').await.ok();
            }
        };
        let reading = async { while stream.read_u8().await.is_ok() {} };
        tokio::select! {
            () = reading => {}
            () = dripping => {}
        }
        assert!(begun.elapsed() < IDLE_TIMEOUT + SECOND, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_call_the_client_has_its_time_again() {
        let (_client, mut stream, activity) = connected();
        assert!(stream.read_u8().now_or_never().is_none());
        for _ in 0..3 {
            tokio::time::sleep(IDLE_TIMEOUT - SECOND).await;
            drop(activity.begin_request());
            assert!(stream.read_u8().now_or_never().is_none(), "too early");
        }
        let waited = time_until_timeout(&mut stream).await;
        assert!(IDLE_TIMEOUT <= waited && waited < IDLE_TIMEOUT * 2 + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_given_up_while_the_answer_is_being_made() {
        let (_client, mut stream, activity) = connected();
        let request = activity.begin_request();
        let read = tokio::time::timeout(IDLE_TIMEOUT * 5, stream.read_u8()).await;
        assert!(read.is_err());
        drop(request);
        let waited = time_until_timeout(&mut stream).await;
        assert!(waited < IDLE_TIMEOUT * 2 + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_given_up_who_takes_a_long_answer_bit_by_bit() {
        let (mut client, mut stream, activity) = connected();
        drop(activity.begin_request());
        for _ in 0..10 {
            tokio::time::sleep(IDLE_TIMEOUT / 2).await;
            stream.write_all(&[0; 32]).await.unwrap();
            client.read_exact(&mut [0; 32]).await.unwrap();
            assert!(stream.read_u8().now_or_never().is_none(), "in the middle of the answer");
        }
        let waited = time_until_timeout(&mut stream).await;
        assert!(waited < IDLE_TIMEOUT * 2 + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn to_flush_what_was_written_before_wins_no_time() {
        let (_client, mut stream, activity) = connected();
        drop(activity.begin_request());
        stream.write_all(&[0; 32]).await.unwrap();
        let begun = Instant::now();
        while begun.elapsed() < IDLE_TIMEOUT * 2 + 2 * SECOND {
            tokio::time::sleep(SECOND).await;
            stream.flush().await.unwrap();
            if let Some(read) = stream.read_u8().now_or_never() {
                assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
                return;
            }
        }
        panic!("it is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (_client, mut stream, _) = connected();
        let begun = Instant::now();
        let written = stream.write_all(&[0; 1000]).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() >= IDLE_TIMEOUT);
    }
}
