//! From what is wanted to the machine at hand: MAC addresses find their NICs,
//! and every link gets the name it will have.

use crate::action::LinkAction;
use crate::error::Error;
use crate::network::model::{Device, Dns, Link, LinkName, Network, SystemLink};
use crate::network::rename;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A [`Network`] whose links all have names; what back ends are written from.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// Links in the order of the description, names unique.
    pub links: Vec<ResolvedLink<'a>>,
    /// Resolver settings of no particular link.
    pub dns: &'a Dns,
    /// What could not be matched; those links are left out, or are written
    /// for the day their NIC appears when the description names them.
    pub problems: Vec<Error>,
    /// Names asked for, by index of the NIC.
    wanted: Vec<(u32, LinkName)>,
    present: &'a [SystemLink],
}

/// One link with its name.
#[derive(Clone, Debug)]
pub struct ResolvedLink<'a> {
    /// The name it has once [`Resolved::renames`] is applied.
    pub name: LinkName,
    /// What is wanted of it.
    pub link: &'a Link,
    /// The NIC; `None` when it is not there (yet).
    pub present: Option<&'a SystemLink>,
}

/// A link of the description, and what of the machine it turned out to be.
struct Found<'a> {
    link: &'a Link,
    nic: Option<&'a SystemLink>,
    /// The name it asked for and gets.
    name: Option<&'a LinkName>,
}

impl Resolved<'_> {
    /// The steps that give the present links their names.
    pub fn renames(&self) -> Vec<LinkAction> {
        rename::plan(&self.wanted, self.present)
    }
}

impl Network {
    /// Finds each link among `present` and settles its name: the one wanted,
    /// else the one the kernel gave (or the one it is moved aside to).
    #[inline(never)]
    pub fn resolve<'a>(&'a self, present: &'a [SystemLink]) -> Resolved<'a> {
        let mut problems = Vec::new();
        let found = self.find(present, &mut problems);
        let mut wanted = Vec::new();
        for link in &found {
            if let (Device::Hardware { .. }, Some(nic), Some(name)) = (&link.link.device, link.nic, link.name)
            {
                wanted.push((nic.index, name.clone()));
            }
        }
        let names = rename::names(&wanted, present);
        let mut links: Vec<ResolvedLink<'a>> = Vec::new();
        for Found { link, nic, name } in &found {
            let name = name.cloned().or_else(|| {
                let (_, name) = names.iter().find(|(index, _)| nic.is_some_and(|nic| nic.index == *index))?;
                let is_free = !found.iter().any(|other| other.name.is_some_and(|other| **other == **name))
                    && !links.iter().any(|other| *other.name == **name);
                LinkName::new(name).filter(|_| is_free)
            });
            match (name, nic) {
                (Some(name), _) => links.push(ResolvedLink { name, link, present: *nic }),
                (None, Some(nic)) => {
                    problems.push(problem("configure link", &nic.name, "no name can be given to it"));
                }
                (None, None) => {}
            }
        }
        Resolved { links, dns: &self.dns, problems, wanted, present }
    }

    /// The links that have a name or a NIC.
    fn find<'a>(&'a self, present: &'a [SystemLink], problems: &mut Vec<Error>) -> Vec<Found<'a>> {
        let mut links: Vec<Found<'a>> = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            let mut earlier = self.links.iter().take(at);
            let again =
                link.device.mac().is_some() && earlier.any(|other| other.device.mac() == link.device.mac());
            let nic = match find(&link.device, again, present) {
                Ok(nic) => Some(nic),
                Err(error) => {
                    problems.push(error);
                    None
                }
            };
            let mut name = link.device.name();
            if let Some(wanted) = name
                && links.iter().any(|other| other.name == name)
            {
                problems.push(problem("name a link", wanted, "two links want this name"));
                name = None;
            }
            if name.is_some() || nic.is_some() {
                links.push(Found { link, nic, name });
            }
        }
        links
    }
}

