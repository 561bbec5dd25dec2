//! The cloud-config parts merged into one.

use super::languages::Patch;
use super::mergers::{Mergers, Record};
use super::part::{Kind, Part};
use crate::error::Error;
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::yaml;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// The cloud-config of all parts.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    /// A mapping; empty when no part could be used.
    pub config: Value<'a>,
    /// Names of the parts it was merged from, in order.
    pub from: Vec<String>,
    /// Whether there was a cloud-config part at all, usable or not.
    pub present: bool,
    /// Parts, and values of parts, that could not be merged.
    pub problems: Vec<Error>,
}

/// Merges the cloud-config parts in order, as each part's own `merge_how` (or
/// `merge_type`), or its Merge-Type header, says; else its top-level keys
/// replace those before. `patch` applies a JSON patch to what the parts before
/// it came to; without one such parts are passed over. A part that is no
/// mapping in YAML is left out.
/// `source` is how messages name where the parts came from.
pub fn merge<'a>(source: &str, parts: &'a [Part], patch: Option<Patch>) -> Merged<'a> {
    let config = Value::bare(Data::Map(Vec::new()));
    let mut merged = Merged { config, from: Vec::new(), present: false, problems: Vec::new() };
    let mut record = Record::new();
    for part in parts {
        let patch = patch.filter(|_| part.kind == Kind::CloudConfigJsonp);
        if part.kind != Kind::CloudConfig && patch.is_none() {
            continue;
        }
        merged.present = true;
        let file = if parts.len() == 1 { source.into() } else { [source, " ", &part.filename].concat() };
        let applied = match patch {
            Some(apply) => apply(&mut merged.config, &part.content)
                .map_err(|(place, cause)| ("apply JSON patch", place, cause)),
            None => {
                read(part).map(|(mergers, config)| mergers.merge(&mut merged.config, config, &mut record))
            }
        };
        match applied {
            Ok(()) => merged.from.push(one_line(&part.filename)),
            Err(refusal) => record.refusals.push(refusal),
        }
        for (doing, place, cause) in record.refusals.drain(..) {
            merged.problems.push(Error::at(doing, &file, place.line, place.column, cause));
        }
    }
    merged
}

/// The file `cloud-config.txt` of an instance: names of the parts and the
/// merged YAML; empty when there was no cloud-config part.
pub fn cloud_config_text(merged: &Merged<'_>) -> String {
    if !merged.present {
        return String::new();
    }
    let mut text = String::from("#cloud-config\n\n");
    if !merged.from.is_empty() {
        // Writing to a String can't fail.
        let _ = writeln!(text, "# from {} files", merged.from.len());
        for name in &merged.from {
            let _ = writeln!(text, "# {}", if name.is_empty() { "?".into() } else { on_one_line(name) });
        }
        text.push('\n');
    }
    text.push_str(&yaml::emit::dump(&merged.config));
    text
}

/// A name without what would end a comment, or cannot stand in YAML.
fn on_one_line(name: &str) -> String {
    let ends = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
    name.replace(ends, "?")
}

/// What could not be done, where, and why.
pub(super) type Refusal = (&'static str, Place, Cow<'static, str>);

/// A part's keys, and how they are to be merged; the keys that say so are
/// taken out.
fn read(part: &Part) -> Result<(Mergers, Value<'_>), Refusal> {
    let text = match core::str::from_utf8(&part.content) {
        Ok(text) => text,
        Err(error) => {
            return Err(("read", Place::of_byte(&part.content, error.valid_up_to()), "not UTF-8".into()));
        }
    };
    let mut config = yaml::load(text).map_err(|error| ("read", error.place, error.message))?;
    let Data::Map(entries) = &mut config.data else {
        let start = Place { line: config.place.line.max(1), column: config.place.column.max(1) };
        let cause = match config.data {
            Data::Null => "it holds no keys".into(),
            _ => ["a mapping of keys is expected, not ", config.kind()].concat().into(),
        };
        return Err(("read", start, cause));
    };
    let mut take = |name| {
        let at = entries.iter().position(|(key, _)| key.as_str() == Some(name))?;
        Some(entries.remove(at).1).filter(|how| how.data != Data::Null)
    };
    let own = take("merge_how").or_else(|| take("merge_type"));
    let mut mergers = Mergers::default();
    if let Some(how) = own {
        mergers.add_value(&how).map_err(|cause| ("follow merge_how of", how.place, cause))?;
    }
    if let Some(how) = &part.merge_type {
        let start = Place { line: 1, column: 1 };
        mergers.add_text(how).map_err(|cause| ("follow the Merge-Type of", start, cause))?;
    }
    if mergers.is_empty() {
        mergers = Mergers::replacing();
    }
    Ok((mergers, config))
}

/// A name that can stand in a comment line.
fn one_line(name: &str) -> String {
    name.replace(['\n', '\r', '\t'], " ").trim().into()
}
