//! What every description says of a link, under its own keys.

use super::draft::Draft;
use super::reader::{Reader, integer, string, text, words};
use crate::network::model::parameter::{self, BOND, BRIDGE};
use crate::network::model::{InfinibandAddress, Kind, Link, LinkId, LinkName, Mac, Match, Setting, Vlan};
use crate::syntax::value::{Data, Value};
use alloc::string::ToString;
use alloc::vec::Vec;

/// What a link is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Physical,
    Infiniband,
    Loopback,
    Dummy,
    Bond,
    Bridge,
    Vlan,
}

/// The keys of one kind of description.
pub(super) struct Keys {
    pub(super) mac: &'static str,
    /// Links of a bond or bridge.
    pub(super) members: &'static str,
    pub(super) vlan_number: &'static str,
    pub(super) vlan_link: &'static str,
}

/// The name `wanted`, or what it is cut to where it is too long, which is a
/// problem. `None` when it is no name for other reasons.
#[inline(never)]
pub(super) fn fitting(
    reader: &mut Reader<'_>,
    draft: &Draft,
    value: &Value<'_>,
    wanted: &str,
) -> Option<LinkName> {
    if let Some(name) = LinkName::new(wanted) {
        return Some(name);
    }
    let is_taken = |name: &LinkName| {
        draft.network.links.iter().any(|link| link.name.as_ref() == Some(name) && *link.id != *wanted)
    };
    let name = LinkName::shortened(wanted, &is_taken)?;
    reader.add(value, "", &[wanted, " has more than 15 letters; the name is ", &name]);
    Some(name)
}

/// The id and the name of a link that is called `called`. One that the kernel
/// or a back end would refuse is a problem, of which `why` says the cause; a NIC
/// that its `mac` finds keeps its present name then, and its configuration with
/// it. `None`: it can't be a link.
#[inline(never)]
pub(super) fn named(
    reader: &mut Reader<'_>,
    draft: &Draft,
    value: &Value<'_>,
    called: &str,
    mac: Option<Mac>,
    why: &str,
) -> Option<(LinkId, Option<LinkName>)> {
    let id = LinkId::new(called);
    let name = fitting(reader, draft, value, called);
    if name.is_some() {
        return Some((id?, name));
    }
    let keeps = if mac.is_some() { "; it keeps the kernel's" } else { "" };
    reader.add(value, "", &[why, keeps]);
    Some((id.filter(|_| mac.is_some()).or_else(|| LinkId::new(&mac?.to_string()))?, None))
}

/// Starts a link; `None`, and a problem, when it can't be one. The caller adds
/// what only its kind of description has.
#[inline(never)]
pub(super) fn link<'d>(
    reader: &mut Reader<'_>,
    draft: &'d mut Draft,
    value: &Value<'_>,
    id: LinkId,
    name: Option<LinkName>,
    what: Type,
    keys: &Keys,
) -> Option<&'d mut Link> {
    let members = reader.ids(value, keys.members);
    if what == Type::Bridge {
        draft.name(&members, None);
    }
    let kind = kind(reader, value, what, keys, &members)?;
    let long = matches!(kind, Kind::Infiniband(Some(_)));
    let bond = (what == Type::Bond).then(|| id.clone());
    let at = draft.add(reader, value, Link::new(id, name, kind));
    if let Some(bond) = &bond {
        draft.name(&members, Some(bond));
    }
    let link = draft.network.links.get_mut(at)?;
    link.mtu = reader.mtu(value);
    if !long {
        link.mac = reader.mac(value, keys.mac);
    }
    Some(link)
}

/// A link that is no part of any network: what it is set to is read for what is
/// wrong with it.
pub(super) fn scratch() -> Option<Link> {
    Some(Link::new(LinkId::new("-")?, None, Kind::Undescribed))
}

