//! A network in the making. Links may be named by others before they are
//! described; their order is that of the first time they are named.

use super::reader::Reader;
use crate::limits;
use crate::network::model::{Kind, Link, LinkId, LinkName, Network};
use crate::syntax::value::Value;

#[derive(Default)]
pub(super) struct Draft {
    pub(super) network: Network,
    /// How often links were named by others.
    references: usize,
}

impl Draft {
    /// Adds a link, or describes the one of its id that was only named so far,
    /// and tells its place. Of two descriptions the later counts.
    #[inline(never)]
    pub(super) fn add(&mut self, reader: &mut Reader<'_>, value: &Value<'_>, mut link: Link) -> usize {
        let links = &mut self.network.links;
        let at = links.iter().position(|known| known.id == link.id).unwrap_or(links.len());
        match links.get_mut(at) {
            None => links.push(link),
            Some(known) => {
                if !matches!(known.kind, Kind::Undescribed) {
                    reader.add(value, "", &["is described twice; the later counts"]);
                }
                link.bond = known.bond.take();
                *known = link;
            }
        }
        at
    }

    /// Names `members`, as those of `bond` if one is given. Past the bound of
    /// entries, which holds for all references together, they are left out.
    #[inline(never)]
    pub(super) fn name(&mut self, members: &[LinkId], bond: Option<&LinkId>) {
        let links = &mut self.network.links;
        for member in members {
            self.references += 1;
            if self.references > limits::NETWORK_ENTRIES {
                return;
            }
            let at = links.iter().position(|link| link.id == *member).unwrap_or(links.len());
            if at == links.len() {
                links.push(Link::new(member.clone(), LinkName::new(member), Kind::Undescribed));
            }
            if let (Some(link), Some(bond)) = (links.get_mut(at), bond) {
                link.bond = Some(bond.clone());
            }
        }
    }
}
