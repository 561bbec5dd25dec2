//! HTTP/1.1 (RFC 9112), over TLS where the address says so: forms that are
//! sent, files that are fetched.

mod answer;
mod connection;
mod dns;
mod resolve;
mod tls;
mod turn;
mod url;

use crate::waits::Wait;
use answer::{Answer, Reader};
use connection::{Connection, Patience};
use glowplug::action::Post;
use glowplug::error::{Error, Result};
use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};
pub(crate) use turn::Turn;
use url::Url;

/// How often an answer may lead elsewhere.
const REDIRECTS: usize = 5;

/// Between two tries of a form.
const PAUSE: Duration = Duration::from_secs(3);

/// Why a request has not been answered as it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No answer, or none that makes sense.
    Io(io::Error),
    /// An answer with this status.
    Status(u16),
}

impl Failure {
    /// Whether another try would end the same way: the server has understood
    /// the request and has nothing to give.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Io(error) => error.kind() == io::ErrorKind::InvalidInput,
            Self::Status(status) => (400..500).contains(status) && !matches!(status, 408 | 425 | 429),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => f.write_str(&cause(error)),
            Self::Status(status) => write!(f, "the server answers {status}"),
        }
    }
}

/// An error of the standard library as a clause: without its number.
pub(crate) fn cause(error: &io::Error) -> String {
    if let Some(why) = tls::cause(error) {
        return why;
    }
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or_default().into()
}

/// An address for messages: without what may be secret in it.
pub(crate) fn shown(url: &str) -> String {
    Url::shown(url)
}

/// How long a name's address is looked for where nothing waits for an answer.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Whether a host has an address.
pub(crate) fn resolves(host: &str) -> bool {
    let _wait = Wait::begin(&format!("for the address of {host}"));
    let patience =
        |turn: Turn| Patience { silence: LOOK_UP, deadline: turn.deadline.min(Instant::now() + LOOK_UP) };
    Turn::begin().is_ok_and(|turn| resolve::addresses(host, patience(turn)).is_ok())
}

/// Sends a form as often as it takes and there is time, with a pause between.
/// The error is that of the last try.
pub(crate) fn post(post: &Post) -> Result<()> {
    let body = encoded(&post.form);
    let failed = |why: &str| Error::new("post to", Url::shown(&post.url), why);
    let _wait = Wait::begin(&format!("for {}", Url::shown(&post.url)));
    let turn = Turn::begin().map_err(|why| failed(&cause(&why)))?;
    let silence = Duration::from_secs(post.timeout.into());
    let mut number = 1;
    loop {
        let patience = Patience { silence, deadline: turn.deadline.min(Instant::now() + silence) };
        let request = Request { body: Some(&body), headers: &[], limit: 0, patience };
        let Err(why) = request.follow(&post.url) else { return Ok(()) };
        if number >= post.tries || !turn.pause(PAUSE) {
            let tries = if number > 1 { format!(" ({number} tries)") } else { String::new() };
            return Err(failed(&format!("{why}{tries}")));
        }
        number += 1;
    }
}

/// Fetches what stands at `url`, `limit` bytes at most, `headers` sent with the
/// request. The server may be silent for `silence` at most, and all has to be
/// there at the `deadline`.
pub(crate) fn get(
    url: &str,
    headers: &[(String, String)],
    silence: Duration,
    limit: usize,
    deadline: Instant,
) -> std::result::Result<Vec<u8>, Failure> {
    Request { body: None, headers, limit, patience: Patience { silence, deadline } }.follow(url)
}

/// The form as `application/x-www-form-urlencoded`.
fn encoded(form: &[(String, String)]) -> String {
    let mut body = String::new();
    for (name, value) in form {
        for (text, end) in [(name, '='), (value, '&')] {
            for byte in text.bytes() {
                match byte {
                    b' ' => body.push('+'),
                    b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'.' | b'-' | b'~' => {
                        body.push(char::from(byte));
                    }
                    // Writing into a String does not fail.
                    _ => _ = write!(body, "%{byte:02X}"),
                }
            }
            body.push(end);
        }
    }
    body.pop();
    body
}

/// Whether what was asked for in secret would be asked for in public.
fn leaves_tls(from: &Url, to: &Url) -> bool {
    from.is_tls && !to.is_tls
}

/// What is sent to a server, and what it answers.
trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

#[derive(Clone)]
struct Request<'r> {
    /// A form to be sent; none: a file is wanted.
    body: Option<&'r str>,
    headers: &'r [(String, String)],
    /// Bytes of the answer that are wanted at most.
    limit: usize,
    patience: Patience,
}

impl Request<'_> {
    /// Asks, and after an answer that leads elsewhere asks there.
    fn follow(mut self, address: &str) -> std::result::Result<Vec<u8>, Failure> {
        let mut url = Url::parse(address)?;
        for _ in 0..=REDIRECTS {
            let answer = self.exchange(&url)?;
            match (answer.status, answer.location) {
                (200..=299, _) => return Ok(answer.body),
                (301 | 302 | 303 | 307 | 308, Some(location)) => {
                    if answer.status < 307 {
                        self.body = None;
                    }
                    let next = url.join(&location)?;
                    if leaves_tls(&url, &next) {
                        let why =
                            "the server leads from https to http, where everybody can read and change it";
                        return Err(io::Error::new(io::ErrorKind::InvalidInput, why).into());
                    }
                    if (&next.host, next.port, next.is_tls) != (&url.host, url.port, url.is_tls) {
                        // They may be a password of the first server.
                        self.headers = &[];
                    }
                    url = next;
                }
                (status, _) => return Err(Failure::Status(status)),
            }
        }
        Err(io::Error::other("the server leads elsewhere again and again").into())
    }

    fn exchange(&self, url: &Url) -> io::Result<Answer> {
        let socket = self.connect(url)?;
        let mut stream: Box<dyn Stream> =
            if url.is_tls { Box::new(tls::over(socket, &url.host)?) } else { Box::new(socket) };
        stream.write_all(self.text(url)?.as_bytes())?;
        stream.flush()?;
        Reader::new(&mut *stream).answer(self.limit)
    }

    /// The request as it is sent.
    fn text(&self, url: &Url) -> io::Result<String> {
        let mut request = match self.body {
            Some(body) => format!(
                "POST {} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                url.path,
                body.len()
            ),
            None => format!("GET {} HTTP/1.1\r\n", url.path),
        };
        // Writing into a String does not fail.
        let _ = write!(request, "Host: {}\r\nConnection: close\r\n", url.authority());
        let agent = concat!("glowplug/", env!("CARGO_PKG_VERSION"));
        for (name, value) in [("User-Agent", agent), ("Accept", "*/*")] {
            if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                let _ = write!(request, "{name}: {value}\r\n");
            }
        }
        if let Some(credentials) = &url.credentials {
            let _ = write!(request, "Authorization: Basic {credentials}\r\n");
        }
        for (name, value) in self.headers {
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
            if !is_name || value.contains(['\r', '\n', '\0']) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no header")));
            }
            let _ = write!(request, "{name}: {value}\r\n");
        }
        request.push_str("\r\n");
        request.push_str(self.body.unwrap_or_default());
        Ok(request)
    }

    fn connect(&self, url: &Url) -> io::Result<Connection> {
        let mut error = io::Error::other("the name has no address");
        for address in resolve::addresses(&url.host, self.patience)? {
            match Connection::to((address, url.port).into(), self.patience) {
                Ok(connection) => return Ok(connection),
                Err(why) => error = why,
            }
        }
        Err(error)
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

#[cfg(test)]
mod tests;
