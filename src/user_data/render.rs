//! The templates among the parts: each becomes what it renders to.

use super::part::{Kind, Part};
use super::template;
use crate::error::Error;
use crate::syntax::value::{Place, Value};
use crate::text::cut;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Renders every `## template: jinja` of `parts` with `data`, the instance
/// data as cloud-init's `instance-data.json` has it. What it renders to is
/// looked at for its kind: a cloud-config, a JSON patch, a script or a
/// boothook; the content type and the name stay. A template that can't be
/// rendered stays as it is, and is a problem.
///
/// `source` is how messages name where the parts came from.
#[inline(never)]
pub(super) fn render(source: &str, parts: &mut [Part], data: &Value<'_>, problems: &mut Vec<Error>) {
    for part in parts.iter_mut().filter(|part| part.kind == Kind::Jinja) {
        let file = [source, " ", &part.filename].concat();
        let text = match core::str::from_utf8(&part.content) {
            Ok(text) => with_plain_line_ends(text),
            Err(error) => {
                let place = Place::of_byte(&part.content, error.valid_up_to());
                problems.push(Error::at("render", &file, place.line, place.column, "not UTF-8"));
                continue;
            }
        };
        if Kind::of_content(text.as_bytes()) != Some(Kind::Jinja) {
            problems.push(Error::new("render", &file, "its first line is not `## template: jinja`"));
            continue;
        }
        let body = text.find('\n').map_or(text.len(), |end| end + 1);
        match template::render(&text, body, data) {
            Ok(rendered) => {
                tell_missing(&file, &rendered, problems);
                let kind = Kind::of_content(rendered.as_bytes());
                if let Some(
                    kind @ (Kind::CloudConfig | Kind::CloudConfigJsonp | Kind::Script | Kind::Boothook),
                ) = kind
                {
                    part.kind = kind;
                    part.content = rendered.into_bytes();
                } else if !rendered.is_empty() {
                    let why = "it renders to neither a cloud-config nor a script";
                    problems.push(Error::new("use template", &file, why));
                }
            }
            Err(fault) => {
                let place = Place::of_byte(text.as_bytes(), fault.at);
                problems.push(Error::at("render", &file, place.line, place.column, fault.why));
            }
        }
    }
}

/// Names the variables that were not there.
fn tell_missing(file: &str, rendered: &str, problems: &mut Vec<Error>) {
    let mut names = String::new();
    let mut rest = rendered;
    while let Some((_, after)) = cut(rest, template::MISSING) {
        names.push_str(if names.is_empty() { "there is no " } else { ", " });
        names.push_str(after.split(|end: char| end.is_ascii_whitespace()).next().unwrap_or_default());
        rest = after;
    }
    if !names.is_empty() {
        problems.push(Error::new("render all of", file, names));
    }
}

/// `text` with every CR LF and CR as LF, as Jinja reads it.
fn with_plain_line_ends(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for line in text.split_inclusive('\r') {
        let line = line.strip_prefix('\n').unwrap_or(line);
        plain.push_str(line.strip_suffix('\r').unwrap_or(line));
        if line.ends_with('\r') {
            plain.push('\n');
        }
    }
    Cow::Owned(plain)
}
