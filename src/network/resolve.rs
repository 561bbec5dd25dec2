//! From what is wanted to the machine at hand: MAC addresses find their NICs,
//! and every link gets the name it will have.

use crate::action::LinkAction;
use crate::error::Error;
use crate::network::model::{Device, Dns, Link, LinkName, Mac, Network, SystemLink};
use crate::network::{order, rename};
use alloc::format;
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
    /// Place in the description.
    position: usize,
}

impl Resolved<'_> {
    /// The steps that give the present links their names.
    pub fn renames(&self) -> Vec<LinkAction> {
        rename::plan(&wanted(&self.links), self.present)
    }
}

impl Network {
    /// Finds each link among `present` and settles its name: the one wanted,
    /// else the one the kernel gave (or the one it is moved aside to).
    pub fn resolve<'a>(&'a self, present: &'a [SystemLink]) -> Resolved<'a> {
        let mut problems = Vec::new();
        let mut links: Vec<ResolvedLink<'a>> = Vec::new();
        let mut unnamed = Vec::new();
        let nics = Nics::new(present);
        let mut seen: Vec<Mac> = Vec::new();
        for (position, link) in self.links.iter().enumerate() {
            let found = match &link.device {
                Device::Hardware { mac, .. } if seen.contains(mac) => {
                    Err(Error::new("configure", format!("link {mac}"), "another link has this MAC address"))
                }
                Device::Hardware { mac, .. } => nics.by_mac(*mac),
                Device::Named(name) => nics.by_name(name),
            };
            seen.extend(link.device.mac());
            let nic = found.map_err(|problem| problems.push(problem)).ok();
            match (&link.device, nic) {
                (Device::Hardware { name: Some(name), .. } | Device::Named(name), nic) => {
                    if links.iter().any(|other| other.name == *name) {
                        problems.push(Error::new(
                            "name a link",
                            name.to_string(),
                            "two links want this name",
                        ));
                        unnamed.extend(nic.map(|nic| (position, link, nic)));
                    } else {
                        links.push(ResolvedLink { name: name.clone(), link, present: nic, position });
                    }
                }
                (Device::Hardware { name: None, .. }, Some(nic)) => unnamed.push((position, link, nic)),
                (Device::Hardware { name: None, .. }, None) => {}
            }
        }
        let names = rename::names(&wanted(&links), present);
        for (position, link, nic) in unnamed {
            let name =
                names.iter().find(|(index, _)| *index == nic.index).and_then(|(_, name)| LinkName::new(name));
            match name {
                Some(name) if !links.iter().any(|other| other.name == name) => {
                    links.push(ResolvedLink { name, link, present: Some(nic), position });
                }
                _ => problems.push(Error::new(
                    "configure link",
                    nic.name.clone(),
                    "no name can be given to it",
                )),
            }
        }
        order::sort_by(&mut links, |a, b| a.position < b.position);
        Resolved { links, dns: &self.dns, problems, present }
    }
}

/// Names asked for, by index of the NIC.
fn wanted(links: &[ResolvedLink<'_>]) -> Vec<(u32, LinkName)> {
    links
        .iter()
        .filter(|link| matches!(link.link.device, Device::Hardware { name: Some(_), .. }))
        .filter_map(|link| Some((link.present?.index, link.name.clone())))
        .collect()
}

/// The machine's links, found by MAC address or name.
struct Nics<'a> {
    /// Those with an address of their own, sorted by it.
    by_mac: Vec<(Mac, &'a SystemLink)>,
    all: &'a [SystemLink],
}

impl<'a> Nics<'a> {
    fn new(all: &'a [SystemLink]) -> Self {
        let mut by_mac: Vec<_> =
            all.iter().filter(|link| link.own_mac).filter_map(|link| Some((link.mac?, link))).collect();
        order::sort_by(&mut by_mac, |a: &(Mac, &SystemLink), b| (a.0, a.1.index) < (b.0, b.1.index));
        Self { by_mac, all }
    }

    fn by_mac(&self, mac: Mac) -> Result<&'a SystemLink, Error> {
        let from = self.by_mac.partition_point(|(other, _)| *other < mac);
        let same: Vec<&SystemLink> = self.by_mac[from..]
            .iter()
            .take_while(|(other, _)| *other == mac)
            .map(|(_, link)| *link)
            .collect();
        match same[..] {
            [nic] => Ok(nic),
            [] => Err(Error::new("find link", mac.to_string(), "no NIC has this MAC address")),
            _ => {
                let names: Vec<&str> = same.iter().map(|nic| nic.name.as_str()).collect();
                let cause: String = format!("{} have the same MAC address", names.join(" and "));
                Err(Error::new("find link", mac.to_string(), cause))
            }
        }
    }

    fn by_name(&self, name: &LinkName) -> Result<&'a SystemLink, Error> {
        self.all
            .iter()
            .find(|nic| nic.name == **name)
            .ok_or_else(|| Error::new("find link", name.to_string(), "no link has this name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
