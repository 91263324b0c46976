//! A bare connection, for what no client would send.

use crate::support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Longer than anything here takes; only a failure waits for it.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct RawConnection(TcpStream);

impl RawConnection {
    pub async fn to(app: &TestApp) -> Self {
        Self(TcpStream::connect(app.address()).await.unwrap())
    }

    /// One on which the system keeps hardly anything of what comes.
    pub async fn narrow(app: &TestApp) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self(socket.connect(app.address()).await.unwrap())
    }

    /// Whether the other side still takes it.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Everything that comes until the other side closes the connection.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(TIMEOUT, self.0.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "the connection stays open: {}", String::from_utf8_lossy(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The first bytes of what comes.
    pub async fn some(&mut self) -> String {
        let mut bytes = vec![0; 4096];
        let size = tokio::time::timeout(TIMEOUT, self.0.read(&mut bytes)).await.unwrap().unwrap();
        String::from_utf8_lossy(&bytes[..size]).into_owned()
    }
}

/// What is answered to these bytes, until the connection ends.
pub async fn answered(app: &TestApp, bytes: impl AsRef<[u8]>) -> String {
    let mut connection = RawConnection::to(app).await;
    connection.send(bytes).await;
    connection.rest().await
}

/// The status of each answer.
pub fn statuses(answers: &str) -> Vec<u16> {
    let heads = answers.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}
