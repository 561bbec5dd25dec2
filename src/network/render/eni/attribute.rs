//! What belongs to a link stands in its first stanza.

use crate::network::model::{Kind, Link, Method, Parameter, Setting, Subnet};
use crate::network::render::section::Section;
use crate::network::render::text::{Spelling, hardware_address, named};
use crate::network::resolve::{Resolved, ResolvedLink};
use crate::text::fill;
use alloc::string::ToString;

const SPELLING: Spelling = Spelling { yes: "on", no: "off", separator: " " };

/// Adds the options of a link whose first subnet is `first`.
#[inline(never)]
pub(super) fn of_link(
    options: &mut Section,
    network: &Resolved<'_>,
    resolved: &ResolvedLink<'_>,
    first: Option<&Subnet>,
) {
    let link = resolved.link;
    match first.map(|first| &first.method) {
        Some(Method::Slaac) => options.set_all("dhcp=0"),
        Some(Method::Dhcp6Stateless) => options.set_all("dhcp=1"),
        Some(method) if method.is_ipv6() || *method == Method::Dhcp4 => {
            options.set_number("accept_ra", link.accept_ra.map(u32::from));
        }
        _ => {}
    }
    // An IPv4 subnet's own stands above the link's, and was written.
    if first.is_none_or(|first| first.method.is_ipv6() || first.mtu.is_none()) {
        mtu(options, first.map(|first| &first.method), link.mtu);
    }
    if link.wake_on_lan {
        options.set_all("ethernet-wol=g");
    }
    if let Some(optional) = link.optional {
        options.set("optional", SPELLING.truth(optional));
    }
    if let Some(keep) = link.keep_configuration {
        options.set("keep-configuration", SPELLING.truth(keep));
    }
    if let Some(Setting::Text(mac)) = link.extra("macaddress") {
        options.set("hwaddress", mac);
    }
    made(options, network, resolved);
    parameters(options, network, link);
}

/// A packet size of the link. Only the stanzas of IPv4 with a fixed address, or with none, have an
/// option of it: IPv6's is for packets of IPv6.
#[inline(never)]
pub(super) fn mtu(options: &mut Section, method: Option<&Method>, mtu: Option<u32>) {
    let Some(mtu) = mtu else { return };
    let has_option = |method: &Method| !method.is_ipv6() && !method.is_dynamic();
    if method.is_none_or(has_option) {
        options.set_number("mtu", Some(mtu));
    } else {
        options.add("pre-up", &fill("ip link set dev $IFACE mtu {}", &[&mtu.to_string()]));
    }
}

/// A member of a bond repeats the bond's settings, which stand above its own.
#[inline(never)]
fn parameters(options: &mut Section, network: &Resolved<'_>, link: &Link) {
    let mut of_bond: &[Parameter] = &[];
    if let Some(id) = &link.bond {
        options.set("bond-master", network.name_of(id));
        if let Some(bond) = network.described.link(id) {
            of_bond = &bond.parameters;
        }
    }
    for parameter in of_bond {
        self::parameter(options, network, parameter);
    }
    for parameter in &link.parameters {
        if !of_bond.iter().any(|bonds| *bonds.name == *parameter.name) {
            self::parameter(options, network, parameter);
        }
    }
}

/// What a link that is made consists of.
#[inline(never)]
fn made(options: &mut Section, network: &Resolved<'_>, resolved: &ResolvedLink<'_>) {
    match &resolved.link.kind {
        Kind::Physical(_) | Kind::Loopback | Kind::Undescribed | Kind::Dummy => return,
        Kind::Infiniband(_) => {}
        Kind::Bond => options.set_all("bond-slaves=none"),
        Kind::Bridge { ports } => {
            options.set_list("bridge-ports", &network.names_of(ports));
        }
        Kind::Vlan(vlan) => {
            options.set("vlan-raw-device", network.name_of(&vlan.link));
            options.set_number("vlan-id", Some(vlan.number().into()));
        }
    }
    if let Some(address) = hardware_address(resolved.link) {
        options.set("hwaddress", &address);
    }
}

/// Options of a bridge's ports stand on a line for each.
#[inline(never)]
fn parameter(options: &mut Section, network: &Resolved<'_>, parameter: &Parameter) {
    let key = parameter.name.replace('_', "-");
    match &named(network, &key, &parameter.value) {
        Setting::List(items)
            if matches!(key.as_str(), "bridge-pathcost" | "bridge-portprio" | "bridge-waitport") =>
        {
            for item in items {
                options.add(&key, item);
            }
        }
        // The kernel takes no words for these.
        Setting::Bool(on) if key.starts_with("bond-") => options.set(&key, if *on { "1" } else { "0" }),
        value => options.set(&key, &SPELLING.of(value)),
    }
}
