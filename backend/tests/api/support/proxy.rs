//! A proxy that a test can cut or block: the network between the server and its database.

use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Passes on what comes, until it is told not to.
pub struct Proxy {
    pub address: SocketAddr,
    target: String,
    passes: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Proxy {
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, passes) = (listener.local_addr().unwrap(), watch::Sender::new(true));
        let serving = tokio::spawn(serve(listener, target.to_owned(), passes.subscribe()));
        Self { address, target: target.to_owned(), passes, serving }
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
        self.serving = tokio::spawn(serve(listener, self.target.clone(), self.passes.subscribe()));
    }

    /// Connections stay and are taken, but nothing gets through.
    pub fn block(&self) {
        self.passes.send_replace(false);
    }

    /// What was held back gets through.
    pub fn unblock(&self) {
        self.passes.send_replace(true);
    }
}

async fn serve(listener: TcpListener, target: String, passes: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let (target, passes) = (target.clone(), passes.clone());
        connections.spawn(async move {
            let Ok(far) = TcpStream::connect(&target).await else { return };
            let (near, far) = (near.into_split(), far.into_split());
            tokio::select! {
                () = pass_on(near.0, far.1, passes.clone()) => {}
                () = pass_on(far.0, near.1, passes) => {}
            }
        });
    }
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut passes: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(size @ 1..) = from.read(&mut bytes).await {
        if passes.wait_for(|passes| *passes).await.is_err() || to.write_all(&bytes[..size]).await.is_err() {
            return;
        }
    }
}
