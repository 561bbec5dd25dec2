use crate::ip::Ip;
use core::fmt;

/// An address with the length of its network: `10.0.0.5/24`. The bits behind
/// the length are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: Ip,
    length: u8,
}

impl Prefix {
    /// `None` when the family has no networks that long.
    pub fn new(address: Ip, length: u8) -> Option<Self> {
        (length <= address.bits()).then_some(Self { address, length })
    }

    /// Everything: the destination of a default route.
    pub const fn everything(ipv6: bool) -> Self {
        Self { address: Ip::unspecified(ipv6), length: 0 }
    }

    /// The address.
    pub fn address(self) -> Ip {
        self.address
    }

    /// Length of the network in bits, at most 32 or 128.
    pub fn length(self) -> u8 {
        self.length
    }

    /// Whether this is IPv6.
    pub fn is_ipv6(self) -> bool {
        self.address.is_ipv6()
    }

    /// Whether `address` lies in the network.
    pub fn contains(self, address: Ip) -> bool {
        self.network() == address.network(self.length)
    }

    /// The address with the bits behind the length cleared.
    pub fn network(self) -> Ip {
        self.address.network(self.length)
    }

    /// The IPv4 netmask; `None` for IPv6.
    pub fn netmask(self) -> Option<Ip> {
        (!self.is_ipv6()).then(|| Ip::mask(false, self.length))
    }

    /// Whether a route to here is a default route.
    pub fn is_everything(self) -> bool {
        self.length == 0 && self.address.is_unspecified()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, u32::from(self.length))
    }
}

/// A route, its gateway of its destination's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    destination: Prefix,
    gateway: Option<Ip>,
    metric: Option<u32>,
}

impl Route {
    /// A route to `destination`; without a gateway it is on the link. `None`
    /// when the families differ.
    pub fn new(destination: Prefix, gateway: Option<Ip>, metric: Option<u32>) -> Option<Self> {
        let same_family = gateway.is_none_or(|gateway| gateway.is_ipv6() == destination.is_ipv6());
        same_family.then_some(Self { destination, gateway, metric })
    }

    /// Where it leads.
    pub fn destination(&self) -> Prefix {
        self.destination
    }

    /// The next hop.
    pub fn gateway(&self) -> Option<Ip> {
        self.gateway
    }

    /// Its priority, smaller wins; `None` leaves it to the back end.
    pub fn metric(&self) -> Option<u32> {
        self.metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ip {
        text.parse().unwrap()
    }

    #[test]
    fn masks() {
        for (length, mask) in [(0, "0.0.0.0"), (13, "255.248.0.0"), (32, "255.255.255.255")] {
            let prefix = Prefix::new(ip("10.0.0.0"), length).unwrap();
            assert_eq!(prefix.netmask(), Some(ip(mask)));
        }
    }

    #[test]
    fn lengths_and_families() {
        assert!(Prefix::new(ip("10.0.0.1"), 33).is_none());
        assert!(Prefix::new(ip("::1"), 129).is_none());
        assert!(Route::new(Prefix::everything(true), Some(ip("10.0.0.1")), None).is_none());
        let net = Prefix::new(ip("10.0.0.5"), 24).unwrap();
        assert!(net.contains(ip("10.0.0.1")) && !net.contains(ip("10.0.1.1")) && !net.contains(ip("::1")));
        assert!(
            Prefix::everything(true).contains(ip("::1")) && !Prefix::everything(false).contains(ip("::1"))
        );
    }
}
