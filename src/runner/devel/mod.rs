//! `glowplug devel`: what a person who writes user-data asks before a machine
//! does.

pub(crate) mod make_mime;
pub(crate) mod net_convert;
pub(crate) mod render;
pub(crate) mod user_data;
pub(crate) mod yaml;

use glowplug::error::{Error, Result};
use glowplug::limits;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use std::fs::File;
use std::io::{Read, stdin};

/// The bytes of a file, of standard input for `-`; more than a seed may hold
/// is an error.
fn read(file: &str) -> Result<Vec<u8>> {
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

/// How messages name a file.
fn name(file: &str) -> &str {
    if file == "-" { "<stdin>" } else { file }
}

/// A value as one line of JSON.
pub(crate) fn line(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write(value, Style::Compact, &mut out);
    out.push('\n');
    out
}

pub(crate) fn object<'a, const COUNT: usize>(fields: [(&'a str, Data<'a>); COUNT]) -> Value<'a> {
    let entry = |(key, data): (&'a str, _)| (Value::bare(Data::Str(key.into())), Value::bare(data));
    Value::bare(Data::Map(fields.into_iter().map(entry).collect()))
}
