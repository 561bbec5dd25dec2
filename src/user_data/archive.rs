//! `#cloud-config-archive`: a YAML list of parts.

use super::assemble::Candidate;
use super::part::Kind;
use crate::error::Error;
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::yaml;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The entries of the archive in `content`; `name` is how messages name it.
///
/// An entry is a text, or a mapping with `content`, `type`, `filename`,
/// `launch-index` and headers. One that is neither is a problem.
/// None follows the first that does not fit into `room` bytes.
pub(super) fn entries(
    name: &str,
    content: &[u8],
    mut room: usize,
    problems: &mut Vec<Error>,
) -> Vec<(Kind, Candidate)> {
    let mut entries = Vec::new();
    let mut problem = |place: Place, cause: Cow<'static, str>| {
        problems.push(Error::at("read", name, place.line, place.column, cause));
    };
    let list = match read(content) {
        Ok(list) => list,
        Err((place, cause)) => {
            problem(place, cause);
            return entries;
        }
    };
    for value in &list {
        match entry(value) {
            Ok(entry) => {
                let left = room.checked_sub(entry.1.content.len());
                entries.push(entry);
                let Some(left) = left else { break };
                room = left;
            }
            Err(cause) => problem(value.place, cause.into()),
        }
    }
    entries
}

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

fn entry(value: &Value<'_>) -> Result<(Kind, Candidate), String> {
    let mut entry = Candidate::default();
    let mut content = None;
    match &value.data {
        Data::Str(_) => content = Some(value),
        Data::Map(fields) => {
            for (key, value) in fields {
                match key.as_str().unwrap_or_default() {
                    "content" => content = Some(value),
                    "type" => entry.content_type = text(value).unwrap_or_default(),
                    "filename" => entry.filename = text(value).unwrap_or_default(),
                    "launch-index" => entry.launch_index = text(value),
                    header if is_merge_type(header) => entry.merge_type = text(value),
                    _ => {}
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
    let kind = kind(&mut entry, without_type)?;
    Ok((kind, entry))
}

/// The kind that an entry names; else its content's, else `without_type`.
fn kind(entry: &mut Candidate, without_type: Kind) -> Result<Kind, String> {
    if entry.content_type.is_empty() {
        entry.content_type = "application/octet-stream".into();
        return Ok(Kind::of_content(&entry.content).unwrap_or(without_type));
    }
    if !entry.content_type.contains('/') {
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
fn text(value: &Value<'_>) -> Option<String> {
    match &value.data {
        Data::Str(text) => Some(text.to_string()),
        Data::Int(number) => Some(number.to_string()),
        _ => None,
    }
}
