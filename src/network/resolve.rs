//! From what is wanted to the machine at hand: MAC addresses find their NICs,
//! and every link gets the name it will have.

use crate::action::LinkAction;
use crate::error::Error;
use crate::limits;
use crate::network::glob;
use crate::network::model::{Kind, Link, LinkId, LinkName, Match, Network, Origin, SystemLink};
use crate::network::rename;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A [`Network`] whose links all have names; what back ends are written from.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// What it was resolved from: for what belongs to no link, and for links
    /// that are no part of this machine.
    pub described: &'a Network,
    /// Links in the order of the description, names unique.
    pub links: Vec<ResolvedLink<'a>>,
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
    /// The NIC, or the link of that name; `None` when it is not there (yet).
    pub present: Option<&'a SystemLink>,
}

impl ResolvedLink<'_> {
    /// Whether it is a NIC with a MAC address that was given no name: udev may
    /// still rename it, so that files must not tell it by the one it has.
    pub fn is_found_by_mac_alone(&self) -> bool {
        self.link.name.is_none() && self.link.hardware().is_some()
    }
}

/// A link of the description, and what of the machine it turned out to be.
struct Found<'a> {
    link: &'a Link,
    nic: Option<&'a SystemLink>,
    /// The name it asked for and gets.
    name: Option<LinkName>,
}

impl Resolved<'_> {
    /// The steps that give the present links their names.
    pub fn renames(&self) -> Vec<LinkAction> {
        rename::plan(&self.wanted, self.present)
    }

    /// Gives the present links their names; see [`rename::settle`].
    pub fn rename(
        &self,
        look: &mut dyn FnMut() -> Result<Vec<SystemLink>, Error>,
        carry_out: &mut dyn FnMut(LinkAction) -> Result<(), Error>,
    ) -> Vec<Error> {
        rename::settle(&self.wanted, self.present, look, carry_out)
    }

    /// The name of the link with this id. A description may refer to a link
    /// of the machine that it does not describe: then the id is the name.
    pub fn name_of<'r>(&'r self, id: &'r str) -> &'r str {
        self.links.iter().find(|link| *link.link.id == *id).map_or(id, |link| &link.name)
    }

    /// The names of several links.
    #[inline(never)]
    pub fn names_of<'r>(&'r self, ids: &'r [LinkId]) -> Vec<&'r str> {
        let mut names = Vec::new();
        for id in ids {
            names.push(self.name_of(id));
        }
        names
    }

    /// What files are named after that cloud-init names by its configuration
    /// id: of version 2 the id, else the name.
    pub fn file_key<'r>(&self, link: &'r ResolvedLink<'_>) -> &'r str {
        match self.described.origin {
            Origin::V2 { .. } => &link.link.id,
            Origin::NetworkData | Origin::V1 => &link.name,
        }
    }
}

impl Network {
    /// Finds each link among `present` and settles its name: the one wanted,
    /// else the one the kernel gave (or the one it is moved aside to).
    #[inline(never)]
    pub fn resolve<'a>(&'a self, present: &'a [SystemLink]) -> Resolved<'a> {
        let mut problems = Vec::new();
        let mut found = self.find(present, &mut problems);
        let mut wanted = Vec::new();
        for Found { link, nic, name } in &found {
            if let (true, Some(nic), Some(name)) = (link.kind.is_nic(), nic, name) {
                wanted.push((nic.index, name.clone()));
            }
        }
        let kernel = rename::names(&wanted, present);
        // A VLAN's name may be made of another link's.
        for vlans in [false, true] {
            for at in 0..found.len() {
                if matches!(self.links[at].kind, Kind::Vlan(_)) == vlans {
                    found[at].name = self.settle(&found, at, &kernel, &mut problems);
                }
            }
        }
        let mut links = Vec::new();
        for Found { link, nic, name } in found {
            match (name, nic) {
                (Some(name), present) => links.push(ResolvedLink { name, link, present }),
                (None, Some(nic)) => {
                    problems.push(problem("configure link", &nic.name, "no name can be given to it"));
                }
                (None, None) if link.name.is_none() && matches!(link.kind, Kind::Vlan(_)) => {
                    problems.push(problem("name link", &link.id, "its link has no name"));
                }
                // Why others are not there, or have not their names, was told.
                (None, None) => {}
            }
        }
        Resolved { described: self, links, problems, wanted, present }
    }

