//! Which NICs of the machine a link means.

use super::problem;
use crate::error::Error;
use crate::limits;
use crate::network::glob;
use crate::network::model::{Exactness, Kind, Link, Match, Plain, SystemLink};
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Whether a NIC is one that a link is for.
#[inline(never)]
pub fn fits(link: &Link, nic: &SystemLink) -> bool {
    if let Some(mac) = link.hardware() {
        return nic.own_mac && nic.mac == Some(mac) && has_driver(link, nic);
    }
    match &link.kind {
        Kind::Physical(found) if *found != Match::default() => {
            nic.own_mac && is_one(&found.names, &nic.name) && has_driver(link, nic)
        }
        _ => nic.name == link.name.as_ref().map_or(&*link.id, |name| &**name),
    }
}

/// Whether the driver is one that is asked for. One that is not known is no
/// reason against a MAC address.
fn has_driver(link: &Link, nic: &SystemLink) -> bool {
    let Kind::Physical(Match { drivers, .. }) = &link.kind else { return true };
    let unknown = drivers.is_empty() || link.hardware().is_some();
    nic.driver.as_ref().map_or(unknown, |driver| is_one(drivers, driver))
}

fn is_one(patterns: &[Plain], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob::matches(pattern, name))
}

/// The links of the machine that are meant and `free`, none for one still to
/// be made; `again` when an earlier one had its MAC address.
#[inline(never)]
pub(super) fn find<'a>(
    link: &Link,
    again: bool,
    present: &'a [SystemLink],
    free: &mut dyn FnMut(&SystemLink) -> bool,
) -> Result<Vec<&'a SystemLink>, Error> {
    let text = link.hardware().map(|mac| mac.to_string());
    let object: &str = match (&text, &link.name) {
        (Some(text), _) => text,
        (None, Some(name)) => name,
        (None, None) => &link.id,
    };
    if again {
        return Err(problem("configure link", object, "another link has this MAC address"));
    }
    let is_nic = link.kind.is_nic();
    let mut nics = Vec::new();
    let mut fitting = 0;
    for nic in present.iter().filter(|nic| fits(link, nic)) {
        fitting += 1;
        if !is_nic || free(nic) {
            nics.push(nic);
        }
    }
    if nics.is_empty() && is_nic && text.is_none() {
        // It may have the name already that it is to get.
        let named = |nic: &&SystemLink| Some(&*nic.name) == link.name.as_deref() && has_driver(link, nic);
        nics.extend(present.iter().filter(named).filter(|nic| nic.own_mac && free(nic)));
    }
    let exactness = link.exactness();
    match nics.len() {
        0 if fitting > 0 && link.of_several().is_some() => Ok(nics),
        0 if is_nic => Err(missing(object, why_none(link, exactness), present)),
        0 | 1 => Ok(nics),
        _ if link.of_several().is_some() => Ok(nics),
        _ => Err(Error::new("find link", object, several(&nics, exactness))),
    }
}

fn why_none(link: &Link, exactness: Exactness) -> &'static str {
    match exactness {
        Exactness::Mac => "no NIC has this MAC address",
        Exactness::Drivers => "no NIC has such a driver",
        _ if link.kind != Kind::Physical(Match::default()) => "no NIC has a name that matches",
        _ => "no link has this name",
    }
}

/// Why several NICs are none.
#[inline(never)]
fn several(nics: &[&SystemLink], exactness: Exactness) -> String {
    let mut cause = String::new();
    for nic in nics {
        cause.push_str(if cause.is_empty() { "" } else { " and " });
        cause.push_str(&nic.name);
    }
    let mac = exactness == Exactness::Mac;
    cause.push_str(if mac {
        " have the same MAC address"
    } else {
        " match, and only one can have this name"
    });
    cause
}

/// The error of a NIC that is not there, with those that are.
#[inline(never)]
fn missing(object: &str, cause: &str, present: &[SystemLink]) -> Error {
    let mut cause = String::from(cause);
    let mut between = "; there are ";
    for nic in present.iter().filter(|nic| nic.own_mac).take(limits::LINKS_SHOWN) {
        if let Some(mac) = nic.mac {
            cause.push_str(&fill("{}{} ({})", &[between, &nic.name, &mac.to_string()]));
            between = ", ";
        }
    }
    Error::new("find link", object, cause)
}
