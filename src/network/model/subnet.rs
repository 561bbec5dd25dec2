use super::Dns;
use super::address::{Address, Prefix};
use super::plain::Plain;
use super::route::Route;
use alloc::vec::Vec;

/// One way of getting addresses, with the settings that come with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Where the address comes from.
    pub method: Method,
    gateway: Option<Address>,
    broadcast: Option<Address>,
    /// The other end of a point-to-point link (interfaces(5)).
    pub pointopoint: Option<Address>,
    /// How far the address is valid: `global`, `link`, … (interfaces(5)).
    pub scope: Option<Plain>,
    /// What the address is called (ip-address(8), `label`).
    pub label: Option<Plain>,
    /// The address is not chosen for new connections (a preferred lifetime of 0).
    pub deprecated: bool,
    /// Priority of its routes that name none; smaller wins.
    pub metric: Option<u32>,
    /// Largest packet of this family, in bytes; stands above the link's.
    pub mtu: Option<u32>,
    /// When it is brought up.
    pub control: Control,
    /// Resolver settings of this subnet.
    pub dns: Dns,
    /// Routes beside the gateway, of either family.
    pub routes: Vec<Route>,
}

impl Subnet {
    /// A subnet without settings.
    #[inline(never)]
    pub fn new(method: Method) -> Self {
        Self {
            method,
            gateway: None,
            broadcast: None,
            pointopoint: None,
            scope: None,
            label: None,
            deprecated: false,
            metric: None,
            mtu: None,
            control: Control::Auto,
            dns: Dns::default(),
            routes: Vec::new(),
        }
    }

    /// Sets the default gateway; false when its family is not the method's.
    #[must_use]
    pub fn set_gateway(&mut self, gateway: Address) -> bool {
        let fits = gateway.is_ipv6() == self.method.is_ipv6();
        if fits {
            self.gateway = Some(gateway);
        }
        fits
    }

    /// Sets the broadcast address; false unless everything is IPv4.
    #[must_use]
    pub fn set_broadcast(&mut self, broadcast: Address) -> bool {
        let fits = !broadcast.is_ipv6() && !self.method.is_ipv6();
        if fits {
            self.broadcast = Some(broadcast);
        }
        fits
    }

    /// The fixed address.
    pub fn address(&self) -> Option<&Prefix> {
        match &self.method {
            Method::Static(address) => Some(address),
            _ => None,
        }
    }

    /// The default gateway.
    pub fn gateway(&self) -> Option<&Address> {
        self.gateway.as_ref()
    }

    /// The broadcast address where the description names one.
    pub fn broadcast(&self) -> Option<&Address> {
        self.broadcast.as_ref()
    }

    /// Whether the gateway lies outside the address's own network and is
    /// reached on the link all the same (a link-local one always does).
    pub fn gateway_is_on_link(&self) -> bool {
        match (&self.method, &self.gateway) {
            (Method::Static(address), Some(gateway)) => !address.contains(gateway.ip()),
            _ => false,
        }
    }
}

/// Where an address comes from. The names are cloud-init's (network config
/// v1); back ends write `dhcp` and `dhcp4` differently here and there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// `static`, `static6`: a fixed address.
    Static(Prefix),
    /// `dhcp`: `DHCPv4` by its older name.
    Dhcp,
    /// `dhcp4`: `DHCPv4`.
    Dhcp4,
    /// `dhcp6`: `DHCPv6`, as router advertisements ask for it.
    Dhcp6,
    /// `ipv6_slaac`: stateless autoconfiguration (RFC 4862).
    Slaac,
    /// `ipv6_dhcpv6-stateless`: autoconfiguration, other settings by `DHCPv6`.
    Dhcp6Stateless,
    /// `ipv6_dhcpv6-stateful`: addresses by `DHCPv6` whatever the router
    /// advertises.
    Dhcp6Stateful,
    /// `manual`: none; the link exists and somebody else configures it.
    Manual,
    /// `loopback`: 127.0.0.1 and ::1.
    Loopback,
}

impl Method {
    /// Whether the address is an IPv6 one.
    pub fn is_ipv6(&self) -> bool {
        match self {
            Self::Static(address) => address.is_ipv6(),
            Self::Dhcp | Self::Dhcp4 | Self::Manual | Self::Loopback => false,
            Self::Dhcp6 | Self::Slaac | Self::Dhcp6Stateless | Self::Dhcp6Stateful => true,
        }
    }

    /// Whether a router or server hands the address out.
    pub fn is_dynamic(&self) -> bool {
        !matches!(self, Self::Static(_) | Self::Manual | Self::Loopback)
    }

    /// Whether this is `DHCPv4`.
    pub fn is_dhcp4(&self) -> bool {
        matches!(self, Self::Dhcp | Self::Dhcp4)
    }
}

/// When a subnet is brought up (interfaces(5): `auto`, `allow-hotplug`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// At boot.
    #[default]
    Auto,
    /// When the link appears.
    Hotplug,
    /// By hand.
    Manual,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn fixed(text: &str, length: u8) -> Subnet {
        Subnet::new(Method::Static(Prefix::new(address(text), length).unwrap()))
    }

    #[test]
    fn families_agree() {
        let mut subnet = fixed("10.0.0.5", 24);
        assert!(!subnet.set_gateway(address("2001:db8::1")) && subnet.set_gateway(address("10.0.0.1")));
        assert_eq!(subnet.gateway(), Some(&address("10.0.0.1")));
        assert!(!fixed("2001:db8::5", 64).set_broadcast(address("10.0.0.255")));
    }

    #[test]
    fn a_gateway_elsewhere_is_on_the_link() {
        for (at, length, gateway, on_link) in [
            ("10.0.0.5", 24, "10.0.0.1", false),
            ("10.0.0.5", 32, "10.0.0.1", true),
            ("2001:db8::5", 64, "fe80::1", true),
            ("2001:db8::5", 64, "2001:db9::1", true),
        ] {
            let mut subnet = fixed(at, length);
            assert!(subnet.set_gateway(address(gateway)));
            assert_eq!(subnet.gateway_is_on_link(), on_link, "{at}/{length} {gateway}");
        }
    }
}
