//! The one truth about a network: what every description is read into and
//! every back end is written from.

mod domain;
mod link_name;
mod mac;
mod prefix;

pub use domain::Domain;
pub use link_name::LinkName;
pub use mac::Mac;
pub use prefix::{Prefix, Route};

use crate::ip::Ip;
use alloc::string::String;
use alloc::vec::Vec;

/// What a seed wants of the machine's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Links in the order of the description.
    pub links: Vec<Link>,
    /// Resolver settings of no particular link.
    pub dns: Dns,
}

/// Name servers and search domains, in order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dns {
    /// Name servers.
    pub servers: Vec<Ip>,
    /// Domains tried for names without a dot.
    pub search: Vec<Domain>,
}

impl Dns {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.search.is_empty()
    }
}

/// One link and everything configured on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which link is meant.
    pub device: Device,
    /// Largest packet in bytes; `None` leaves the kernel's.
    pub mtu: Option<u32>,
    /// Whether IPv6 router advertisements count; `None` leaves the system's
    /// default.
    pub accept_ra: Option<bool>,
    /// Ways of getting addresses; none brings the link up without an address.
    pub subnets: Vec<Subnet>,
}

/// Which link of the machine a [`Link`] means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The NIC with this MAC address.
    Hardware {
        /// MAC address, compared as bytes.
        mac: Mac,
        /// Name it is to get; `None` keeps the kernel's.
        name: Option<LinkName>,
    },
    /// Whatever link has this name.
    Named(LinkName),
}

impl Device {
    /// The MAC address it is found by.
    pub fn mac(&self) -> Option<Mac> {
        match self {
            Self::Hardware { mac, .. } => Some(*mac),
            Self::Named(_) => None,
        }
    }

    /// The name it has or is to get.
    pub fn name(&self) -> Option<&LinkName> {
        match self {
            Self::Hardware { name, .. } => name.as_ref(),
            Self::Named(name) => Some(name),
        }
    }
}

/// One way of getting addresses, with the settings that come with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Where the address comes from.
    pub method: Method,
    /// Routes beside the gateway.
    pub routes: Vec<Route>,
    /// Resolver settings of this subnet.
    pub dns: Dns,
    /// Priority of its routes that name none.
    pub metric: Option<u32>,
}

impl Subnet {
    /// A subnet without routes and resolver settings.
    pub fn new(method: Method) -> Self {
        Self { method, routes: Vec::new(), dns: Dns::default(), metric: None }
    }
}

/// Where an address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// A fixed address.
    Static(Static),
    /// `DHCPv4`.
    Dhcp4,
    /// `DHCPv6`, as router advertisements ask for it.
    Dhcp6,
    /// Stateless autoconfiguration (RFC 4862).
    Slaac,
    /// Stateless autoconfiguration, other settings by `DHCPv6`.
    Dhcp6Stateless,
    /// Addresses by `DHCPv6` whatever the router advertises.
    Dhcp6Stateful,
    /// None: the link exists and somebody else configures it.
    Manual,
}

impl Method {
    /// Whether the address is an IPv6 one.
    pub fn is_ipv6(&self) -> bool {
        match self {
            Self::Static(fixed) => fixed.address().is_ipv6(),
            Self::Dhcp4 | Self::Manual => false,
            Self::Dhcp6 | Self::Slaac | Self::Dhcp6Stateless | Self::Dhcp6Stateful => true,
        }
    }

    /// Whether a router or server hands the address out.
    pub fn is_dynamic(&self) -> bool {
        !matches!(self, Self::Static(_) | Self::Manual)
    }
}

/// A fixed address with its gateway, both of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static {
    address: Prefix,
    gateway: Option<Ip>,
    broadcast: Option<Ip>,
}

impl Static {
    /// An address without gateway.
    pub fn new(address: Prefix) -> Self {
        Self { address, gateway: None, broadcast: None }
    }

    /// Sets the default gateway; false when the families differ.
    #[must_use]
    pub fn set_gateway(&mut self, gateway: Ip) -> bool {
        let fits = gateway.is_ipv6() == self.address.is_ipv6();
        if fits {
            self.gateway = Some(gateway);
        }
        fits
    }

    /// Sets the broadcast address; false unless everything is IPv4.
    #[must_use]
    pub fn set_broadcast(&mut self, broadcast: Ip) -> bool {
        let fits = !broadcast.is_ipv6() && !self.address.is_ipv6();
        if fits {
            self.broadcast = Some(broadcast);
        }
        fits
    }

    /// The address with the length of its network.
    pub fn address(&self) -> Prefix {
        self.address
    }

    /// The default gateway.
    pub fn gateway(&self) -> Option<Ip> {
        self.gateway
    }

    /// The broadcast address where the description names one.
    pub fn broadcast(&self) -> Option<Ip> {
        self.broadcast
    }

    /// The gateway, when it lies outside the address's own network and is
    /// reached on the link all the same.
    pub fn gateway_is_on_link(&self) -> bool {
        let away = |gateway: Ip| !gateway.is_ipv6_link_local() && !self.address.contains(gateway);
        self.gateway.is_some_and(away)
    }
}

/// A link the machine has, as a netlink dump or /sys/class/net shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLink {
    /// The kernel's number; it outlives renames.
    pub index: u32,
    /// Present name.
    pub name: String,
    /// Ethernet address; `None` for loopback, tunnels and the like.
    pub mac: Option<Mac>,
    /// Whether the address is the link's own, so that it may be found by it:
    /// not one that a bond, bridge or VLAN took from a member.
    pub own_mac: bool,
    /// `IFF_UP`.
    pub up: bool,
    /// A cable or peer is there; known only while the link is up.
    pub carrier: bool,
}
