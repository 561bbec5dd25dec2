//! What only the whole of a document tells: which links others are made of, and which of two
//! matches is for a NIC.

use super::super::reader::text;
use super::is_word;
use crate::network::glob;
use crate::network::model::{Exactness, LinkId};
use crate::syntax::value::{Data, Value};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A document's sections of links.
type Sections<'a> = Vec<(Value<'a>, Value<'a>)>;

/// Leaves a link that several bonds or bridges have with one: with a bond, else with the last
/// bridge. netplan refuses others, and the kernel knows one.
#[inline(never)]
pub(super) fn one_master_each(sections: &mut Sections<'_>) {
    let mut taken: Vec<String> = Vec::new();
    for title in ["bonds", "bridges"] {
        let section = sections.iter_mut().find(|(key, _)| text(key) == title);
        let Some((_, Value { data: Data::Map(links), .. })) = section else { continue };
        for (_, link) in links.iter_mut().rev() {
            let Some(Data::Seq(members)) = find(link, "interfaces") else { continue };
            super::keep_items(members, &|member| !taken.iter().any(|other| other == text(member)));
            for at in (1..members.len()).rev() {
                let (before, after) = members.split_at(at);
                if before.iter().any(|other| after.first().is_some_and(|own| text(own) == text(other))) {
                    members.remove(at);
                }
            }
            taken.extend(members.iter().map(|member| text(member).to_string()));
        }
    }
}

/// What a key of a link has.
fn find<'v, 'a>(link: &'v mut Value<'a>, wanted: &str) -> Option<&'v mut Data<'a>> {
    let Data::Map(entries) = &mut link.data else { return None };
    entries.iter_mut().find(|(key, _)| text(key) == wanted).map(|(_, value)| &mut value.data)
}

/// Defines NICs that others are made of and nothing describes: netplan refuses what is not
/// defined.
#[inline(never)]
pub(super) fn define_members<'a>(sections: &mut Sections<'a>) {
    let mut missing: Vec<Value<'a>> = Vec::new();
    let is_defined = |id: &str| sections.iter().any(|(_, links)| links.get(id).is_some());
    for (title, links) in &*sections {
        if !matches!(text(title), "bonds" | "bridges" | "vlans") {
            continue;
        }
        for (_, link) in links.entries() {
            let parent = link.get_set("link").into_iter();
            let members = link.get("interfaces").and_then(Value::items).unwrap_or_default();
            for id in members.iter().chain(parent) {
                let is_new = !is_defined(text(id)) && !missing.iter().any(|other| text(other) == text(id));
                if is_new && LinkId::new(text(id)).is_some() {
                    missing.push(id.clone());
                }
            }
        }
    }
    if missing.is_empty() {
        return;
    }
    let at = sections.iter().position(|(key, _)| text(key) == "ethernets").unwrap_or(sections.len());
    if at == sections.len() {
        sections.push((super::word("ethernets"), Value::bare(Data::Map(Vec::new()))));
    }
    if let Some((_, Value { data: Data::Map(nics), .. })) = sections.get_mut(at) {
        for id in missing {
            nics.push((id, Value::bare(Data::Map(Vec::new()))));
        }
    }
}

/// Keys whose values name other links.
const REFERENCES: &str = "interfaces link path-cost port-priority primary";

/// Of two links a NIC fits netplan takes the one whose id comes first in the alphabet; a less exact
/// one gets an id that comes after those of the more exact.
#[inline(never)]
pub(super) fn exact_first(sections: &mut [(Value<'_>, Value<'_>)]) {
    let Some((_, nics)) = sections.iter().find(|(key, _)| text(key) == "ethernets") else { return };
    let mut moved = Vec::new();
    for (id, link) in nics.entries() {
        let own = exactness(link);
        let pattern = link.get_set("match").and_then(|found| found.get_set("name")).map(text);
        let is_late = |(other, link): &(Value<'_>, Value<'_>)| {
            exactness(link) < own && text(other) > text(id) && may_fit(found_name(link, other), pattern)
        };
        if own >= Exactness::Names && nics.entries().iter().any(is_late) {
            let last = if own == Exactness::Names { "zz-" } else { "zzz-" };
            moved.push((text(id).to_string(), [last, text(id)].concat()));
        }
    }
    for (key, links) in sections {
        let Data::Map(links) = &mut links.data else { continue };
        let is_nics = text(key) == "ethernets";
        for (id, link) in links {
            if is_nics {
                rename(id, &moved);
            } else {
                refer(link, &moved);
            }
        }
    }
}

/// How a link of `ethernets` says which NIC it means.
fn exactness(link: &Value<'_>) -> Exactness {
    let Some(found) = link.get_set("match") else { return Exactness::Name };
    if found.get("macaddress").is_some() {
        return Exactness::Mac;
    }
    match found.get_set("name").map(text) {
        Some(name) if !glob::is_pattern(name) => Exactness::Name,
        None if found.get_set("driver").is_some() => Exactness::Drivers,
        _ => Exactness::Names,
    }
}

/// The name of the NIC that a link means, where it is one by name.
fn found_name<'v>(link: &'v Value<'_>, id: &'v Value<'_>) -> Option<&'v str> {
    let found = link.get_set("match");
    let name = found.map_or(Some(id), |found| found.get_set("name")).map(text);
    name.filter(|_| exactness(link) == Exactness::Name)
}

/// Whether both can be for one NIC.
fn may_fit(name: Option<&str>, pattern: Option<&str>) -> bool {
    name.is_none_or(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name)))
}

fn rename(id: &mut Value<'_>, moved: &[(String, String)]) {
    if let Some((_, new)) = moved.iter().find(|(old, _)| old == text(id)) {
        id.data = Data::Str(new.clone().into());
    }
}

/// Renames those that a link refers to.
#[inline(never)]
fn refer(link: &mut Value<'_>, moved: &[(String, String)]) {
    let Data::Map(entries) = &mut link.data else { return };
    for (key, value) in entries {
        if text(key) == "parameters" {
            refer(value, moved);
        } else if is_word(REFERENCES, text(key)) {
            match &mut value.data {
                Data::Seq(ids) => ids.iter_mut().for_each(|id| rename(id, moved)),
                Data::Map(ids) => ids.iter_mut().for_each(|(id, _)| rename(id, moved)),
                _ => rename(value, moved),
            }
        }
    }
}
