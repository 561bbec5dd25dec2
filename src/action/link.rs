//! Changes of links, their addresses and routes.

use crate::ip::Ip;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A change of one link, applied through rtnetlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkAction {
    /// The link, as it is called at that point of the plan.
    pub link: String,
    /// What is done to it.
    pub change: LinkChange,
}

/// What [`LinkAction`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// `RTM_NEWLINK` with `IFLA_IFNAME`; the link must be down on old kernels.
    Rename {
        /// Name wanted.
        to: String,
    },
    /// Set `IFF_UP`.
    Up,
    /// Clear `IFF_UP`.
    Down,
    /// Set the MTU.
    SetMtu {
        /// Bytes.
        mtu: u32,
    },
    /// Set the Ethernet address.
    SetMac {
        /// The address.
        mac: [u8; 6],
    },
    /// Make the link; one of that name and kind that is there is done.
    Create(NewLink),
    /// Make the link a member of a bond or a port of a bridge.
    SetMaster {
        /// Name of the bond or bridge.
        master: String,
    },
    /// Set an option of a bond, a bridge or a bridge's port.
    SetOption {
        /// What has the option.
        of: OptionOf,
        /// Its name as in bonding.rst or bridge-utils-interfaces(5), dashes
        /// between its words.
        name: &'static str,
        /// Its value: a number, or the kernel's word for it.
        value: String,
    },
    /// Remove every address of both families but the link's own (`fe80::`) and
    /// those of the configuration to come.
    FlushAddresses {
        /// Addresses that stay, with their prefix lengths.
        keep: Vec<(Ip, u8)>,
        /// Whether those stay that routers advertised.
        advertised: bool,
    },
    /// Remove every route through the link that did not come with an address,
    /// but those of the configuration to come.
    FlushRoutes {
        /// Routes that stay.
        keep: Vec<LinkRoute>,
        /// Whether those stay that routers advertised.
        advertised: bool,
    },
    /// Whether IPv6 routers may configure the link (`accept_ra`).
    AcceptAdvertisements {
        /// They may.
        accept: bool,
    },
    /// A magic packet to the link wakes the machine.
    WakeOnMagicPacket,
    /// Put an address on; one that is there already is done.
    AddAddress {
        /// Address.
        address: Ip,
        /// Prefix length.
        prefix: u8,
        /// IPv4 broadcast, where the configuration names one.
        broadcast: Option<Ip>,
        /// What an IPv4 address is called (ip-address(8)); empty for the link's name.
        label: Box<str>,
        /// Connections that begin do not use it: its preferred lifetime is 0.
        deprecated: bool,
    },
    /// Add or replace a route.
    AddRoute(Box<LinkRoute>),
    /// Remove every rule this program ever made, but those of the configuration
    /// to come. Others' rules stay. It is about no link: its name is empty.
    FlushRules {
        /// Rules that stay.
        keep: Vec<PolicyRule>,
    },
    /// Add a routing policy rule; one that is there already is done. Rules
    /// belong to no link: the link is the one they were described with.
    AddRule(Box<PolicyRule>),
}

/// A kind of link that [`LinkChange::Create`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewLink {
    /// A link to nowhere.
    Dummy,
    /// Links used as one.
    Bond,
    /// A switch.
    Bridge,
    /// A VLAN (IEEE 802.1Q).
    Vlan {
        /// Name of the link it is on.
        link: String,
        /// Its number.
        number: u16,
    },
}

impl NewLink {
    /// The kernel's word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Bond => "bond",
            Self::Bridge => "bridge",
            Self::Vlan { .. } => "vlan",
        }
    }
}

/// What has the option that [`LinkChange::SetOption`] sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionOf {
    /// A bond.
    Bond,
    /// A bridge.
    Bridge,
    /// A link in a bridge.
    BridgePort,
}

/// A route through a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRoute {
    /// Destination network, no bits behind its length.
    pub destination: Ip,
    /// Prefix length of the destination; 0 is the default route.
    pub prefix: u8,
    /// Next hop; `None` when the destination is on the link.
    pub gateway: Option<Ip>,
    /// Priority; `None` leaves it to the kernel.
    pub metric: Option<u32>,
    /// The routing table; `None` is the main one.
    pub table: Option<u32>,
    /// Largest packet this way, in bytes.
    pub mtu: Option<u32>,
    /// Segments a new connection sends, and takes, at first.
    pub windows: [Option<u32>; 2],
    /// The address that packets come from.
    pub source: Option<Ip>,
    /// The scope (`RT_SCOPE_…`); `None` is the destination's.
    pub scope: Option<u8>,
    /// The gateway is reached on the link, whatever its address.
    pub on_link: bool,
}

