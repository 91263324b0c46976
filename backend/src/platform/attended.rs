//! A connection whose client has to do its part: to ask for something, and to take what it is sent. A client that does
//! neither keeps its place without an end; and what is not taken lies in the system's memory, the answer that it belongs to
//! in ours.

use std::future::Future as _;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The calls of one connection, which come one after the other: as many as have begun and as have been answered.
#[derive(Clone, Default)]
pub struct Calls(Arc<AtomicU64>);

/// A call. It is answered when this goes out of scope.
pub struct Call<'a>(&'a Calls);

impl Calls {
    /// A call begins.
    pub fn begin(&self) -> Call<'_> {
        self.count();
        Call(self)
    }

    // One connection, one task: nobody else counts at the same time.
    fn count(&self) {
        self.0.store(self.counted() + 1, Ordering::Relaxed);
    }

    fn counted(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.count();
    }
}

/// Fails once nothing could be written for so long, or no call has begun and been answered, and nothing written, for once to
/// twice as long: the end of a long answer is sent after its call is over. What goes on at once costs nothing: only what waits is timed; and who waits for the next call looks only when the time is over
/// whether there has been one meanwhile. To time every call would take the lock of all timers, which a checked call would
/// feel.
pub struct Attended<S> {
    stream: S,
    patience: Duration,
    writing: Option<Pin<Box<Sleep>>>,
    has_written: bool,
    calls: Calls,
    asking: Option<Asking>,
}

/// The wait for the next call, and what had been counted when it began.
struct Asking {
    sleep: Pin<Box<Sleep>>,
    counted: u64,
}

impl<S> Attended<S> {
    /// Waits no longer than `patience` for the client to take something, and about as long for the next of its `calls`.
    pub fn new(stream: S, patience: Duration, calls: Calls) -> Self {
        Self { stream, patience, writing: None, has_written: false, calls, asking: None }
    }

    fn timed<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.writing.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        waiting.as_mut().poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }

    /// Whether the next call should have come by now.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let (patience, counted) = (self.patience, self.calls.counted());
        let asking = self
            .asking
            .get_or_insert_with(|| Asking { sleep: Box::pin(tokio::time::sleep(patience)), counted });
        while asking.sleep.as_mut().poll(context).is_ready() {
            // While one is being answered, the client has nothing to do.
            let is_answering = counted % 2 == 1;
            let has_written = std::mem::take(&mut self.has_written);
            if !is_answering && !has_written && asking.counted == counted {
                return true;
            }
            asking.sleep.as_mut().reset(Instant::now() + patience);
            asking.counted = counted;
        }
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Attended<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && self.is_late(context) {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Attended<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.has_written |= matches!(written, Poll::Ready(Ok(1..)));
        self.timed(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.has_written |= matches!(written, Poll::Ready(Ok(1..)));
        self.timed(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.timed(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut_down = Pin::new(&mut self.stream).poll_shutdown(context);
        self.timed(shut_down, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    const PATIENCE: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    fn connected() -> (DuplexStream, Attended<DuplexStream>, Calls) {
        let calls = Calls::default();
        let (client, server) = duplex(64);
        (client, Attended::new(server, PATIENCE, calls.clone()), calls)
    }

    async fn is_given_up(stream: &mut Attended<DuplexStream>) -> Duration {
        let begun = Instant::now();
        let read = stream.read_u8().await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_for_nothing_is_given_up() {
        let (_client, mut stream, _) = connected();
        let waited = is_given_up(&mut stream).await;
        assert!(PATIENCE <= waited && waited < PATIENCE + SECOND, "{waited:?}");
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
        assert!(begun.elapsed() < PATIENCE + SECOND, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_call_the_client_has_its_time_again() {
        let (_client, mut stream, calls) = connected();
        assert!(stream.read_u8().now_or_never().is_none());
        for _ in 0..3 {
            tokio::time::sleep(PATIENCE - SECOND).await;
            drop(calls.begin());
            assert!(stream.read_u8().now_or_never().is_none(), "too early");
        }
        let waited = is_given_up(&mut stream).await;
        assert!(PATIENCE <= waited && waited < PATIENCE * 2 + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_given_up_while_the_answer_is_being_made() {
        let (_client, mut stream, calls) = connected();
        let call = calls.begin();
        let read = tokio::time::timeout(PATIENCE * 5, stream.read_u8()).await;
        assert!(read.is_err());
        drop(call);
        let waited = is_given_up(&mut stream).await;
        assert!(waited < PATIENCE * 2 + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_given_up_who_takes_a_long_answer_bit_by_bit() {
        let (mut client, mut stream, calls) = connected();
        drop(calls.begin());
        for _ in 0..10 {
            tokio::time::sleep(PATIENCE / 2).await;
            stream.write_all(&[0; 32]).await.unwrap();
            client.read_exact(&mut [0; 32]).await.unwrap();
            assert!(stream.read_u8().now_or_never().is_none(), "in the middle of the answer");
        }
        let waited = is_given_up(&mut stream).await;
        assert!(waited < PATIENCE * 2 + SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn to_flush_what_was_written_before_wins_no_time() {
        let (_client, mut stream, calls) = connected();
        drop(calls.begin());
        stream.write_all(&[0; 32]).await.unwrap();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE * 2 + 2 * SECOND {
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
        assert!(begun.elapsed() >= PATIENCE);
    }
}
