//! What a server answers (RFC 9112 §4, §6, §7).

use super::Stream;
use glowplug::limits;
use std::io;

/// Bytes of an answer's head at most, and of one line between chunks.
const HEAD: usize = 64 << 10;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What the head says of the body.
#[derive(Default)]
struct Head {
    status: u16,
    location: Option<String>,
    length: Option<u64>,
    is_chunked: bool,
}

/// Reads an answer from a connection.
pub(super) struct Reader<'r> {
    stream: &'r mut dyn Stream,
    /// What was received and not yet taken.
    buffer: Vec<u8>,
}

impl<'r> Reader<'r> {
    /// `stream` gives up by itself when the time is over.
    pub(super) fn new(stream: &'r mut dyn Stream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The whole answer; of a good one the body too, `limit` bytes at most.
    pub(super) fn answer(&mut self, limit: usize) -> io::Result<Answer> {
        let mut head = self.head()?;
        // Answers that say another one comes.
        for _ in 0..limits::INTERIM_ANSWERS {
            if !(100..200).contains(&head.status) {
                break;
            }
            head = self.head()?;
        }
        if (100..200).contains(&head.status) {
            return Err(io::Error::other("the server's answer has no end"));
        }
        let mut answer = Answer { status: head.status, location: head.location, body: Vec::new() };
        if (200..300).contains(&head.status) && head.status != 204 && limit > 0 {
            answer.body = match head.length {
                _ if head.is_chunked => self.chunks(limit)?,
                Some(length) if length > limit as u64 => return Err(too_long(limit)),
                Some(length) => self.exactly(usize::try_from(length).unwrap_or(limit))?,
                None => self.rest(limit)?,
            };
        }
        Ok(answer)
    }

    fn head(&mut self) -> io::Result<Head> {
        let no_http = || io::Error::other("the server's answer is no HTTP");
        let text = self.until(b"\r\n\r\n", no_http)?;
        head(&String::from_utf8_lossy(&text)).ok_or_else(no_http)
    }

    /// Receives more; `false` at the end.
    fn more(&mut self) -> io::Result<bool> {
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.buffer.extend_from_slice(&piece[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            // Over TLS an end that is not announced may be somebody else's.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(torn()),
            Err(error) => Err(error),
        }
    }

    /// What comes before `mark`, which is taken too.
    fn until(&mut self, mark: &[u8], torn: impl Fn() -> io::Error) -> io::Result<Vec<u8>> {
        let mut from = 0;
        loop {
            let tail = self.buffer.get(from..).unwrap_or_default();
            if let Some(at) = tail.windows(mark.len()).position(|window| window == mark) {
                let rest = self.buffer.split_off(from + at + mark.len());
                let mut text = std::mem::replace(&mut self.buffer, rest);
                text.truncate(from + at);
                return Ok(text);
            }
            if self.buffer.len() > HEAD {
                return Err(io::Error::other("the server's answer has no end"));
            }
            from = self.buffer.len().saturating_sub(mark.len() - 1);
            if !self.more()? {
                return Err(torn());
            }
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.more()? {
                return Err(torn());
            }
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    fn rest(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() <= limit {
            if !self.more()? {
                return Ok(std::mem::take(&mut self.buffer));
            }
        }
        Err(too_long(limit))
    }

    fn chunks(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n", torn)?;
            let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            let length =
                str::from_utf8(digits).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
            let length = length.ok_or_else(|| io::Error::other("the server's answer has a broken chunk"))?;
            if length == 0 {
                return Ok(body);
            }
            if length > limit - body.len() {
                return Err(too_long(limit));
            }
            body.append(&mut self.exactly(length)?);
            self.until(b"\r\n", torn)?;
        }
    }
}

fn torn() -> io::Error {
    io::Error::other("the server's answer ends in the middle")
}

fn too_long(limit: usize) -> io::Error {
    io::Error::other(format!("the server's answer has more than {limit} bytes"))
}

fn head(text: &str) -> Option<Head> {
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let mut head = Head { status, ..Head::default() };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "location" => head.location = Some(value.into()),
            "content-length" => head.length = value.parse().ok(),
            "transfer-encoding" => head.is_chunked = value.to_ascii_lowercase().ends_with("chunked"),
            _ => {}
        }
    }
    Some(head)
}