/// What a link of a type is.
#[inline(never)]
fn kind(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    what: Type,
    keys: &Keys,
    members: &[LinkId],
) -> Option<Kind> {
    Some(match what {
        Type::Physical => Kind::Physical(Match::default()),
        Type::Infiniband => Kind::Infiniband(string(value, keys.mac).and_then(InfinibandAddress::parse)),
        Type::Loopback => Kind::Loopback,
        Type::Dummy => Kind::Dummy,
        Type::Bond => Kind::Bond,
        Type::Bridge => Kind::Bridge { ports: members.to_vec() },
        Type::Vlan => Kind::Vlan(vlan(reader, value, keys)?),
    })
}

/// A VLAN's number and link.
#[inline(never)]
fn vlan(reader: &mut Reader<'_>, value: &Value<'_>, keys: &Keys) -> Option<Vlan> {
    let (Some(link), Some(number)) = (value.get_set(keys.vlan_link), value.get_set(keys.vlan_number)) else {
        reader.add(value, "", &["needs ", keys.vlan_number, " and ", keys.vlan_link]);
        return None;
    };
    let link = reader.id(link, keys.vlan_link, text(link))?;
    let vlan = integer(number).and_then(|number| Vlan::new(u16::try_from(number).ok()?, link));
    if vlan.is_none() {
        reader.add(number, keys.vlan_number, &["must be a number from 0 to 4094"]);
    }
    vlan
}

/// Settings of NICs, under the keys of versions 1 and 2.
#[inline(never)]
pub(super) fn settings(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    link.accept_ra = reader.flag(value, "accept-ra");
    link.wake_on_lan = reader.flag(value, "wakeonlan") == Some(true);
    link.optional = reader.flag(value, "optional");
}

/// Sets a parameter under its one name. Of a bond one whose values have numbers
/// gets the word, one that is on or off that, and addresses in one text become a
/// list.
#[inline(never)]
pub(super) fn parameter(reader: &mut Reader<'_>, link: &mut Link, written: &str, value: &Value<'_>) {
    let (table, stem) = match link.kind {
        Kind::Bond => (BOND, "bond-"),
        Kind::Bridge { .. } => (BRIDGE, "bridge_"),
        _ => return reader.parameter(&mut link.parameters, &[written], value),
    };
    let Some(name) = parameter::known(table, written) else {
        return reader.parameter(&mut link.parameters, &[written], value);
    };
    let number = integer(value).filter(|_| matches!(link.kind, Kind::Bond));
    let data = match number.and_then(|number| parameter::word(name, number)) {
        Some(word) => Data::Str(word.into()),
        None if name == "arp-ip-target" => {
            let mut targets = Vec::new();
            for word in words(Some(value)) {
                for target in word.split(',').filter(|target| !target.is_empty()) {
                    targets.push(Value { place: value.place, data: Data::Str(target.into()) });
                }
            }
            Data::Seq(targets)
        }
        None if name == "all-slaves-active" => match (number, text(value)) {
            (Some(number), _) => Data::Bool(number != 0),
            (None, "delivered") => Data::Bool(true),
            (None, "dropped") => Data::Bool(false),
            _ => return reader.parameter(&mut link.parameters, &[stem, name], value),
        },
        None => return reader.parameter(&mut link.parameters, &[stem, name], value),
    };
    reader.parameter(&mut link.parameters, &[stem, name], &Value { place: value.place, data });
}

/// `bridge_stp` is on or off, however that is put.
#[inline(never)]
pub(super) fn spanning_tree(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    let Kind::Bridge { .. } = link.kind else { return };
    for parameter in &mut link.parameters {
        if *parameter.name != *"bridge_stp" {
            continue;
        }
        let on = match &parameter.value {
            Setting::Bool(on) => Some(*on),
            Setting::Int(number @ 0..=1) => Some(*number == 1),
            Setting::Text(text) if matches!(&**text, "on" | "1") => Some(true),
            Setting::Text(text) if matches!(&**text, "off" | "0") => Some(false),
            _ => None,
        };
        if on.is_none() {
            reader.add(value, "bridge_stp", &["must be on or off"]);
        }
        parameter.value = Setting::Bool(on.unwrap_or_default());
    }
}
