//! Instance data as a template sees it.

use super::missing::Missing;
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml::float_value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value as Seen};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names that are there without any data.
const GLOBALS: [&str; 6] = ["cycler", "dict", "joiner", "namespace", "range", "lipsum"];

/// What variables are looked up in: the data, and what stands in `v1` once more
/// at the top.
pub(super) fn of_instance(data: &Value<'_>) -> Seen {
    let mut top = Mapping::of(data, true);
    for (name, value) in data.entries() {
        let Some(version) = name.as_str().and_then(|name| name.strip_prefix('v')) else { continue };
        if !version.is_empty() && version.bytes().all(|digit| digit.is_ascii_digit()) {
            for (name, value) in Mapping::of(value, true).entries {
                top.put(name, value);
            }
        }
    }
    top.is_top = true;
    Seen::from_object(top)
}

/// `is_aliased`: keys that are no names are shown under one, too, as cloud-init
/// has it for mappings that lie in mappings alone; elsewhere they are understood.
fn seen(value: &Value<'_>, is_aliased: bool) -> Seen {
    match &value.data {
        Data::Null => Seen::from(()),
        Data::Bool(truth) => Seen::from(*truth),
        Data::Int(number) => Seen::from(*number),
        Data::BigInt(digits) => digits.parse::<i128>().map_or_else(|_| Seen::from(&**digits), Seen::from),
        Data::Float(text) => Seen::from(float_value(text)),
        Data::Str(text) | Data::Timestamp(text) => Seen::from(&**text),
        Data::Bytes(bytes) => Seen::from_bytes(bytes.to_vec()),
        Data::Seq(items) => Seen::from_object(List(items.iter().map(|item| seen(item, false)).collect())),
        Data::Map(_) => Seen::from_object(Mapping::of(value, is_aliased)),
    }
}

/// A list that knows what is missing of it.
#[derive(Debug)]
struct List(Vec<Seen>);

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Seen) -> Option<Seen> {
        let item = key.as_usize().and_then(|index| self.0.get(index));
        Some(item.cloned().unwrap_or_else(|| Missing::value(&key.to_string())))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// A mapping that knows what is missing of it.
#[derive(Debug, Default)]
struct Mapping {
    entries: Vec<(Seen, Seen)>,
    index: BTreeMap<Seen, usize>,
    is_top: bool,
}

impl Mapping {
    fn of(value: &Value<'_>, is_aliased: bool) -> Self {
        let mut mapping = Self::default();
        for (key, value) in value.entries() {
            let value = seen(value, is_aliased);
            mapping.put(seen(key, false), value.clone());
            let Some(alias) = key.as_str().and_then(alias).map(Seen::from) else { continue };
            if mapping.index.contains_key(&alias) {
                continue;
            }
            if is_aliased {
                mapping.put(alias, value);
            } else {
                mapping.index.insert(alias, mapping.entries.len() - 1);
            }
        }
        mapping
    }

    fn put(&mut self, key: Seen, value: Seen) {
        match self.index.get(&key).and_then(|&at| self.entries.get_mut(at)) {
            Some(entry) if entry.0 == key => entry.1 = value,
            _ => {
                self.index.insert(key.clone(), self.entries.len());
                self.entries.push((key, value));
            }
        }
    }
}

impl Object for Mapping {
    /// For `in` what is not there is not there.
    fn get_value(self: &Arc<Self>, key: &Seen) -> Option<Seen> {
        self.index.get(key).and_then(|&at| self.entries.get(at)).map(|(_, value)| value.clone())
    }

    /// For a template it is undefined under its name.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Seen> {
        let is_global = self.is_top && GLOBALS.contains(&key);
        let missing = || (!is_global).then(|| Missing::value(key));
        self.get_value(&Seen::from(key)).or_else(missing)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries.iter().map(|(key, _)| key.clone()).collect())
    }
}

/// The name under which a template can say `key` after a dot.
fn alias(key: &str) -> Option<String> {
    key.contains(['-', '.']).then(|| key.replace(['-', '.'], "_"))
}
