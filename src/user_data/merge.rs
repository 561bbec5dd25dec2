//! The cloud-config parts merged into one.

use super::languages::Patch;
use super::mergers::{Mergers, Record};
use super::part::{Kind, Part};
use crate::error::Error;
use crate::limits;
use crate::syntax::value::{Data, Place, Value};
use crate::syntax::yaml;
use crate::text::fill;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// The cloud-config of all parts.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    /// A mapping; empty when no part could be used.
    pub config: Value<'a>,
    /// Names of the parts it was merged from, in order, any characters.
    pub from: Vec<&'a str>,
    /// Whether there was a cloud-config part at all, usable or not.
    pub present: bool,
    /// Parts, and values of parts, that could not be merged.
    pub problems: Vec<Error>,
}

impl Merged<'_> {
    /// The names of the parts it was merged from, a line each.
    pub fn names(&self) -> Vec<String> {
        let one_line = |name: &&str| name.replace(['\n', '\r', '\t'], " ").trim().into();
        self.from.iter().map(one_line).collect()
    }
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
    let mut work = Some(limits::MERGE_WORK);
    for part in parts {
        let patch = patch.filter(|_| part.kind == Kind::CloudConfigJsonp);
        if part.kind != Kind::CloudConfig && patch.is_none() {
            continue;
        }
        merged.present = true;
        let file = if parts.len() == 1 { source.into() } else { [source, " ", &part.filename].concat() };
        let mut refuse = |doing: &str, place: Place, cause: &str| {
            merged.problems.push(Error::at(doing, &file, place.line, place.column, cause));
        };
        if add(part, patch, &mut merged.config, &mut work, &mut refuse).is_some() {
            merged.from.push(&part.filename);
        }
    }
    merged
}

/// Merges one part into `config`, or patches it; `None` when it is left out.
fn add<'a>(
    part: &'a Part,
    patch: Option<Patch>,
    config: &mut Value<'a>,
    work: &mut Option<usize>,
    refuse: &mut Refuse<'_>,
) -> Option<()> {
    let Some(apply) = patch else {
        let mut mergers = Mergers::default();
        let new = read(part, &mut mergers, refuse)?;
        mergers.merge(
            config,
            new,
            &mut Record { refuse: &mut |doing, place, cause| refuse(doing, place, cause), work },
        );
        return Some(());
    };
    let refused = apply(config, &part.content);
    refused.map_err(|(place, cause)| refuse("apply JSON patch", place, &cause)).ok()
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
        for name in merged.names() {
            let _ = writeln!(text, "# {}", if name.is_empty() { "?".into() } else { on_one_line(&name) });
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

/// Takes what could not be done, where, and why.
pub(super) type Refuse<'r> = dyn FnMut(&str, Place, &str) + 'r;

/// A part's keys, and into `mergers` how they are to be merged; the keys that
/// say so are taken out.
#[inline(never)]
fn read<'a>(part: &'a Part, mergers: &mut Mergers, refuse: &mut Refuse<'_>) -> Option<Value<'a>> {
    let text = match core::str::from_utf8(&part.content) {
        Ok(text) => text,
        Err(error) => {
            refuse("read", Place::of_byte(&part.content, error.valid_up_to()), "not UTF-8");
            return None;
        }
    };
    let mut config = yaml::load(text).map_err(|error| refuse("read", error.place, &error.message)).ok()?;
    let Data::Map(entries) = &mut config.data else {
        let start = Place { line: config.place.line.max(1), column: config.place.column.max(1) };
        match config.data {
            Data::Null => refuse("read", start, "it holds no keys"),
            _ => refuse("read", start, &fill("a mapping of keys is expected, not {}", &[config.kind()])),
        }
        return None;
    };
    let mut take = |name: &str| {
        let at = entries.iter().position(|(key, _)| key.as_str() == Some(name))?;
        Some(entries.remove(at).1).filter(|how| how.data != Data::Null)
    };
    let own = take("merge_how").or_else(|| take("merge_type"));
    if let Some(how) = own {
        let refused = mergers.add_value(&how);
        refused.map_err(|cause| refuse("follow merge_how of", how.place, &cause)).ok()?;
    }
    if let Some(how) = &part.merge_type {
        let start = Place { line: 1, column: 1 };
        let refused = mergers.add_text(how);
        refused.map_err(|cause| refuse("follow the Merge-Type of", start, &cause)).ok()?;
    }
    if mergers.is_empty() {
        *mergers = Mergers::replacing();
    }
    Some(config)
}
