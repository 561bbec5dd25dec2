//! How one cloud-config is merged into another: cloud-init's `merge_how`.
//!
//! ```text
//! merge_how: list(append)+dict(recurse_list)+str()
//! merge_how: [{name: list, settings: [append]}, {name: dict, settings: []}]
//! ```

use super::merge::Refuse;
use crate::limits;
use crate::syntax::order::order;
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// What merges the mappings, lists and texts of two cloud-configs. A type
/// without a merger keeps its old value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mergers {
    map: Option<MapMerger>,
    list: Option<ListMerger>,
    /// Whether texts are put together (else replaced).
    text: Option<bool>,
}

/// What merging has come to.
pub(super) struct Record<'r> {
    pub(super) refuse: &'r mut Refuse<'r>,
    /// What is left of [`limits::MERGE_WORK`]; `None` once it did not do.
    pub(super) work: &'r mut Option<usize>,
}

impl Record<'_> {
    /// Whether what is left does for merging `new` into `old`; the first time
    /// it does not is a refusal.
    fn spend(&mut self, old: &Value<'_>, new: &Value<'_>) -> bool {
        let Some(work) = *self.work else { return false };
        *self.work = work.checked_sub(length(old) + length(new));
        if self.work.is_none() {
            let cause = "it takes too much work: this and what follows is left out";
            (self.refuse)("merge", new.place, cause);
        }
        self.work.is_some()
    }
}

