//! The templates among the parts: each becomes what it renders to.

use super::part::{Kind, Part};
use crate::error::{Error, Result};
use crate::syntax::value::{Place, Value};
use crate::text::cut;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// What stands for a variable that is not there, before its name; cloud-init's
/// own words.
pub const MISSING: &str = "CI_MISSING_JINJA_VAR/";

/// Why a template can't be rendered, and the byte where.
#[derive(Debug, Default)]
pub struct Fault {
    /// The byte of the text.
    pub at: usize,
    /// A clause without a full stop.
    pub why: String,
}

/// Renders what follows a byte of a text, whose line ends are `\n`, with data as
/// cloud-init's `instance-data.json` has it. What a template may spend is
/// [`crate::limits::USER_DATA_WORK`].
pub type Jinja = fn(&str, usize, &Value<'_>) -> core::result::Result<String, Fault>;

/// Who has no Jinja: every template is a fault.
pub(crate) fn no_jinja(_: &str, at: usize, _: &Value<'_>) -> core::result::Result<String, Fault> {
    Err(Fault { at, why: "templates are rendered after the pivot".into() })
}

/// Renders every `## template: jinja` of `parts` with `data`, the instance
/// data as cloud-init's `instance-data.json` has it. What it renders to is
/// looked at for its kind: a cloud-config, a JSON patch, a script or a
/// boothook; the content type and the name stay. A template that can't be
/// rendered stays as it is, and is a problem.
///
/// `source` is how messages name where the parts came from.
#[inline(never)]
pub fn render(jinja: Jinja, source: &str, parts: &mut [Part], data: &Value<'_>, problems: &mut Vec<Error>) {
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
        match jinja(&text, body, data) {
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

/// Renders `text` as cloud-init renders templates of its own and of people: one
/// whose first line is `## template: jinja` as Jinja, any other with `$NAME` and
/// `${NAME}` in it replaced by the texts of `data`. `file` is how messages name
/// it.
///
/// # Errors
/// What is no template, with its place; a `$NAME` that there is none of.
pub fn render_text(jinja: Jinja, file: &str, text: &str, data: &Value<'_>) -> Result<String> {
    let text = with_plain_line_ends(text);
    let first = text.split('\n').next().unwrap_or_default();
    let Some(language) = language(first) else {
        return with_names_replaced(&text, data).map_err(|why| Error::new("render", file, why));
    };
    let body = (first.len() + 1).min(text.len());
    match language.trim_ascii().to_ascii_lowercase().as_str() {
        "jinja" => jinja(&text, body, data).map_err(|fault| {
            let place = Place::of_byte(text.as_bytes(), fault.at);
            Error::at("render", file, place.line, place.column, fault.why)
        }),
        "basic" => {
            let body = text.get(body..).unwrap_or_default();
            with_names_replaced(body, data).map_err(|why| Error::new("render", file, why))
        }
        _ => Err(Error::new("render", file, "its first line names neither jinja nor basic")),
    }
}

/// What `## template: LANGUAGE` names.
fn language(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("##")?.trim_ascii_start();
    let (word, language) = rest.split_at_checked("template:".len())?;
    word.eq_ignore_ascii_case("template:").then_some(language)
}

fn with_names_replaced(text: &str, data: &Value<'_>) -> core::result::Result<String, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut pieces = text.split('$');
    let mut replaced = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let braced = piece.strip_prefix('{').and_then(|piece| piece.split_once('}'));
        let (name, rest) = match braced {
            Some((name, rest)) if !name.is_empty() && name.chars().all(is_name) => (name, rest),
            _ => {
                let name =
                    piece.get(..piece.find(|c| !is_name(c)).unwrap_or(piece.len())).unwrap_or_default();
                let name = name.trim_end_matches('.');
                (name, piece.get(name.len()..).unwrap_or_default())
            }
        };
        if name.is_empty() {
            replaced.push('$');
        } else {
            let value = name.split('.').try_fold(data, |value, key| value.get(key)).and_then(Value::as_str);
            replaced.push_str(value.ok_or_else(|| ["there is no ", name].concat())?);
        }
        replaced.push_str(rest);
    }
    Ok(replaced)
}

/// Names the variables that were not there.
fn tell_missing(file: &str, rendered: &str, problems: &mut Vec<Error>) {
    let mut names = String::new();
    let mut rest = rendered;
    while let Some((_, after)) = cut(rest, MISSING) {
        names.push_str(if names.is_empty() { "there is no " } else { ", " });
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        names.push_str(after.split(|c| !is_name(c)).next().unwrap_or_default());
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
