//! What a link is, and its members' part in it.

use super::Files;
use crate::network::model::parameter::{BOND, BRIDGE};
use crate::network::model::{Kind, Link};
use crate::network::render::section::Section;
use crate::network::render::text::{Found, Spelling, hardware_address, parameters, push, sort, underscored};
use crate::network::resolve::ResolvedLink;
use alloc::string::String;
use alloc::vec::Vec;

const SPELLING: Spelling = Spelling { yes: "yes", no: "no", separator: " " };
const SUSES: Spelling = Spelling { yes: "on", no: "off", separator: " " };

/// Of `BONDING_OPTS`, whose words are parted by blanks.
const OPTIONS: Spelling = Spelling { yes: "1", no: "0", separator: "," };

/// When a link's turn is.
pub(super) fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Physical(_) => 0,
        Kind::Bond => 1,
        Kind::Vlan(_) => 2,
        Kind::Bridge { .. } => 3,
        Kind::Infiniband(_) => 4,
        Kind::Loopback | Kind::Dummy | Kind::Undescribed => u8::MAX,
    }
}

impl Files<'_, '_> {
    /// Writes the link at `at`, and into its members' files.
    #[inline(never)]
    pub(super) fn link(&mut self, at: usize, resolved: &ResolvedLink<'_>) {
        let Some(mut file) = self.sections.get_mut(at).map(core::mem::take) else { return };
        match &resolved.link.kind {
            Kind::Bond => self.bond(&mut file, resolved.link),
            Kind::Bridge { .. } => self.bridge(&mut file, resolved.link),
            Kind::Vlan(vlan) => {
                let link = self.network.name_of(&vlan.link);
                if self.suse {
                    file.set_number("VLAN_ID", Some(vlan.number().into()));
                    // The name tells the link where it has the usual form.
                    let of_name = resolved.name.bytes().rposition(|byte| byte == b'.');
                    let of_name = of_name.and_then(|dot| resolved.name.get(..dot)).unwrap_or(link);
                    file.set("ETHERDEVICE", of_name);
                } else {
                    file.remove("TYPE");
                    file.set_all("VLAN=yes");
                    file.set("PHYSDEV", link);
                }
            }
            Kind::Infiniband(_) => file.set_all("TYPE=InfiniBand"),
            _ => {}
        }
        self.subnets(&mut file, &resolved.link.subnets);
        self.members(&mut file, resolved);
        if let Some(place) = self.sections.get_mut(at) {
            *place = file;
        }
    }

    #[inline(never)]
    fn bond(&self, file: &mut Section, link: &Link) {
        let mut options = String::new();
        for Found { word, value, .. } in parameters(self.network, link, BOND, [0, 3]) {
            let between = if options.is_empty() { "" } else { " " };
            push(&mut options, &[between, &underscored(word), "=", &OPTIONS.of(&value)]);
        }
        if !options.is_empty() {
            file.set(self.name("BONDING_OPTS", "BONDING_MODULE_OPTS"), &options);
        }
        file.set_all("BONDING_MASTER=yes");
        if !self.suse {
            file.set_all("TYPE=Bond");
        }
        if let Some(address) = hardware_address(link) {
            file.set(self.name("MACADDR", "LLADDR"), &address);
        }
    }

    #[inline(never)]
    fn bridge(&self, file: &mut Section, link: &Link) {
        let spelling = if self.suse { &SUSES } else { &SPELLING };
        let column = if self.suse { 4 } else { 3 };
        for Found { word, value, .. } in parameters(self.network, link, BRIDGE, [column, column]) {
            file.set(word, &spelling.of(&value));
        }
        if !self.suse {
            file.set_all("TYPE=Bridge");
        }
        if let Some(address) = hardware_address(link) {
            file.set(self.name("MACADDR", "LLADDRESS"), &address);
        }
    }

    /// Names the members in a bond's or bridge's file, and it in theirs.
    #[inline(never)]
    fn members(&mut self, file: &mut Section, resolved: &ResolvedLink<'_>) {
        let network = self.network;
        let bond = matches!(resolved.link.kind, Kind::Bond);
        let ports: &[_] = match &resolved.link.kind {
            Kind::Bridge { ports } => ports,
            _ => &[],
        };
        let mut slaves: Vec<&str> = Vec::new();
        for (link, member) in network.links.iter().zip(&mut self.sections) {
            if link.is_nobodys() {
                continue;
            }
            if bond && link.link.bond.as_ref() == Some(&resolved.link.id) {
                slaves.push(&link.name);
                if self.suse {
                    member.set_all("BOOTPROTO=none STARTMODE=hotplug");
                } else {
                    member.set("MASTER", &resolved.name);
                    member.set_all("SLAVE=yes");
                }
            }
            if ports.contains(&link.link.id) {
                member.set("BRIDGE", if self.suse { "yes" } else { &resolved.name });
            }
        }
        sort(&mut slaves);
        let stem = self.name("BONDING_SLAVE", "BONDING_SLAVE_");
        for (number, slave) in slaves.iter().enumerate() {
            file.set_numbered(stem, number, slave);
        }
        if self.suse && !ports.is_empty() {
            file.set_list("BRIDGE_PORTS", &network.names_of(ports));
        }
    }
}
