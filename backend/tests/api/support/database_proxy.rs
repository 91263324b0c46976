//! A proxy that a test can cut or block: the network between the server and its database.

use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Passes on what comes, until it is told not to.
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

    /// Every connection breaks, and no new one is taken.
    pub async fn cut(&mut self) {
        self.serving.abort();
        // The listener and the connections are closed once the task has been dropped.
        (&mut self.serving).await.unwrap_err();
    }

    /// Takes connections again.
    pub async fn restore(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = tokio::spawn(serve(listener, self.target.clone(), self.link.subscribe()));
    }

    /// Connections stay and are taken, but nothing gets through.
    pub fn block(&self) {
        self.link.send_modify(|link| link.is_open = false);
    }

    /// What was held back gets through.
    pub fn unblock(&self) {
        self.link.send_modify(|link| link.is_open = true);
    }

    /// The connections that there are stay, and nothing will ever get through them; new ones work.
    pub fn abandon(&self) {
        self.link.send_modify(|link| link.abandoned += 1);
    }
}

/// What gets through.
struct LinkState {
    is_open: bool,
    /// How often all connections were abandoned: those that are older than the last time are dead.
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