/// Entries or items of a value.
fn length(value: &Value<'_>) -> usize {
    match &value.data {
        Data::Seq(items) => items.len(),
        Data::Map(entries) => entries.len(),
        _ => 0,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MapMerger {
    replace: bool,
    allow_delete: bool,
    recurse: Recurse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListMerger {
    method: ListMethod,
    recurse: Recurse,
}

/// The values inside a mapping or list that are merged, not replaced or kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Recurse {
    map: bool,
    list: bool,
    text: bool,
}

impl Recurse {
    fn merges(self, new: &Value<'_>) -> bool {
        match new.data {
            Data::Map(_) => self.map,
            Data::Seq(_) => self.list,
            Data::Str(_) => self.text,
            _ => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListMethod {
    Append,
    Prepend,
    /// Item by item.
    Replace,
    Keep,
}

impl Mergers {
    /// What counts where nothing is said: a later part's top-level keys
    /// replace those of earlier parts.
    pub(super) fn replacing() -> Self {
        let map = MapMerger { replace: true, allow_delete: false, recurse: Recurse::default() };
        Self { map: Some(map), list: None, text: None }
    }

    /// Adds what the header form `list(append)+dict()` says. Of two mergers
    /// for one type the first counts.
    pub(super) fn add_text(&mut self, how: &str) -> Result<(), Cow<'static, str>> {
        for merger in how.split('+') {
            let merger = merger.trim_ascii().to_ascii_lowercase().replace('-', "_");
            if merger.is_empty() {
                continue;
            }
            let malformed =
                || Cow::Owned(["`", &*merger, "` is no merger: `name(option,…)` is expected"].concat());
            let (name, options) = merger.split_once('(').ok_or_else(malformed)?;
            let options = options.strip_suffix(')').ok_or_else(malformed)?;
            let options = texts_between_commas(options);
            self.add(name, &options)?;
        }
        Ok(())
    }

    /// Adds what a cloud-config's own `merge_how` says: a text, or a list.
    #[inline(never)]
    pub(super) fn add_value(&mut self, how: &Value<'_>) -> Result<(), Cow<'static, str>> {
        if let Some(text) = how.as_str() {
            return self.add_text(text);
        }
        let Some(items) = how.items() else {
            return Err(["a text or a list is expected, not ", how.kind()].concat().into());
        };
        for item in items {
            let (name, options) = match &item.data {
                Data::Map(_) => {
                    let name = item.get("name").and_then(Value::as_str).ok_or("`name` is missing")?;
                    let settings = item.get("settings").ok_or("`settings` is missing")?;
                    (name.trim_ascii().replace('-', "_"), option_texts(settings))
                }
                Data::Seq(fields) => {
                    let (name, options) = fields.split_first().ok_or("a merger has no name")?;
                    let name = name.as_str().ok_or("the name of a merger must be a text")?;
                    (name.into(), texts(options))
                }
                _ => return Err(["a merger must be a mapping or a list, not ", item.kind()].concat().into()),
            };
            if !name.is_empty() {
                self.add(&name, &options)?;
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn add(&mut self, name: &str, options: &[&str]) -> Result<(), Cow<'static, str>> {
        let has = |option| options.contains(&option);
        let list = has("recurse_array") || has("recurse_list");
        let text = has("recurse_str");
        match name.strip_prefix("m_").unwrap_or(name) {
            "dict" => {
                let (replace, allow_delete) = (has("replace"), has("allow_delete"));
                // Mappings in mappings are merged whatever is asked for.
                let recurse = Recurse { map: true, list, text };
                self.map.get_or_insert(MapMerger { replace, allow_delete, recurse });
            }
            "list" => {
                let method = if has("append") {
                    ListMethod::Append
                } else if has("prepend") {
                    ListMethod::Prepend
                } else if has("no_replace") && !has("replace") {
                    ListMethod::Keep
                } else {
                    ListMethod::Replace
                };
                let recurse = Recurse { map: has("recurse_dict"), list, text };
                self.list.get_or_insert(ListMerger { method, recurse });
            }
            "str" => {
                self.text.get_or_insert(has("append"));
            }
            _ => {
                return Err(["there is no merger `", name, "`: dict, list and str are known"]
                    .concat()
                    .into());
            }
        }
        Ok(())
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Merges `new` into `old`. Where types or the bound of work forbid it the
    /// old value stays.
    ///
    /// Recursion ends at the depth of the shallower tree.
    pub(super) fn merge<'a>(&self, old: &mut Value<'a>, new: Value<'a>, record: &mut Record<'_>) {
        if !record.spend(old, &new) {
            return;
        }
        match &mut old.data {
            Data::Map(entries) => {
                if let (Some(how), Data::Map(new)) = (self.map, new.data) {
                    self.merge_maps(how, entries, new, record);
                }
            }
            Data::Seq(_) => {
                if let Some(how) = self.list {
                    self.merge_lists(how, old, new, record);
                }
            }
            Data::Str(text) => match (self.text, &new.data) {
                (Some(true), Data::Str(more)) => text.to_mut().push_str(more),
                (Some(true), _) => {
                    (record.refuse)("merge", new.place, "only a text can be appended to a text");
                }
                (Some(false), _) => *old = new,
                (None, _) => {}
            },
            _ => {}
        }
    }

    fn merge_maps<'a>(
        &self,
        how: MapMerger,
        old: &mut Vec<(Value<'a>, Value<'a>)>,
        mut new: Vec<(Value<'a>, Value<'a>)>,
        record: &mut Record<'_>,
    ) {
        let order = order(new.len(), &|one, other| compare(&new[one].0, &new[other].0));
        let mut taken = alloc::vec![false; new.len()];
        old.retain_mut(|(key, value)| {
            let Ok(found) = order.binary_search_by(|&at| compare(&new[at].0, key)) else { return true };
            let at = order[found];
            if core::mem::replace(&mut taken[at], true) {
                return true;
            }
            let incoming = core::mem::replace(&mut new[at].1, Value::bare(Data::Null));
            if how.allow_delete && incoming.data == Data::Null {
                return false;
            }
            if how.replace {
                *value = incoming;
            } else if how.recurse.merges(&incoming) {
                self.merge(value, incoming, record);
            }
            true
        });
        for (entry, taken) in new.into_iter().zip(taken) {
            if !taken {
                old.push(entry);
            }
        }
    }

    fn merge_lists<'a>(&self, how: ListMerger, old: &mut Value<'a>, new: Value<'a>, record: &mut Record<'_>) {
        let Data::Seq(items) = &mut old.data else { return };
        let mut incoming = match new.data {
            Data::Seq(incoming) => incoming,
            _ if how.method == ListMethod::Replace => {
                *old = new;
                return;
            }
            _ => {
                return (record.refuse)("merge", new.place, "only a list can be merged into a list");
            }
        };
        match how.method {
            ListMethod::Append => items.append(&mut incoming),
            ListMethod::Prepend => {
                incoming.append(items);
                *items = incoming;
            }
            ListMethod::Keep => {}
            ListMethod::Replace => {
                for (item, incoming) in items.iter_mut().zip(incoming) {
                    if how.recurse.merges(&incoming) {
                        self.merge(item, incoming, record);
                    } else {
                        *item = incoming;
                    }
                }
            }
        }
    }
}

/// Adds to `config` what it lacks and `lower` has, as cloud-init puts the
/// configurations of the system together: mappings key by key, everything else
/// from the first that has it.
#[inline(never)]
pub fn fill_in<'a>(config: &mut Value<'a>, lower: Value<'a>) {
    let recurse = Recurse { map: true, ..Recurse::default() };
    let map = MapMerger { replace: false, allow_delete: false, recurse };
    Mergers { map: Some(map), list: None, text: None }.merge(
        config,
        lower,
        &mut Record { refuse: &mut |_, _, _| {}, work: &mut Some(limits::MERGE_WORK) },
    );
}

/// The options in `settings`: a list of texts, or one text with commas.
fn option_texts<'v>(settings: &'v Value<'_>) -> Vec<&'v str> {
    match &settings.data {
        Data::Seq(items) => texts(items),
        Data::Str(text) => texts_between_commas(text),
        _ => Vec::new(),
    }
}

/// The items that are texts.
#[inline(never)]
fn texts<'v>(items: &'v [Value<'_>]) -> Vec<&'v str> {
    let mut texts = Vec::new();
    for item in items {
        if let Some(text) = item.as_str() {
            texts.push(text);
        }
    }
    texts
}

#[inline(never)]
fn texts_between_commas(text: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    for option in text.split(',') {
        texts.push(option.trim_ascii());
    }
    texts
}

/// Some order of values, places aside; an integer and a float differ.
pub(super) fn compare(one: &Value<'_>, other: &Value<'_>) -> Ordering {
    let rank = |value: &Value<'_>| match value.data {
        Data::Str(_) => 0,
        Data::Int(_) => 1,
        Data::Bool(_) => 2,
        Data::Null => 3,
        Data::Float(_) => 4,
        Data::BigInt(_) => 5,
        Data::Bytes(_) => 6,
        Data::Timestamp(_) => 7,
        Data::Seq(_) => 8,
        Data::Map(_) => 9,
    };
    match (&one.data, &other.data) {
        (Data::Str(one), Data::Str(other))
        | (Data::BigInt(one), Data::BigInt(other))
        | (Data::Float(one), Data::Float(other))
        | (Data::Timestamp(one), Data::Timestamp(other)) => one.cmp(other),
        (Data::Int(one), Data::Int(other)) => one.cmp(other),
        (Data::Bool(one), Data::Bool(other)) => one.cmp(other),
        (Data::Bytes(one), Data::Bytes(other)) => one.cmp(other),
        (Data::Seq(ones), Data::Seq(others)) => {
            let unequal =
                ones.iter().zip(others).map(|(one, other)| compare(one, other)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| ones.len().cmp(&others.len()))
        }
        (Data::Map(ones), Data::Map(others)) => {
            let sorted = |entries: &[(Value<'_>, Value<'_>)]| {
                order(entries.len(), &|one, other| compare(&entries[one].0, &entries[other].0))
            };
            for (one, other) in sorted(ones).into_iter().zip(sorted(others)) {
                let ((key, value), (other_key, other_value)) = (&ones[one], &others[other]);
                let unequal = compare(key, other_key).then_with(|| compare(value, other_value));
                if unequal.is_ne() {
                    return unequal;
                }
            }
            ones.len().cmp(&others.len())
        }
        _ => rank(one).cmp(&rank(other)),
    }
}
