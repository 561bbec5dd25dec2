//! One link put together from its stanzas.

use super::super::draft::Draft;
use super::super::link::{self, Type, spanning_tree};
use super::super::reader::{Reader, mac_of, string};
use super::super::subnet::subnet;
use super::super::v1::{KEYS, keys_of};
use super::{Line, Stanza, empty, set};
use crate::network::model::{Control, Link, LinkId, Method, Setting};
use crate::syntax::value::{Data, Value};

/// Adds the link `name`. `controls` tells what is brought up when.
#[inline(never)]
pub(super) fn add<'t>(
    reader: &mut Reader<'t>,
    draft: &mut Draft,
    name: &'t str,
    stanzas: &[&Stanza<'t>],
    controls: &[(Control, &str)],
) {
    let Some(first) = stanzas.first() else { return };
    reader.enter_file(first.line.file);
    reader.enter("link ", name);
    let options = options(name, stanzas, first.line);
    let what = what(name, &options);
    let keys = keys_of(what);
    let mac = options.get(keys.mac).and_then(mac_of).filter(|_| what == Type::Physical);
    let why = "no link can have this name";
    let Some((id, link_name)) = link::named(reader, draft, &options, name, mac, why) else { return };
    let Some(link) = link::link(reader, draft, &options, id, link_name, what, &keys) else { return };
    link::settings(reader, link, &options);
    link.keep_configuration = reader.flag(&options, "keep-configuration");
    let bond = string(&options, "bond-master").and_then(LinkId::new);
    for (option, value) in options.entries() {
        parameter(reader, link, option.as_str().unwrap_or_default(), value, bond.is_some());
    }
    spanning_tree(reader, link, &options);
    for stanza in stanzas {
        add_subnet(reader, link, stanza, controls);
        link.rules.extend_from_slice(&stanza.rules);
    }
    if bond.is_some() {
        link.bond = bond;
    }
}

/// The options of all stanzas as one mapping. A VLAN may tell its link and
/// number in its name (vlan-interfaces(5)): `eth0.7`, `vlan7`.
#[inline(never)]
fn options<'t>(name: &'t str, stanzas: &[&Stanza<'t>], line: Line<'t>) -> Value<'t> {
    let mut options = empty(line);
    for stanza in stanzas {
        if let Data::Map(entries) = &mut options.data {
            entries.extend_from_slice(stanza.options.entries());
        }
    }
    let (of, number) = name.rsplit_once('.').unwrap_or(("", name.strip_prefix("vlan").unwrap_or_default()));
    if number.parse::<u16>().is_ok() {
        if !of.is_empty() {
            set(&mut options, "vlan_link", of, line);
        }
        set(&mut options, "vlan_id", number, line);
    }
    options
}

/// What the options make of a link.
fn what(name: &str, options: &Value<'_>) -> Type {
    let has = |key| options.get(key).is_some();
    if name == "lo" {
        Type::Loopback
    } else if has("bridge_interfaces") {
        Type::Bridge
    } else if has(KEYS.members) || has("bond-mode") && !has("bond-master") {
        Type::Bond
    } else if has(KEYS.vlan_link) && has(KEYS.vlan_number) {
        Type::Vlan
    } else {
        Type::Physical
    }
}

/// A setting of a bond or bridge. A member of a bond repeats those of its
/// bond.
#[inline(never)]
fn parameter(reader: &mut Reader<'_>, link: &mut Link, option: &str, value: &Value<'_>, is_member: bool) {
    let is_bond = option.starts_with("bond-") || option.starts_with("bond_");
    let bridge = option.strip_prefix("bridge-").or(option.strip_prefix("bridge_"));
    if is_bond == bridge.is_some() || is_bond && is_member || option.ends_with("_interfaces") {
        return;
    }
    let text = value.as_str().unwrap_or_default();
    let name = ["bridge_", bridge.unwrap_or_default()].concat();
    if let Some("pathcost" | "portprio" | "waitport") = bridge {
        // Given once for each port.
        let known = link.parameters.iter_mut().find(|parameter| *parameter.name == *name);
        if let Some(Setting::List(items)) = known.map(|parameter| &mut parameter.value) {
            items.extend(reader.plain(value, &name, text));
            return;
        }
        let list = Value { place: value.place, data: Data::Seq(alloc::vec![value.clone()]) };
        reader.parameter(&mut link.parameters, &[&name], &list);
        return;
    }
    let number = text.parse().map(|number| Value { place: value.place, data: Data::Int(number) });
    let name = if is_bond { option } else { &name };
    link::parameter(reader, link, name, number.as_ref().unwrap_or(value));
}

/// The subnet of one stanza.
#[inline(never)]
fn add_subnet(reader: &mut Reader<'_>, link: &mut Link, stanza: &Stanza<'_>, controls: &[(Control, &str)]) {
    let options = &stanza.options;
    if subnet(reader, options, &mut link.subnets).is_none() {
        return;
    }
    let Some(subnet) = link.subnets.last_mut() else { return };
    if subnet.method == Method::Slaac && string(options, "dhcp") == Some("1") {
        subnet.method = Method::Dhcp6Stateless;
    }
    let control = controls.iter().find(|(_, name)| *name == stanza.name);
    subnet.control = control.map_or(Control::Manual, |(control, _)| *control);
    // It is the link's here.
    subnet.mtu = None;
    subnet.routes.extend_from_slice(&stanza.routes);
}
