//! `#cloud-config-archive`: a YAML list of parts.

use super::assemble::{Assembly, Candidate};
use super::part::Kind;
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::yaml;
use crate::text::has;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Assembly<'_, '_> {
    /// Adds the entries of the archive in `content`; `name` is how messages
    /// name it.
    ///
    /// An entry is a text, or a mapping with `content`, `type`, `filename`,
    /// `launch-index` and headers. One that is neither is a problem.
    #[inline(never)]
    pub(super) fn expand(&mut self, name: &str, content: &[u8]) {
        let list = match read(content) {
            Ok(list) => list,
            Err((place, cause)) => return self.problem_at(name, place, &cause),
        };
        for value in &list {
            if self.full {
                return;
            }
            let mut candidate = Candidate::default();
            match entry(value, &mut candidate) {
                Ok(kind) => self.push(kind, &mut candidate),
                Err(cause) => self.problem_at(name, value.place, &cause),
            }
        }
    }
}

#[inline(never)]
fn read(content: &[u8]) -> Result<Vec<Value<'_>>, (Place, Cow<'static, str>)> {
    let start = Place { line: 1, column: 1 };
    let text = core::str::from_utf8(content).map_err(|_| (start, Cow::Borrowed("not UTF-8")))?;
    let value = yaml::load(text).map_err(|error| (error.place, error.message))?;
    match value.data {
        Data::Seq(items) => Ok(items),
        Data::Null => Ok(Vec::new()),
        _ => Err((value.place, ["a list of parts is expected, not ", value.kind()].concat().into())),
    }
}

/// Reads an entry into `entry`, which is empty.
#[inline(never)]
fn entry(value: &Value<'_>, entry: &mut Candidate) -> Result<Kind, String> {
    let mut content = None;
    match &value.data {
        Data::Str(_) => content = Some(value),
        Data::Map(fields) => {
            for (key, value) in fields {
                match key.as_str().unwrap_or_default() {
                    "content" => content = Some(value),
                    key => field(entry, key, text(value)),
                }
            }
        }
        _ => return Err(["a text or a mapping is expected, not ", value.kind()].concat()),
    }
    let (bytes, without_type): (&[u8], _) = match content.map(|content| &content.data) {
        None => (b"", Kind::CloudConfig),
        Some(Data::Str(text)) => (text.as_bytes(), Kind::CloudConfig),
        Some(Data::Bytes(bytes)) => (bytes, Kind::Unknown),
        Some(_) => {
            let kind = content.map_or("", Value::kind);
            return Err(["the content must be a text, not ", kind].concat());
        }
    };
    entry.content = bytes.to_vec();
    kind(entry, without_type)
}

#[inline(never)]
fn field(entry: &mut Candidate, key: &str, text: Option<String>) {
    match key {
        "type" => entry.content_type = text.unwrap_or_default(),
        "filename" => entry.filename = text.unwrap_or_default(),
        "launch-index" => entry.launch_index = text,
        header if is_merge_type(header) => entry.merge_type = text,
        _ => {}
    }
}

/// The kind that an entry names; else its content's, else `without_type`.
#[inline(never)]
fn kind(entry: &mut Candidate, without_type: Kind) -> Result<Kind, String> {
    if entry.content_type.is_empty() {
        entry.content_type = "application/octet-stream".into();
        return Ok(Kind::of_content(&entry.content).unwrap_or(without_type));
    }
    if !has(&entry.content_type, b'/') {
        return Err(["the type must look like text/cloud-config, not ", &entry.content_type].concat());
    }
    let bare = entry.content_type.split(';').next().unwrap_or_default();
    entry.content_type = bare.trim_ascii().to_ascii_lowercase();
    Ok(Kind::from_content_type(&entry.content_type))
}

fn is_merge_type(header: &str) -> bool {
    header.eq_ignore_ascii_case("Merge-Type") || header.eq_ignore_ascii_case("X-Merge-Type")
}

/// The text of a field that may be written as a number.
#[inline(never)]
fn text(value: &Value<'_>) -> Option<String> {
    match &value.data {
        Data::Str(text) => Some(text.to_string()),
        Data::Int(number) => Some(number.to_string()),
        _ => None,
    }
}