/// The one link that `device` means; `again` when an earlier one had its MAC
/// address.
fn find<'a>(device: &Device, again: bool, present: &'a [SystemLink]) -> Result<&'a SystemLink, Error> {
    let mac = match device {
        Device::Hardware { mac, .. } => mac,
        Device::Named(name) => {
            let nic = present.iter().find(|nic| nic.name == **name);
            return nic.ok_or_else(|| problem("find link", name, "no link has this name"));
        }
    };
    let text = mac.to_string();
    if again {
        return Err(problem("configure link", &text, "another link has this MAC address"));
    }
    let mut same = present.iter().filter(|nic| nic.own_mac && nic.mac == Some(*mac));
    let Some(nic) = same.next() else {
        return Err(problem("find link", &text, "no NIC has this MAC address"));
    };
    let mut names = String::new();
    for other in same {
        names.push_str(" and ");
        names.push_str(&other.name);
    }
    if names.is_empty() {
        return Ok(nic);
    }
    names.insert_str(0, &nic.name);
    names.push_str(" have the same MAC address");
    Err(Error::new("find link", text, names))
}

#[inline(never)]
fn problem(doing: &'static str, object: &str, cause: &'static str) -> Error {
    Error::new(doing, object, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::Mac;

    fn nic(index: u32, name: &str, mac: &str) -> SystemLink {
        let mac = Mac::parse(mac);
        SystemLink { index, name: name.into(), mac, own_mac: true, up: false, carrier: false }
    }

    fn link(mac: &str, name: Option<&str>) -> Link {
        let device = Device::Hardware {
            mac: Mac::parse(mac).unwrap(),
            name: name.map(|name| LinkName::new(name).unwrap()),
        };
        Link { device, mtu: None, accept_ra: None, subnets: Vec::new() }
    }

    const A: &str = "52:54:00:00:00:0a";
    const B: &str = "52:54:00:00:00:0b";

    fn outcome(links: Vec<Link>, present: &[SystemLink]) -> (Vec<String>, Vec<String>) {
        let network = Network { links, dns: Dns::default() };
        let resolved = network.resolve(present);
        (
            resolved.links.iter().map(|link| link.name.to_string()).collect(),
            resolved.problems.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn the_kernels_name_stays_unless_another_is_wanted() {
        let present = [nic(2, "ens3", A), nic(3, "ens4", &B.to_uppercase())];
        let (names, problems) = outcome(vec![link(A, None), link(B, Some("lan0"))], &present);
        assert_eq!(names, ["ens3", "lan0"]);
        assert_eq!(problems, [] as [&str; 0]);
    }

    #[test]
    fn a_link_moved_aside_is_configured_under_its_new_name() {
        let present = [nic(2, "eth0", A), nic(3, "eth1", B)];
        assert_eq!(outcome(vec![link(A, None), link(B, Some("eth0"))], &present).0, ["eth2", "eth0"]);
    }

    #[test]
    fn what_is_not_there_is_one_problem_and_the_rest_goes_on() {
        let (names, problems) = outcome(vec![link(B, None), link(A, None)], &[nic(2, "ens3", A)]);
        assert_eq!(names, ["ens3"]);
        assert_eq!(problems, [format!("unable to find link {B}: no NIC has this MAC address")]);
    }

    #[test]
    fn a_named_link_is_kept_for_the_day_it_appears() {
        let network = Network { links: vec![link(B, Some("lan0"))], dns: Dns::default() };
        let resolved = network.resolve(&[]);
        assert_eq!(&*resolved.links[0].name, "lan0");
        assert_eq!((resolved.links[0].present, resolved.problems.len()), (None, 1));
        assert_eq!(resolved.renames(), []);
    }

    #[test]
    fn two_nics_of_one_address_are_both_named() {
        let present = [nic(2, "ens3", A), nic(3, "ens4", A)];
        assert_eq!(
            outcome(vec![link(A, None)], &present).1,
            [format!("unable to find link {A}: ens3 and ens4 have the same MAC address")]
        );
        let mut member = present.clone();
        member[1].own_mac = false;
        assert_eq!(outcome(vec![link(A, None)], &member).0, ["ens3"]);
    }

    #[test]
    fn names_and_addresses_are_given_once() {
        let present = [nic(2, "ens3", A), nic(3, "ens4", B)];
        let (names, problems) = outcome(vec![link(A, Some("lan")), link(B, Some("lan"))], &present);
        assert_eq!((names, problems.len()), (vec!["lan".to_string(), "ens4".to_string()], 1));
        let (names, problems) = outcome(vec![link(A, Some("lan")), link(A, None)], &present);
        assert_eq!((names, problems.len()), (vec!["lan".to_string()], 1));
    }
}
