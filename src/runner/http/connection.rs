//! A connection that ends in time: no read or write lasts longer than the other
//! side may be silent, and none begins after the deadline, so that a byte a
//! second does not last for ever. TLS is spoken over it.

use super::late;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Until when, and with what silences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Longest silence.
    pub(super) silence: Duration,
    pub(super) deadline: Instant,
}

impl Patience {
    /// How long the next step may take.
    pub(super) fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.checked_duration_since(Instant::now());
        let left = left.filter(|left| !left.is_zero()).ok_or_else(late)?;
        Ok(left.min(self.silence))
    }
}

/// A socket with its patience.
#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    patience: Patience,
}

impl Connection {
    pub(super) fn to(address: SocketAddr, patience: Patience) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, patience.left()?).map_err(timely)?;
        Ok(Self { socket, patience })
    }
}

impl Read for Connection {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.patience.left()?))?;
        self.socket.read(into).map_err(timely)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.patience.left()?))?;
        self.socket.write(bytes).map_err(timely)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// An error that tells of a timeout as one.
fn timely(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => late(),
        _ => error,
    }
}
