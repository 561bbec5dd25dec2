//! What stands at an address, as often tried as it takes: `http://`,
//! `https://`, `file://` or a path.

use crate::http::{self, Failure, Turn};
use crate::input;
use crate::waits::Wait;
use std::io::{self, Read};
use std::time::Duration;

/// Between two tries, as cloud-init has it.
const PAUSE: Duration = Duration::from_secs(1);

/// Where something is fetched from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Source<'s> {
    /// Its address; without a scheme it is of HTTP, and a path where it begins
    /// with `/`.
    pub(crate) url: &'s str,
    /// Headers sent to a server, name and value.
    pub(crate) headers: &'s [(String, String)],
    /// How often it is tried, at least once. A server that answers that there
    /// is no such thing (4xx) is not asked again, nor one that has had
    /// [`limits::URL_SECONDS`](glowplug::limits::URL_SECONDS).
    pub(crate) tries: u32,
    /// Seconds a server may be silent.
    pub(crate) timeout: u32,
}

pub(crate) use crate::http::shown;

/// Fetches it, `limit` bytes at most; the error is the cause, a clause.
pub(crate) fn fetch(source: &Source<'_>, limit: usize) -> Result<Vec<u8>, String> {
    let url = source.url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if scheme.eq_ignore_ascii_case("file") || (scheme.is_empty() && url.starts_with('/')) {
        return read(rest, limit).map_err(|error| http::cause(&error));
    }
    let with_scheme = format!("http://{url}");
    get(source, if scheme.is_empty() { &with_scheme } else { url }, limit)
        .map_err(|(why, tries)| told(&why, tries))
}

/// As [`fetch`] of a server; `None` where that answers that there is no such
/// file.
pub(crate) fn find(source: &Source<'_>, limit: usize) -> Result<Option<Vec<u8>>, String> {
    match get(source, source.url, limit) {
        Ok(content) => Ok(Some(content)),
        Err((Failure::Status(403 | 404 | 410), _)) => Ok(None),
        Err((why, tries)) => Err(told(&why, tries)),
    }
}

/// Asks a server; the error comes with how often it was asked.
fn get(source: &Source<'_>, url: &str, limit: usize) -> Result<Vec<u8>, (Failure, u32)> {
    let silence = Duration::from_secs(source.timeout.max(1).into());
    let _wait = Wait::begin(&format!("for {}", shown(url)));
    let turn = Turn::begin().map_err(|why| (why.into(), 1))?;
    let mut number = 1;
    loop {
        match http::get(url, source.headers, silence, limit, turn.deadline) {
            Ok(content) => return Ok(content),
            Err(why) if why.is_final() || number >= source.tries || !turn.pause(PAUSE) => {
                return Err((why, number));
            }
            Err(_) => number += 1,
        }
    }
}

fn told(why: &Failure, tries: u32) -> String {
    if tries > 1 { format!("{why} ({tries} tries)") } else { why.to_string() }
}

/// A file of this machine. Only one that ends: no device, no pipe.
fn read(path: &str, limit: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    input::regular(path)?.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(url: &str, limit: usize) -> Result<Vec<u8>, String> {
        super::fetch(&Source { url, tries: 1, timeout: 1, ..Source::default() }, limit)
    }

    #[test]
    fn a_file_is_fetched_by_its_path() {
        let path = std::env::temp_dir().join(format!("glowplug-download-{}", std::process::id()));
        std::fs::write(&path, "content").unwrap();
        let path = path.to_str().unwrap();
        for url in [path, &format!("file://{path}"), &format!(" FILE://{path} ")] {
            assert_eq!(fetch(url, 7).as_deref(), Ok(&b"content"[..]), "{url}");
        }
        assert_eq!(fetch(path, 6), Err("it has more than 6 bytes".into()));
        std::fs::remove_file(path).unwrap();
        assert_eq!(fetch(path, 6), Err("No such file or directory".into()));
        assert_eq!(fetch("file:///dev/zero", 6), Err("it is no regular file".into()));
    }

    #[test]
    fn an_address_that_makes_no_sense_is_not_tried_twice() {
        let source = Source { url: "gopher://x/", tries: 100, timeout: 1, ..Source::default() };
        let why = "the address begins with neither http:// nor https://";
        assert_eq!(super::fetch(&source, 6), Err(why.into()));
    }
}
