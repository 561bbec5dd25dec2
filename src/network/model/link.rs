use super::plain::{LinkId, Plain};
use super::{Dns, InfinibandAddress, LinkName, Mac, Parameter, Rule, Setting, Subnet};
use crate::network::glob;
use alloc::vec::Vec;

/// One link and everything configured on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What the description calls it, and other links refer to it by. Where
    /// the description has no such word it is the name.
    pub id: LinkId,
    /// The name it has or is to get. `None` leaves a NIC the kernel's name; a
    /// VLAN gets its link's, a dot and its number.
    pub name: Option<LinkName>,
    /// Of a NIC the address it is found by, of others the one they get.
    pub mac: Option<Mac>,
    /// What it is.
    pub kind: Kind,
    /// The bond it is a member of, by id.
    pub bond: Option<LinkId>,
    /// Largest packet in bytes; `None` leaves the kernel's.
    pub mtu: Option<u32>,
    /// Whether IPv6 router advertisements count; `None` leaves the system's
    /// default.
    pub accept_ra: Option<bool>,
    /// A magic packet wakes the machine.
    pub wake_on_lan: bool,
    /// The boot need not wait for it.
    pub optional: Option<bool>,
    /// It stays configured when the back end stops (netplan's `critical`).
    pub keep_configuration: Option<bool>,
    /// Ways of getting addresses, in order; none brings the link up without
    /// an address.
    pub subnets: Vec<Subnet>,
    /// Resolver settings of the whole link. Some that are empty keep the
    /// global ones away from it.
    pub dns: Option<Dns>,
    /// Settings of a bond or bridge, and others that only ifupdown knows, each
    /// name once. A member of a bond has the bond's beside its own.
    pub parameters: Vec<Parameter>,
    /// netplan's `dhcp4-overrides` by its names, and `dhcp4domain`.
    pub dhcp4_overrides: Vec<Parameter>,
    /// netplan's `dhcp6-overrides` by its names, and `dhcp6domain`.
    pub dhcp6_overrides: Vec<Parameter>,
    /// Settings that some back ends have, by netplan's names for them.
    pub extra: Vec<Parameter>,
    /// Policy rules.
    pub rules: Vec<Rule>,
}

impl Link {
    /// A link with nothing configured on it.
    #[inline(never)]
    pub fn new(id: LinkId, name: Option<LinkName>, kind: Kind) -> Self {
        Self {
            id,
            name,
            mac: None,
            kind,
            bond: None,
            mtu: None,
            accept_ra: None,
            wake_on_lan: false,
            optional: None,
            keep_configuration: None,
            subnets: Vec::new(),
            dns: None,
            parameters: Vec::new(),
            dhcp4_overrides: Vec::new(),
            dhcp6_overrides: Vec::new(),
            extra: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// The address a NIC of the machine is found by.
    pub fn hardware(&self) -> Option<Mac> {
        self.mac.filter(|_| self.kind.is_nic())
    }

    /// How it says which NIC it means.
    #[inline(never)]
    pub fn exactness(&self) -> Exactness {
        match &self.kind {
            _ if self.hardware().is_some() => Exactness::Mac,
            Kind::Physical(Match { names, .. }) if names.iter().any(|name| glob::is_pattern(name)) => {
                Exactness::Names
            }
            Kind::Physical(Match { names, .. }) if names.len() > 1 => Exactness::Names,
            Kind::Physical(Match { names, drivers }) if names.is_empty() && !drivers.is_empty() => {
                Exactness::Drivers
            }
            _ => Exactness::Name,
        }
    }

    /// What it is for, where that can be several NICs, which keep their names.
    pub fn of_several(&self) -> Option<&Match> {
        match &self.kind {
            Kind::Physical(found) if self.name.is_none() && self.exactness() >= Exactness::Names => {
                Some(found)
            }
            _ => None,
        }
    }

    /// The value of one of [`Link::extra`].
    pub fn extra(&self, name: &str) -> Option<&Setting> {
        self.extra.iter().find(|own| *own.name == *name).map(|own| &own.value)
    }

    /// The setting called `name` after `stem`; see [`Parameter::is`].
    pub fn parameter(&self, stem: &str, name: &str) -> Option<&Setting> {
        self.parameters.iter().find(|own| own.is(stem, name)).map(|own| &own.value)
    }
}

/// What a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A NIC.
    Physical(Match),
    /// An InfiniBand port with its whole address; [`Link::mac`] is the short
    /// form of it that clouds use.
    Infiniband(Option<InfinibandAddress>),
    /// The loopback.
    Loopback,
    /// A link to nowhere.
    Dummy,
    /// Links used as one; each says so in [`Link::bond`].
    Bond,
    /// A switch.
    Bridge {
        /// The links in it, by id.
        ports: Vec<LinkId>,
    },
    /// A VLAN (IEEE 802.1Q).
    Vlan(Vlan),
    /// A link that a bond or bridge names as its own and nobody describes.
    Undescribed,
}

impl Kind {
    /// Whether the machine has it, rather than its being made.
    pub fn is_nic(&self) -> bool {
        matches!(self, Self::Physical(_) | Self::Infiniband(_))
    }
}

/// What else than the MAC address tells which NICs are meant: one of each list
/// that is not empty, patterns of glob(7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Kernel drivers.
    pub drivers: Vec<Plain>,
    /// Present names.
    pub names: Vec<Plain>,
}

/// How exactly a link says which NIC it means; the most exact comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exactness {
    /// By a MAC address.
    Mac,
    /// By a name.
    Name,
    /// By several names, or a pattern of them.
    Names,
    /// By drivers alone.
    Drivers,
}

/// A VLAN's number and link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    number: u16,
    /// The link it is on, by id.
    pub link: LinkId,
}

impl Vlan {
    /// `None` when there are no VLANs of that number: at most 4094.
    pub fn new(number: u16, link: LinkId) -> Option<Self> {
        (number <= 4094).then_some(Self { number, link })
    }

    /// Its number (`VLAN ID`).
    pub fn number(&self) -> u16 {
        self.number
    }
}
