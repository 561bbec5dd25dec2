use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address with the length of its network: `10.0.0.5/24`. The bits behind
/// the length are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// `None` when the family has no networks that long.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        (length <= width(address)).then_some(Self { address, length })
    }

    /// Everything: the destination of a default route.
    pub fn everything(ipv6: bool) -> Self {
        let address =
            if ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        Self { address, length: 0 }
    }

    /// The address.
    pub fn address(self) -> IpAddr {
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
    pub fn contains(self, address: IpAddr) -> bool {
        let shift = u32::from(width(self.address) - self.length);
        let (Some(own), Some(other)) =
            (bits(self.address).checked_shr(shift), bits(address).checked_shr(shift))
        else {
            return self.is_ipv6() == address.is_ipv6();
        };
        self.is_ipv6() == address.is_ipv6() && own == other
    }

    /// The IPv4 netmask; `None` for IPv6.
    pub fn netmask(self) -> Option<Ipv4Addr> {
        let mask = u32::MAX.checked_shl(32 - u32::from(self.length).min(32)).unwrap_or(0);
        (!self.is_ipv6()).then(|| Ipv4Addr::from_bits(mask))
    }

    /// Whether a route to here is a default route.
    pub fn is_everything(self) -> bool {
        self.length == 0 && self.address.is_unspecified()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv6() { 128 } else { 32 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The length that a netmask stands for: `255.255.255.0` is 24, `ffff:ffff::`
/// is 32. `None` when its ones do not all come first.
pub(crate) fn mask_length(mask: IpAddr) -> Option<u8> {
    let bits = bits(mask) << (128 - u32::from(width(mask)));
    let ones = bits.leading_ones();
    (bits.count_ones() == ones).then_some(u8::try_from(ones).ok()?)
}

/// A route, its gateway of its destination's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    destination: Prefix,
    gateway: Option<IpAddr>,
    metric: Option<u32>,
}

impl Route {
    /// A route to `destination`; without a gateway it is on the link. `None`
    /// when the families differ.
    pub fn new(destination: Prefix, gateway: Option<IpAddr>, metric: Option<u32>) -> Option<Self> {
        let same_family = gateway.is_none_or(|gateway| gateway.is_ipv6() == destination.is_ipv6());
        same_family.then_some(Self { destination, gateway, metric })
    }

    /// Where it leads.
    pub fn destination(&self) -> Prefix {
        self.destination
    }

    /// The next hop.
    pub fn gateway(&self) -> Option<IpAddr> {
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

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn masks() {
        for (mask, length) in [
            ("0.0.0.0", 0),
            ("255.255.255.0", 24),
            ("255.255.255.255", 32),
            ("::", 0),
            ("ffff:ffff:ffff:ffff::", 64),
        ] {
            assert_eq!(mask_length(ip(mask)), Some(length), "{mask}");
        }
        assert_eq!(mask_length(ip("255.0.255.0")), None);
        assert_eq!(mask_length(ip("0.0.0.255")), None);
        for (length, mask) in [(0, "0.0.0.0"), (13, "255.248.0.0"), (32, "255.255.255.255")] {
            let prefix = Prefix::new(ip("10.0.0.0"), length).unwrap();
            assert_eq!(prefix.netmask().map(IpAddr::V4), Some(ip(mask)));
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
