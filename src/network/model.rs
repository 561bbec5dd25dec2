//! The one truth about a network: what every description is read into and
//! every back end is written from.
//!
//! It follows cloud-init's network state (26.2), so that back ends can write
//! the same files: links in the order they were first named, each with its
//! subnets, routes and name servers in the order of the description.

mod address;
mod domain;
mod link;
mod link_name;
mod mac;
pub mod parameter;
mod plain;
mod route;
mod subnet;

pub use address::{Address, Prefix};
pub use domain::Domain;
pub use link::{Exactness, Kind, Link, Match, Vlan};
pub use link_name::LinkName;
pub use mac::{InfinibandAddress, Mac};
pub use parameter::{Parameter, Setting};
pub use plain::{LinkId, Plain};
pub use route::{Route, Rule, Selector};
pub use subnet::{Control, Method, Subnet};

use alloc::string::String;
use alloc::vec::Vec;

/// What a seed wants of the machine's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// What it was read from.
    pub origin: Origin,
    /// Links, ids unique.
    pub links: Vec<Link>,
    /// Resolver settings of no particular link.
    pub dns: Dns,
    /// Routes of no particular link.
    pub routes: Vec<Route>,
}

impl Network {
    /// The link of this id.
    pub fn link(&self, id: &str) -> Option<&Link> {
        self.links.iter().find(|link| *link.id == *id)
    }
}

/// The kind of description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// OpenStack's network_data.json. Ids are the host's: no file shows them.
    #[default]
    NetworkData,
    /// cloud-init's network config, version 1, interfaces(5), or the fallback.
    /// An id is the link's name.
    V1,
    /// Version 2, which is netplan's. An id may differ from the name, and
    /// files are named after it where the back end does so.
    V2 {
        /// The whole document under `network:`, as netplan gets it: verbatim,
        /// with what this model does not know (wifis, tunnels, vrfs).
        netplan: String,
        /// NICs of it by their ids, each with the addresses that join its own.
        ports: Vec<Link>,
    },
}

/// Name servers and search domains, in order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dns {
    /// Name servers.
    pub servers: Vec<Address>,
    /// Domains tried for names without a dot.
    pub search: Vec<Domain>,
}

impl Dns {
    /// Adds what is not there yet.
    pub fn join(&mut self, other: Self) {
        for server in other.servers {
            if !self.servers.contains(&server) {
                self.servers.push(server);
            }
        }
        for domain in other.search {
            if !self.search.contains(&domain) {
                self.search.push(domain);
            }
        }
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.search.is_empty()
    }
}

/// A link the machine has, as a netlink dump or /sys/class/net shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemLink {
    /// The kernel's number; it outlives renames.
    pub index: u32,
    /// Present name.
    pub name: String,
    /// Alternative names (ip-link(8), `altname`): no link may be called so.
    pub alternative_names: Vec<String>,
    /// Ethernet address; `None` for loopback, tunnels and the like.
    pub mac: Option<Mac>,
    /// Whether the address is the link's own, so that it may be found by it:
    /// not one that a bond, bridge or VLAN took from a member.
    pub own_mac: bool,
    /// `IFF_UP`.
    pub up: bool,
    /// A cable or peer is there; known only while the link is up.
    pub carrier: bool,
    /// The kernel's driver; `None` where it is not known.
    pub driver: Option<String>,
}
