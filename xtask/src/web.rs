//! Networking helpers of the commands: free ports, and HTTP requests to local servers.

use crate::failure::{Context, Outcome};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Returns a port that is currently free.
pub fn spare_port() -> Outcome<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
    Ok(listener.local_addr().context("find a free port")?.port())
}

/// Returns `true` if a process already listens on this port of this machine.
pub fn is_taken(port: u16) -> bool {
    let taken = |address: SocketAddr| {
        TcpListener::bind(address).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
    };
    taken((Ipv4Addr::LOCALHOST, port).into()) || taken((Ipv6Addr::LOCALHOST, port).into())
}

/// Returns `true` if `GET http://localhost:port/path` returns status 200.
pub fn answers(port: u16, path: &str) -> bool {
    let Ok(mut addresses) = ("localhost", port).to_socket_addrs() else { return false };
    addresses.any(|address| ask(address, path).is_ok_and(|status| status == *b"HTTP/1.1 200"))
}

/// Returns the response body of `GET http://127.0.0.1:port/path`; `headers` end with a line break.
pub fn body(port: u16, path: &str, headers: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let missing = || std::io::Error::other("the answer has no body");
    Ok(answer.split_once("\r\n\r\n").ok_or_else(missing)?.1.to_owned())
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<[u8; 12]> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let port = address.port();
    // One write: a server that responds to the first one and closes would break the connection for the next.
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn server(answer: &'static [u8]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _length = stream.read(&mut request).unwrap();
            stream.write_all(answer).unwrap();
        });
        port
    }

    #[test]
    fn only_success_counts_as_an_answer() {
        assert!(answers(server(b"HTTP/1.1 200 OK\r\n\r\n"), "/"));
        assert!(!answers(server(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"), "/"));
        assert!(!answers(server(b""), "/"));
        assert!(!answers(spare_port().unwrap(), "/"));
    }

    #[test]
    fn a_port_in_use_is_noticed() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(is_taken(port));
        drop(listener);
        assert!(!is_taken(port));
    }
}
