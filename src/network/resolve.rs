//! From what is wanted to the machine at hand: MAC addresses find their NICs,
//! and every link gets the name it will have.

mod nic;

pub use nic::fits;

use crate::action::LinkAction;
use crate::error::Error;
use crate::network::model::{Exactness, Kind, Link, LinkId, LinkName, Network, Origin, SystemLink};
use crate::network::order::sort_by;
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
    /// Which link has a NIC that several are for, a sentence each.
    pub notes: Vec<String>,
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

    /// Whether it is for NICs by a pattern, of which there are none: its name
    /// is nobody's.
    pub fn is_nobodys(&self) -> bool {
        self.present.is_none() && self.link.of_several().is_some()
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

    /// The names of several links; all of those that one id is for.
    #[inline(never)]
    pub fn names_of<'r>(&'r self, ids: &'r [LinkId]) -> Vec<&'r str> {
        let mut names: Vec<&str> = Vec::new();
        for id in ids {
            let mut is_link = false;
            for link in self.links.iter().filter(|link| link.link.id == *id) {
                is_link = true;
                if !link.is_nobodys() {
                    names.push(&link.name);
                }
            }
            if !is_link {
                names.push(id);
            }
        }
        names
    }

    /// Whether the link at `at` is the same as the one before, for another NIC.
    pub fn is_again(&self, at: usize) -> bool {
        let id = |at: usize| self.links.get(at).map(|link| &link.link.id);
        at > 0 && id(at) == id(at - 1)
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
        let mut notes = Vec::new();
        let mut found = self.find(present, &mut problems, &mut notes);
        vlans_on_several(&found, &mut problems);
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
                if matches!(found[at].link.kind, Kind::Vlan(_)) == vlans {
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
        Resolved { described: self, links, problems, notes, wanted, present }
    }

    /// The links, with NICs where they are there and names where those are
    /// asked for; one for several NICs is there once for each.
    #[inline(never)]
    fn find<'a>(
        &'a self,
        present: &'a [SystemLink],
        problems: &mut Vec<Error>,
        notes: &mut Vec<String>,
    ) -> Vec<Found<'a>> {
        let mut of_link = self.claims(present, problems, notes);
        let mut links: Vec<Found<'a>> = Vec::new();
        for (link, nics) in self.links.iter().zip(&mut of_link) {
            let mut name = link.name.clone();
            if let Some(wanted) = &name
                && links.iter().any(|other| other.name == name)
            {
                problems.push(problem("name a link", wanted, "two links want this name"));
                name = None;
            }
            if nics.is_empty() {
                links.push(Found { link, nic: None, name });
                continue;
            }
            for nic in nics {
                links.push(Found { link, nic: Some(*nic), name: name.clone() });
            }
        }
        links
    }

    /// The NICs of each link. The more exact link has a NIC that several are
    /// for; of two patterns the one whose id comes first, as systemd-networkd
    /// takes the file whose name comes first.
    #[inline(never)]
    fn claims<'a>(
        &'a self,
        present: &'a [SystemLink],
        problems: &mut Vec<Error>,
        notes: &mut Vec<String>,
    ) -> Vec<Vec<&'a SystemLink>> {
        let mut order: Vec<(Exactness, &str, usize)> = Vec::new();
        let mut claims: Vec<Vec<&SystemLink>> = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            let id = if link.of_several().is_some() { &*link.id } else { "" };
            order.push((link.exactness(), id, at));
            claims.push(Vec::new());
        }
        sort_by(&mut order, |a, b| a < b);
        let mut taken: Vec<(u32, &LinkId)> = Vec::new();
        for (_, _, at) in order {
            let (Some(link), Some(own)) = (self.links.get(at), claims.get_mut(at)) else { continue };
            let mac = link.hardware();
            let again = mac.is_some() && self.links.iter().take(at).any(|other| other.hardware() == mac);
            match nic::find(link, again, present, &mut |nic| free(link, nic, &mut taken, notes)) {
                Ok(nics) => *own = nics,
                Err(error) => problems.push(error),
            }
            for nic in own.iter().filter(|_| link.kind.is_nic()) {
                taken.push((nic.index, &link.id));
            }
        }
        claims
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
        if nic.is_none() && link.of_several().is_some() {
            return LinkName::new(&link.id).or_else(|| LinkName::new("nics"));
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

/// Whether a NIC is no other link's; it is noted where it is.
fn free(link: &Link, nic: &SystemLink, taken: &mut [(u32, &LinkId)], notes: &mut Vec<String>) -> bool {
    let Some((_, other)) = taken.iter().find(|(index, _)| *index == nic.index) else { return true };
    notes.push(fill(
        "{} is configured by link {}, not by {}, which is for it too",
        &[&nic.name, other, &link.id],
    ));
    false
}

/// A VLAN can be on one link only.
#[inline(never)]
fn vlans_on_several(found: &[Found<'_>], problems: &mut Vec<Error>) {
    for vlan in found {
        let Kind::Vlan(of) = &vlan.link.kind else { continue };
        let mut on = found.iter().filter(|other| other.link.id == of.link);
        if let (Some(Found { nic: Some(first), .. }), Some(_)) = (on.next(), on.next()) {
            let cause = fill("{} is for several NICs: only one, {}, has it", &[&of.link, &first.name]);
            problems.push(Error::new("make VLAN", &*vlan.link.id, cause));
        }
    }
}

#[inline(never)]
fn problem(doing: &'static str, object: &str, cause: &'static str) -> Error {
    Error::new(doing, object, cause)
}

#[cfg(test)]
mod tests;
