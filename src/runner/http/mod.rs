//! A form sent by HTTP/1.1 (RFC 9112), over TLS where the address says so.

mod resolve;
mod tls;
mod url;

use glowplug::action::Post;
use glowplug::error::{Error, Result};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use url::Url;

/// Bytes of an answer's head at most.
const HEAD: usize = 64 << 10;

/// How often an answer may lead elsewhere.
const REDIRECTS: usize = 5;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(3);

/// Sends a form as often as it takes, with a pause between. The error is that
/// of the last try.
pub(crate) fn post(post: &Post) -> Result<()> {
    let body = encoded(&post.form);
    let mut error = None;
    for number in 0..post.tries.max(1) {
        if number > 0 {
            std::thread::sleep(PAUSE);
        }
        let deadline = Instant::now() + Duration::from_secs(post.timeout.into());
        match follow(&post.url, &body, deadline) {
            Ok(()) => return Ok(()),
            Err(why) => error = Some(why),
        }
    }
    let tries = if post.tries > 1 { format!(" ({} tries)", post.tries) } else { String::new() };
    let why = error.map(|error| error.to_string()).unwrap_or_default();
    Err(Error::new("post to", Url::shown(&post.url), why + &tries))
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

/// Sends the form, and after an answer that leads elsewhere asks there.
fn follow(address: &str, body: &str, deadline: Instant) -> io::Result<()> {
    let mut url = Url::parse(address)?;
    let mut body = Some(body);
    for _ in 0..=REDIRECTS {
        let answer = exchange(&url, body, deadline)?;
        match (answer.status, answer.location) {
            (200..=299, _) => return Ok(()),
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                if answer.status < 307 {
                    body = None;
                }
                url = url.join(&location)?;
            }
            (status, _) => return Err(io::Error::other(format!("the server answers {status}"))),
        }
    }
    Err(io::Error::other("the server leads elsewhere again and again"))
}

struct Answer {
    status: u16,
    location: Option<String>,
}

/// What is sent to a server, and what it answers.
trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

fn exchange(url: &Url, body: Option<&str>, deadline: Instant) -> io::Result<Answer> {
    let socket = connect(url, deadline)?;
    let timeouts = socket.try_clone()?;
    let mut stream: Box<dyn Stream> =
        if url.is_tls { Box::new(tls::over(socket, &url.host)?) } else { Box::new(socket) };
    let mut request = match body {
        Some(body) => format!(
            "POST {} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            url.path,
            body.len()
        ),
        None => format!("GET {} HTTP/1.1\r\n", url.path),
    };
    // Writing into a String does not fail.
    let _ = write!(
        request,
        "Host: {}\r\nUser-Agent: glowplug/{}\r\nAccept: */*\r\nConnection: close\r\n",
        url.authority(),
        env!("CARGO_PKG_VERSION")
    );
    if let Some(credentials) = &url.credentials {
        let _ = write!(request, "Authorization: Basic {credentials}\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body.unwrap_or_default());
    timeouts.set_write_timeout(Some(left(deadline)?))?;
    timeouts.set_read_timeout(Some(left(deadline)?))?;
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        timeouts.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(late()),
            Err(error) => return Err(error),
        }
        if head.len() > HEAD {
            return Err(io::Error::other("the server's answer has no end"));
        }
    }
    answer(&head).ok_or_else(|| io::Error::other("the server's answer is no HTTP"))
}

fn answer(head: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let location = lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_string())
    });
    Some(Answer { status, location })
}

fn connect(url: &Url, deadline: Instant) -> io::Result<TcpStream> {
    let mut error = io::Error::other("the name has no address");
    for address in resolve::addresses(&url.host, deadline)? {
        match TcpStream::connect_timeout(&(address, url.port).into(), left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(why) => error = why,
        }
    }
    Err(error)
}

/// What is left of the time.
fn left(deadline: Instant) -> io::Result<Duration> {
    deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or_else(late)
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

#[cfg(test)]
mod tests;
