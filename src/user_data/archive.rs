//! `#cloud-config-archive`: a YAML list of parts.

use super::assemble::Candidate;
use super::part::Kind;
use crate::error::Error;
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::yaml;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The entries of the archive in `content`; `name` is how messages name it.
///
/// An entry is a text, or a mapping with `content`, `type`, `filename`,
/// `launch-index` and headers. One that is neither is a problem.
pub(super) fn entries<'t>(
    name: &str,
    content: &'t [u8],
    problems: &mut Vec<Error>,
) -> Vec<(Kind, Candidate<'t>)> {
    let mut problem = |place: Place, cause: Cow<'static, str>| {
        problems.push(Error::at("read", name, place.line, place.column, cause));
    };
    let list = match read(content) {
        Ok(list) => list,
        Err((place, cause)) => {
            problem(place, cause);
            return Vec::new();
        }
    };
    let mut entries = Vec::with_capacity(list.len());
    for value in list {
        let place = value.place;
        match entry(value) {
            Ok(entry) => entries.push(entry),
            Err(cause) => problem(place, cause),
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
        _ => Err((value.place, format!("a list of parts is expected, not {}", value.kind()).into())),
    }
}

fn entry(value: Value<'_>) -> Result<(Kind, Candidate<'_>), Cow<'static, str>> {
    let mut content = Data::Str(Cow::Borrowed(""));
    let mut content_type = None;
    let mut entry = Candidate {
        content_type: String::new(),
        filename: None,
        content: Cow::Borrowed(&[]),
        merge_type: None,
        launch_index: None,
    };
    match value.data {
        Data::Str(_) => content = value.data,
        Data::Map(fields) => {
            for (key, value) in fields {
                match key.as_str().unwrap_or_default() {
                    "content" => content = value.data,
                    "type" => content_type = text(&value).filter(|name| !name.is_empty()),
                    "filename" => entry.filename = text(&value),
                    "launch-index" => entry.launch_index = text(&value),
                    header if is_merge_type(header) => entry.merge_type = text(&value),
                    _ => {}
                }
            }
        }
        _ => return Err(format!("a text or a mapping is expected, not {}", value.kind()).into()),
    }
    let binary = matches!(content, Data::Bytes(_));
    entry.content = match content {
        Data::Str(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        Data::Str(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
        Data::Bytes(bytes) => bytes,
        other => return Err(format!("the content must be a text, not {}", Value::bare(other).kind()).into()),
    };
    Ok((kind(content_type, &entry.content, binary)?, entry))
}

/// The kind that an entry names; else its content's, else a cloud-config.
fn kind(content_type: Option<String>, content: &[u8], binary: bool) -> Result<Kind, Cow<'static, str>> {
    match content_type {
        Some(name) if name.contains('/') => Ok(Kind::from_content_type(
            &name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
        )),
        Some(name) => Err(format!("the type must look like text/cloud-config, not {name}").into()),
        None if binary => {
            Ok(Kind::of_content(content).unwrap_or_else(|| Kind::Unknown("application/octet-stream".into())))
        }
        None => Ok(Kind::of_content(content).unwrap_or(Kind::CloudConfig)),
    }
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
