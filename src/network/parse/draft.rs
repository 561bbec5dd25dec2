//! A network in the making. Links may be named by others before they are
//! described; their order is that of the first time they are named.

use super::reader::Reader;
use crate::limits;
use crate::network::model::{Kind, Link, LinkId, LinkName, Network};
use crate::syntax::value::Value;
use alloc::vec::Vec;

#[derive(Default)]
pub(super) struct Draft {
    pub(super) network: Network,
    /// How often links were named by others.
    references: usize,
}

impl Draft {
    /// Adds a link, or describes the one of its id that was only named so far.
    /// Of two descriptions the later counts.
    #[inline(never)]
    pub(super) fn add(&mut self, reader: &mut Reader<'_>, value: &Value<'_>, mut link: Link) {
        let known = self.network.links.iter_mut().find(|known| known.id == link.id);
        let Some(known) = known else {
            self.network.links.push(link);
            return;
        };
        if known.kind != Kind::Undescribed {
            reader.add(value, "", &["is described twice; the later counts"]);
        }
        link.bond = known.bond.take();
        *known = link;
    }

    /// The link of this id, be it described or not. `None` past the bound of
    /// entries, which holds for all references together.
    pub(super) fn named(&mut self, id: &LinkId) -> Option<&mut Link> {
        self.references += 1;
        if self.references > limits::NETWORK_ENTRIES {
            return None;
        }
        let links = &mut self.network.links;
        let at = links.iter().position(|link| link.id == *id).unwrap_or(links.len());
        if at == links.len() {
            links.push(Link::new(id.clone(), LinkName::new(id), Kind::Undescribed));
        }
        links.get_mut(at)
    }

    /// Makes `members` those of the bond `bond`.
    #[inline(never)]
    pub(super) fn join(&mut self, bond: &LinkId, members: &[LinkId]) {
        for member in members {
            if let Some(link) = self.named(member) {
                link.bond = Some(bond.clone());
            }
        }
    }

    /// Adds a bridge, its ports before it.
    #[inline(never)]
    pub(super) fn bridge(&mut self, ports: Vec<LinkId>) -> Kind {
        for port in &ports {
            self.named(port);
        }
        Kind::Bridge { ports }
    }
}
