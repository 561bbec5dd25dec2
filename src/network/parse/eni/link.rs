//! One link put together from its stanzas.

use super::super::draft::Draft;
use super::super::reader::{Reader, string, words};
use super::super::subnet::subnet;
use super::super::v1::{address, common, spanning_tree};
use super::{Entries, Stanza, text};
use crate::network::model::{Control, Kind, Link, LinkId, LinkName, Match, Method, Setting, Vlan};
use crate::syntax::value::{Data, Value};
use alloc::vec::Vec;

/// Adds the link `name`. `controls` tells what is brought up when.
#[inline(never)]
pub(super) fn add<'t>(
    reader: &mut Reader<'t>,
    draft: &mut Draft,
    name: &'t str,
    stanzas: &[&Stanza<'t>],
    controls: &[(Control, &str)],
) {
    reader.enter("link ", name);
    let options = options(stanzas);
    let (Some(id), Some(link_name)) = (LinkId::new(name), LinkName::new(name)) else {
        reader.add(&options, "", &["no link can have this name"]);
        return;
    };
    let kind = kind(reader, draft, name, &options, stanzas);
    let is_member = options.get("bond-master").is_some();
    let mut link = Link::new(id.clone(), Some(link_name), kind);
    address(reader, &mut link, &options, "mac_address");
    common(reader, &mut link, &options);
    for stanza in stanzas {
        for (option, value) in &stanza.others {
            // A member repeats the settings of its bond.
            if !(is_member && is_bond(option)) {
                parameter(reader, &mut link, option, value);
            }
        }
        add_subnet(reader, &mut link, stanza, controls);
    }
    spanning_tree(reader, &mut link, &options);
    draft.add(reader, &options, link);
    draft.join(&id, &members(reader, &options, "bond_interfaces"));
    for bond in reader.ids(&options, "bond-master") {
        draft.join(&bond, core::slice::from_ref(&id));
    }
}

/// The options of all stanzas as one mapping.
fn options<'t>(stanzas: &[&Stanza<'t>]) -> Value<'t> {
    let mut entries: Entries<'t> = Vec::new();
    for stanza in stanzas {
        entries.extend(stanza.link.iter().cloned());
    }
    let place = stanzas.first().map(|stanza| text("", stanza.line).place);
    Value { place: place.unwrap_or_default(), data: Data::Map(entries) }
}

fn is_bond(option: &str) -> bool {
    option.starts_with("bond-") || option.starts_with("bond_")
}

/// Links of a bond or bridge; `none` is none.
fn members(reader: &mut Reader<'_>, options: &Value<'_>, key: &str) -> Vec<LinkId> {
    let mut members = reader.ids(options, key);
    members.retain(|member| **member != *"none");
    members
}

/// What the options make of a link.
#[inline(never)]
fn kind(
    reader: &mut Reader<'_>,
    draft: &mut Draft,
    name: &str,
    options: &Value<'_>,
    stanzas: &[&Stanza<'_>],
) -> Kind {
    let mut others = stanzas.iter().flat_map(|stanza| &stanza.others);
    if name == "lo" {
        Kind::Loopback
    } else if options.get("bridge_interfaces").is_some() {
        draft.bridge(members(reader, options, "bridge_interfaces"))
    } else if options.get("bond_interfaces").is_some()
        || (options.get("bond-master").is_none() && others.any(|(option, _)| is_bond(option)))
    {
        Kind::Bond
    } else {
        vlan(name, options).map_or(Kind::Physical(Match::default()), Kind::Vlan)
    }
}

/// A VLAN tells its link and number in its name (`eth0.7`, `vlan7`) or in
/// options (vlan-interfaces(5)).
fn vlan(name: &str, options: &Value<'_>) -> Option<Vlan> {
    let (of, number) = match (name.rsplit_once('.'), name.strip_prefix("vlan")) {
        (Some((of, number)), _) => (of, number),
        (None, Some(number)) => ("", number),
        (None, None) => ("", ""),
    };
    let of = string(options, "vlan_link").unwrap_or(of);
    let number = string(options, "vlan_id").unwrap_or(number);
    Vlan::new(number.parse().ok()?, LinkId::new(of)?)
}

/// A setting of a bond or bridge, or of ifupdown alone. Those with a port or a
/// time before it are given once for each.
#[inline(never)]
fn parameter(reader: &mut Reader<'_>, link: &mut Link, option: &str, value: &Value<'_>) {
    let number = value.as_str().and_then(|text| text.parse().ok());
    let bridge = option.strip_prefix("bridge").map(|rest| rest.trim_start_matches(['-', '_']));
    let name: &[&str] = match &bridge {
        Some(name) => &["bridge_", name],
        None => &[option],
    };
    if let Some("pathcost" | "portprio" | "waitport") = bridge {
        repeated(reader, link, &name.concat(), value);
        return;
    }
    let value = match number {
        Some(number) => &Value { place: value.place, data: Data::Int(number) },
        None => value,
    };
    match (option, value.as_str()) {
        ("keep-configuration", Some(text)) => link.keep_configuration = Some(text == "on"),
        _ => reader.parameter(&mut link.parameters, name, value),
    }
}

/// A setting that is given once for each port.
fn repeated(reader: &mut Reader<'_>, link: &mut Link, name: &str, value: &Value<'_>) {
    let known = link.parameters.iter_mut().find(|parameter| *parameter.name == *name);
    if let Some(Setting::List(items)) = known.map(|parameter| &mut parameter.value) {
        let words: Vec<&str> = words(Some(value));
        items.extend(reader.plain(value, name, &words.join(" ")));
        return;
    }
    let list = Value { place: value.place, data: Data::Seq(alloc::vec![value.clone()]) };
    reader.parameter(&mut link.parameters, &[name], &list);
}

/// The subnet of one stanza.
#[inline(never)]
fn add_subnet(reader: &mut Reader<'_>, link: &mut Link, stanza: &Stanza<'_>, controls: &[(Control, &str)]) {
    let options = Value { place: text("", stanza.line).place, data: Data::Map(stanza.subnet.clone()) };
    let Some(mut subnet) = subnet(reader, &options) else { return };
    if subnet.method == Method::Slaac && string(&options, "dhcp") == Some("1") {
        subnet.method = Method::Dhcp6Stateless;
    }
    let control = controls.iter().find(|(_, name)| *name == stanza.name);
    // A second stanza of a link comes up with the first.
    subnet.control = match control {
        Some((control, _)) => *control,
        None => Control::Manual,
    };
    subnet.routes.extend(stanza.routes.iter().cloned());
    // The bond's own manual stanza, and a member's, say nothing more.
    link.subnets.push(subnet);
}