    /// The links, with NICs where they are there and names where those are
    /// asked for.
    #[inline(never)]
    fn find<'a>(&'a self, present: &'a [SystemLink], problems: &mut Vec<Error>) -> Vec<Found<'a>> {
        let mut links: Vec<Found<'a>> = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            let mut earlier = self.links.iter().take(at);
            let mac = link.hardware();
            let again = mac.is_some() && earlier.any(|other| other.hardware() == mac);
            let nic = match find(link, again, present) {
                Ok(nic) => nic,
                Err(error) => {
                    problems.push(error);
                    None
                }
            };
            let mut name = link.name.clone();
            if let Some(wanted) = &name
                && links.iter().any(|other| other.name == name)
            {
                problems.push(problem("name a link", wanted, "two links want this name"));
                name = None;
            }
            links.push(Found { link, nic, name });
        }
        links
    }

    /// The name of the link at `at`, unless it would have another's.
    #[inline(never)]
    fn settle(
        &self,
        found: &[Found<'_>],
        at: usize,
        kernel: &[(u32, String)],
        problems: &mut Vec<Error>,
    ) -> Option<LinkName> {
        let Found { link, nic, name } = found.get(at)?;
        if name.is_some() || (link.name.is_some() && nic.is_none()) {
            return name.clone();
        }
        let of_nic = kernel.iter().find(|(index, _)| nic.is_some_and(|nic| nic.index == *index));
        let name = match (of_nic, &link.kind) {
            (Some((_, name)), _) => LinkName::new(name),
            (None, Kind::Vlan(vlan)) => {
                let link = found.iter().find(|other| other.link.id == vlan.link);
                let link: &str = match link {
                    Some(link) => link.name.as_ref()?,
                    None => &vlan.link,
                };
                let long = [link, ".", &vlan.number().to_string()].concat();
                LinkName::new(&long).or_else(|| shortened(&long, found, problems))
            }
            (None, Kind::Physical(_) | Kind::Infiniband(_) | Kind::Undescribed)
                if matches!(self.origin, Origin::NetworkData) =>
            {
                None
            }
            (None, _) => LinkName::new(&link.id),
        };
        name.filter(|name| !found.iter().any(|other| other.name.as_ref() == Some(name)))
    }
}

/// The name of a VLAN on a link whose own name is too long.
fn shortened(long: &str, found: &[Found<'_>], problems: &mut Vec<Error>) -> Option<LinkName> {
    let is_taken = |name: &LinkName| found.iter().any(|other| other.name.as_ref() == Some(name));
    let name = LinkName::shortened(long, &is_taken)?;
    let cause = ["it has more than 15 letters; the name is ", &name].concat();
    problems.push(Error::new("give the name", long, cause));
    Some(name)
}

/// The link of the machine that is meant, `None` for one still to be made;
/// `again` when an earlier one had its MAC address.
#[inline(never)]
fn find<'a>(link: &Link, again: bool, present: &'a [SystemLink]) -> Result<Option<&'a SystemLink>, Error> {
    let Some(mac) = link.hardware() else { return by_name(link, present) };
    let text = mac.to_string();
    if again {
        return Err(problem("configure link", &text, "another link has this MAC address"));
    }
    let mut same = present.iter().filter(|nic| nic.own_mac && nic.mac == Some(mac));
    let Some(nic) = same.next() else {
        return Err(missing(&text, "no NIC has this MAC address", present));
    };
    let mut names = String::new();
    for other in same {
        names.push_str(" and ");
        names.push_str(&other.name);
    }
    if names.is_empty() {
        return Ok(Some(nic));
    }
    names.insert_str(0, &nic.name);
    names.push_str(" have the same MAC address");
    Err(Error::new("find link", text, names))
}

/// The link whose present name is matched, or that has the name already.
fn by_name<'a>(link: &Link, present: &'a [SystemLink]) -> Result<Option<&'a SystemLink>, Error> {
    if let Kind::Physical(Match { name: Some(pattern), .. }) = &link.kind {
        let mut same = present.iter().filter(|nic| nic.own_mac && glob::matches(pattern, &nic.name));
        return match (same.next(), same.next()) {
            (Some(nic), None) => Ok(Some(nic)),
            (None, _) => Err(missing(&link.id, "no NIC has a name that matches", present)),
            _ => Err(problem("find link", &link.id, "several NICs have a name that matches")),
        };
    }
    let name: &str = link.name.as_ref().map_or(&link.id, |name| name);
    let nic = present.iter().find(|nic| nic.name == name);
    if nic.is_none() && link.kind.is_nic() {
        return Err(missing(name, "no link has this name", present));
    }
    Ok(nic)
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

