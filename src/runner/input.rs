//! Files that a person names on the command line.

use crate::http::cause;
use glowplug::error::{Error, Result};
use glowplug::limits;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, stdin};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The bytes of a file, of standard input for `-`; more than a seed may hold
/// is an error.
pub(crate) fn read(file: &str) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let limit = limits::SEED_FILE as u64 + 1;
    let read = if file == "-" {
        stdin().take(limit).read_to_end(&mut content)
    } else {
        open(file).and_then(|opened| opened.take(limit).read_to_end(&mut content))
    };
    match read {
        Ok(length) if length as u64 == limit => {
            Err(Error::new("read", name(file), "it is longer than 16 MiB"))
        }
        Ok(_) => Ok(content),
        Err(error) => Err(Error::new("read", name(file), cause(&error))),
    }
}

/// Opens a file that ends. A pipe that the shell has made for this program is
/// one; a FIFO that nobody writes to, or a device, is not.
fn open(file: &str) -> io::Result<File> {
    const GIVEN: [&str; 3] = ["/dev/stdin", "/dev/fd/", "/proc/self/fd/"];
    if GIVEN.iter().any(|given| file.starts_with(given)) { File::open(file) } else { regular(file) }
}

/// Opens a regular file; nothing else is waited for.
pub(crate) fn regular(file: impl AsRef<Path>) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();
    let opened = File::options().read(true).custom_flags(flags).open(file)?;
    let kind = opened.metadata()?;
    if kind.is_dir() {
        return Err(io::Error::from_raw_os_error(Errno::ISDIR.raw_os_error()));
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(opened)
}

/// As [`read`], of a file that has to be text.
pub(crate) fn read_text(file: &str) -> Result<String> {
    String::from_utf8(read(file)?).map_err(|_| Error::new("read", name(file), "it is not UTF-8"))
}

/// How messages name a file.
pub(crate) fn name(file: &str) -> &str {
    if file == "-" { "<stdin>" } else { file }
}
