//! A proxy between the server and its database, which a test can cut or block.

use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Forwards all data until the test interrupts it.
pub struct DatabaseProxy {
    pub address: SocketAddr,
    target: String,
    link: watch::Sender<LinkState>,
    serving: JoinHandle<()>,
}

impl DatabaseProxy {
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = watch::Sender::new(LinkState { is_open: true, abandoned: 0 });
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(listener, target.to_owned(), link.subscribe()));
        Self { address, target: target.to_owned(), link, serving }
    }

    /// Breaks every connection and refuses new ones.
    pub async fn cut(&mut self) {
        self.serving.abort();
        // The listener and the connections are closed once the task has been dropped.
        (&mut self.serving).await.unwrap_err();
    }

    /// Accepts connections again.
    pub async fn restore(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = tokio::spawn(serve(listener, self.target.clone(), self.link.subscribe()));
    }

    /// Keeps and accepts connections, but forwards nothing.
    pub fn block(&self) {
        self.link.send_modify(|link| link.is_open = false);
    }

    /// Forwards the data that was held back.
    pub fn unblock(&self) {
        self.link.send_modify(|link| link.is_open = true);
    }

    /// Keeps the existing connections, but never forwards anything on them again; new ones work.
    pub fn abandon(&self) {
        self.link.send_modify(|link| link.abandoned += 1);
    }
}

/// State of the link.
struct LinkState {
    is_open: bool,
    /// Number of times that all connections were abandoned; those opened before the last time are dead.
    abandoned: usize,
}

async fn serve(listener: TcpListener, target: String, link: watch::Receiver<LinkState>) {
    let mut connections = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let (target, link) = (target.clone(), link.clone());
        let before = link.borrow().abandoned;
        connections.spawn(async move {
            let Ok(far) = TcpStream::connect(&target).await else { return };
            let (near, far) = (near.into_split(), far.into_split());
            tokio::select! {
                () = pass_on(near.0, far.1, link.clone(), before) => {}
                () = pass_on(far.0, near.1, link, before) => {}
            }
        });
    }
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut link: watch::Receiver<LinkState>,
    before: usize,
) {
    let passes = |link: &LinkState| link.is_open && link.abandoned == before;
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(size @ 1..) = from.read(&mut bytes).await {
        if link.wait_for(passes).await.is_err() || to.write_all(&bytes[..size]).await.is_err() {
            return;
        }
    }
}
