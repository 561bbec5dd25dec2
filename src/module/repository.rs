//! Repositories of yum and zypper: mappings that become sections of an INI file.

use crate::cloud_config::Setting;
use crate::error::Error;
use crate::syntax::value::{Data, Value};
use crate::text::is_space;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One section.
pub(super) struct Ini {
    text: String,
    keys: BTreeSet<String>,
}

impl Ini {
    /// An empty section.
    pub(super) fn new(section: &str) -> Self {
        Self { text: ["[", section, "]\n"].concat(), keys: BTreeSet::new() }
    }

    /// Adds a line; a key counts once.
    pub(super) fn set(&mut self, key: &str, sign: &str, value: &str) {
        if !self.has(key) {
            self.text.push_str(&[key, sign, value, "\n"].concat());
            self.keys.insert(key.into());
        }
    }

    /// Whether a key is set.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// The section as it is written.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }
}

/// A repository's name as that of a file; blanks become `blank`.
pub(super) fn file_name(id: &str, blank: char) -> Option<String> {
    let is_part = |c: char| !c.is_control() && c != '/' && c != ']' && c != '[';
    let fits = !id.is_empty() && !id.starts_with('.') && id.chars().all(is_part);
    fits.then(|| id.chars().map(|c| if c == ' ' { blank } else { c }).collect())
}

/// The entries of a mapping: keys in small letters with `_` for `-`, and their
/// texts. What is neither a text nor a list of texts is a problem.
pub(super) fn scalars(
    setting: &Setting<'_>,
    entry: &Value<'_>,
    doing: &str,
    problems: &mut Vec<Error>,
) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (key, value) in entry.entries() {
        if let Some((name, values)) = texts(setting, key, value, doing, problems) {
            let values = if value.data == Data::Null { ["None".into()].into() } else { values };
            found.push((name.to_ascii_lowercase().replace('-', "_"), values));
        }
    }
    found
}

/// An entry's key and its texts, none for `null`; `None`: why it has none is a
/// problem.
pub(super) fn texts<'v>(
    setting: &Setting<'_>,
    key: &'v Value<'_>,
    value: &Value<'_>,
    doing: &str,
    problems: &mut Vec<Error>,
) -> Option<(&'v str, Vec<String>)> {
    let name = key.as_str().unwrap_or_default().trim_ascii();
    let values: Option<Vec<String>> = match &value.data {
        Data::Seq(items) => items.iter().map(scalar).collect(),
        Data::Null => Some(Vec::new()),
        _ => scalar(value).map(|text| [text].into()),
    };
    let problem = match values {
        Some(values) if values.iter().any(|value| value.contains(is_odd)) => {
            setting.error(doing, value, "it has control characters")
        }
        Some(values) if is_key(name) => return Some((name, values)),
        Some(_) => setting.error(doing, key, "it is no name of a setting"),
        None => setting.mismatch(doing, value, name, "a text or a list of texts"),
    };
    problems.push(problem);
    None
}

/// What no line of an INI file has.
fn is_odd(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

fn is_key(name: &str) -> bool {
    let is_part = |c: char| !c.is_control() && !is_space(c) && !"=:[]#;\"'\\".contains(c);
    !name.is_empty() && name.chars().all(is_part)
}

/// A value as Python prints it, truth values as 1 and 0.
fn scalar(value: &Value<'_>) -> Option<String> {
    Some(match &value.data {
        Data::Bool(true) => "1".into(),
        Data::Bool(false) => "0".into(),
        Data::Int(number) => number.to_string(),
        Data::Str(text) | Data::BigInt(text) | Data::Float(text) | Data::Timestamp(text) => text.to_string(),
        Data::Null => "None".into(),
        Data::Bytes(_) | Data::Seq(_) | Data::Map(_) => return None,
    })
}