/// A routing policy rule: packets of all that is given use the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// Source network.
    pub from: Option<(Ip, u8)>,
    /// Destination network.
    pub to: Option<(Ip, u8)>,
    /// The routing table; `None` is the main one.
    pub table: Option<u32>,
    /// Its place among the rules, smaller first.
    pub priority: Option<u32>,
    /// The firewall mark.
    pub mark: Option<u32>,
    /// The type of service.
    pub tos: u8,
}

impl LinkAction {
    /// A change of the link called `link`.
    #[inline(never)]
    pub fn new(link: &str, change: LinkChange) -> Self {
        Self { link: link.into(), change }
    }

    /// One line that says what is done.
    #[inline(never)]
    pub fn text(&self) -> String {
        let (before, after) = match &self.change {
            LinkChange::Rename { to } => ("rename link ", [" to ", to].concat()),
            LinkChange::Up => ("set link ", " up".into()),
            LinkChange::Down => ("set link ", " down".into()),
            LinkChange::SetMtu { mtu } => ("set MTU of ", [" to ", &u64::from(*mtu).to_string()].concat()),
            LinkChange::SetMac { mac } => ("set MAC address of ", [" to ", &mac_text(*mac)].concat()),
            LinkChange::Create(new) => return new.text(&self.link),
            LinkChange::SetMaster { master } => ("put link ", [" into ", master].concat()),
            LinkChange::SetOption { name, value, .. } => {
                return ["set ", name, " of ", &self.link, " to ", value].concat();
            }
            LinkChange::FlushAddresses { .. } => ("flush addresses of ", String::new()),
            LinkChange::FlushRoutes { .. } => ("flush routes of ", String::new()),
            LinkChange::AddAddress { address, prefix, .. } => {
                return ["add address ", &network(address, *prefix), " to ", &self.link].concat();
            }
            LinkChange::AddRoute(route) => {
                let via =
                    route.gateway.map(|gateway| [" via ", &gateway.text()].concat()).unwrap_or_default();
                let to = network(&route.destination, route.prefix);
                return ["add route ", &to, " on ", &self.link, &via].concat();
            }
            LinkChange::FlushRules { .. } => return String::from("flush rules of an earlier configuration"),
            LinkChange::AddRule(rule) => return rule.text(),
            LinkChange::AcceptAdvertisements { accept } => (
                if *accept { "accept router advertisements on " } else { "ignore router advertisements on " },
                String::new(),
            ),
            LinkChange::WakeOnMagicPacket => ("set wake-on-lan of ", String::new()),
        };
        [before, &self.link, &after].concat()
    }
}

impl NewLink {
    fn text(&self, name: &str) -> String {
        let mut text = ["create ", self.kind(), " ", name].concat();
        if let Self::Vlan { link, number } = self {
            for piece in [" of ", link, " with number ", &u64::from(*number).to_string()] {
                text.push_str(piece);
            }
        }
        text
    }
}

impl PolicyRule {
    fn text(&self) -> String {
        let mut text = String::from("add rule");
        for (word, side) in [(" from ", &self.from), (" to ", &self.to)] {
            if let Some((address, prefix)) = side {
                text.push_str(word);
                text.push_str(&network(address, *prefix));
            }
        }
        if let Some(table) = self.table {
            text.push_str(" table ");
            text.push_str(&u64::from(table).to_string());
        }
        text
    }
}

/// `02:00:00:00:00:0a`.
fn mac_text(mac: [u8; 6]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::new();
    for byte in mac {
        text.push_str(if text.is_empty() { "" } else { ":" });
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}

fn network(address: &Ip, prefix: u8) -> String {
    [&address.text(), "/", &u64::from(prefix).to_string()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_links_read_as_lines() {
        let line = |change| LinkAction::new("vlan7", change).text();
        let vlan = NewLink::Vlan { link: "bond0".into(), number: 7 };
        assert_eq!(line(LinkChange::Create(vlan)), "create vlan vlan7 of bond0 with number 7");
        let mac = [2, 0, 0xab, 0, 0, 0x1c];
        assert_eq!(line(LinkChange::SetMac { mac }), "set MAC address of vlan7 to 02:00:ab:00:00:1c");
        let from = Some(("10.0.0.0".parse().unwrap(), 8));
        let rule = PolicyRule { from, to: None, table: Some(9), priority: None, mark: None, tos: 0 };
        assert_eq!(line(LinkChange::AddRule(Box::new(rule))), "add rule from 10.0.0.0/8 table 9");
    }
}