#[inline(never)]
fn problem(doing: &'static str, object: &str, cause: &'static str) -> Error {
    Error::new(doing, object, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::{Mac, Plain, Vlan};

    fn nic(index: u32, name: &str, mac: &str) -> SystemLink {
        let mac = Mac::parse(mac);
        SystemLink { index, name: name.into(), mac, own_mac: true, ..SystemLink::default() }
    }

    fn id(text: &str) -> LinkId {
        LinkId::new(text).unwrap()
    }

    fn link(mac: &str, name: Option<&str>) -> Link {
        let name = name.map(|name| LinkName::new(name).unwrap());
        let mut link = Link::new(id(mac), name, Kind::Physical(Match::default()));
        link.mac = Mac::parse(mac);
        link
    }

    const A: &str = "52:54:00:00:00:0a";
    const B: &str = "52:54:00:00:00:0b";

    fn outcome(links: Vec<Link>, present: &[SystemLink]) -> (Vec<String>, Vec<String>) {
        let network = Network { links, ..Network::default() };
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
        assert_eq!(
            problems,
            [format!("unable to find link {B}: no NIC has this MAC address; there are ens3 ({A})")]
        );
    }

    #[test]
    fn a_named_link_is_kept_for_the_day_it_appears() {
        let network = Network { links: vec![link(B, Some("lan0"))], ..Network::default() };
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

    #[test]
    fn a_vlan_is_named_after_its_link() {
        let vlan =
            |of: &str, number| Link::new(id("vlan"), None, Kind::Vlan(Vlan::new(number, id(of)).unwrap()));
        let present = [nic(2, "ens3", A)];
        assert_eq!(outcome(vec![vlan(A, 7), link(A, None)], &present).0, ["ens3.7", "ens3"]);
        assert_eq!(outcome(vec![vlan("eth9", 7)], &present).0, ["eth9.7"]);
        let (names, problems) = outcome(vec![vlan(B, 7), link(B, None)], &present);
        assert_eq!((names, problems.len()), (vec![], 2), "{problems:?}");
    }

    /// A VLAN on a link with a long name was not made, and was said to be on one
    /// without a name.
    #[test]
    fn a_vlan_of_a_long_name_was_not_made() {
        let vlan = |id: &str, of: &str| {
            Link::new(self::id(id), None, Kind::Vlan(Vlan::new(1234, self::id(of)).unwrap()))
        };
        let present = [nic(2, "enp175s0f1np1", A), nic(3, "enp175s0f1np0", B)];
        let links = vec![link(A, None), link(B, None), vlan("v", A), vlan("w", B)];
        let (names, problems) = outcome(links, &present);
        assert_eq!(names[2], "enp175s0f1.1234");
        assert!(names[3].len() == 15 && names[3].ends_with(".1234") && names[3] != names[2], "{names:?}");
        let why = "unable to give the name enp175s0f1np1.1234: it has more than 15 letters; the name is \
                   enp175s0f1.1234";
        assert_eq!((problems.len(), &*problems[0]), (2, why));
    }

    #[test]
    fn a_pattern_finds_its_nic() {
        let present = [nic(2, "ens3", A), nic(3, "eth1", B)];
        let matching = |pattern: &str| {
            let name = Plain::new(pattern);
            let link = Link::new(id("lan"), None, Kind::Physical(Match { driver: None, name }));
            let origin = Origin::V2 { netplan: String::new(), ports: Vec::new() };
            let network = Network { origin, links: vec![link], ..Network::default() };
            let resolved = network.resolve(&present);
            (resolved.links[0].name.to_string(), resolved.problems.len())
        };
        assert_eq!(matching("en*"), ("ens3".into(), 0));
        assert_eq!(matching("e*"), ("lan".into(), 1));
        assert_eq!(matching("wl*"), ("lan".into(), 1));
    }
}
