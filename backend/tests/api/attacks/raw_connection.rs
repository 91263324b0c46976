//! A raw TCP connection, for requests that no HTTP client would send.

use crate::support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Timeout, longer than anything here takes; only a failure reaches it.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct RawConnection(TcpStream);

impl RawConnection {
    pub async fn to(app: &TestApp) -> Self {
        Self(TcpStream::connect(app.address()).await.unwrap())
    }

    /// Opens a connection with a very small receive buffer.
    pub async fn narrow(app: &TestApp) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self(socket.connect(app.address()).await.unwrap())
    }

    /// Sends the bytes; returns `true` if the write succeeded.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Reads until the server closes the connection.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(TIMEOUT, self.0.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "the connection stays open: {}", String::from_utf8_lossy(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads the first bytes of the response.
    pub async fn some(&mut self) -> String {
        let mut bytes = vec![0; 4096];
        let size = tokio::time::timeout(TIMEOUT, self.0.read(&mut bytes)).await.unwrap().unwrap();
        String::from_utf8_lossy(&bytes[..size]).into_owned()
    }
}

/// Sends these bytes and returns everything received until the connection ends.
pub async fn answered(app: &TestApp, bytes: impl AsRef<[u8]>) -> String {
    let mut connection = RawConnection::to(app).await;
    connection.send(bytes).await;
    connection.rest().await
}

/// Returns the status of each response.
pub fn statuses(answers: &str) -> Vec<u16> {
    let heads = answers.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}
