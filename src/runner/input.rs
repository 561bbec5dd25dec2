//! Files that a person names on the command line.

use glowplug::error::{Error, Result};
use glowplug::limits;
use std::fs::File;
use std::io::{Read, stdin};

/// The bytes of a file, of standard input for `-`; more than a seed may hold
/// is an error.
pub(crate) fn read(file: &str) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let limit = limits::SEED_FILE as u64 + 1;
    let read = if file == "-" {
        stdin().take(limit).read_to_end(&mut content)
    } else {
        File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut content))
    };
    match read {
        Ok(length) if length as u64 == limit => {
            Err(Error::new("read", name(file), "it is longer than 16 MiB"))
        }
        Ok(_) => Ok(content),
        Err(error) => Err(Error::os("read", name(file), error.raw_os_error().unwrap_or(0))),
    }
}

/// As [`read`], of a file that has to be text.
pub(crate) fn read_text(file: &str) -> Result<String> {
    String::from_utf8(read(file)?).map_err(|_| Error::new("read", name(file), "it is not UTF-8"))
}

/// How messages name a file.
pub(crate) fn name(file: &str) -> &str {
    if file == "-" { "<stdin>" } else { file }
}
