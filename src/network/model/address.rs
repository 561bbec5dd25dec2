use crate::ip::Ip;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

/// An IP address with the spelling it was described with: back ends' files
/// repeat that (`2001:DB8::05`), as cloud-init's do.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Box<str>);

impl Address {
    /// `None` when `text` is no IPv4 or IPv6 address.
    #[inline(never)]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Ip>().is_ok().then(|| Self(text.into()))
    }

    /// The address itself.
    pub fn ip(&self) -> Ip {
        // It was read before, so that it always can be.
        self.0.parse().unwrap_or(Ip::unspecified(false))
    }

    /// As described.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is IPv6.
    pub fn is_ipv6(&self) -> bool {
        self.0.as_bytes().contains(&b':')
    }

    /// Bits of an address of this family: 32 or 128.
    fn bits(&self) -> u8 {
        if self.is_ipv6() { 128 } else { 32 }
    }
}

impl From<Ip> for Address {
    fn from(ip: Ip) -> Self {
        Self(ip.to_string().into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address with the length of its network: `10.0.0.5/24`. The bits behind
/// the length are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Prefix {
    address: Address,
    length: u8,
}

impl Prefix {
    /// `None` when the family has no networks that long.
    pub fn new(address: Address, length: u8) -> Option<Self> {
        (length <= address.bits()).then_some(Self { address, length })
    }

    /// Everything: the destination of a default route.
    pub fn everything(ipv6: bool) -> Self {
        Self { address: Ip::unspecified(ipv6).into(), length: 0 }
    }

    /// The address as described.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The address itself.
    pub fn ip(&self) -> Ip {
        self.address.ip()
    }

    /// Length of the network in bits, at most 32 or 128.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether this is IPv6.
    pub fn is_ipv6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// Whether `ip` lies in the network.
    pub fn contains(&self, ip: Ip) -> bool {
        self.network() == ip.network(self.length)
    }

    /// The address with the bits behind the length cleared.
    pub fn network(&self) -> Ip {
        self.ip().network(self.length)
    }

    /// The IPv4 netmask; `None` for IPv6.
    pub fn netmask(&self) -> Option<Ip> {
        (!self.is_ipv6()).then(|| Ip::mask(false, self.length))
    }

    /// Whether a route to here is a default route.
    pub fn is_everything(&self) -> bool {
        self.length == 0 && self.ip().is_unspecified()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, u32::from(self.length))
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn the_spelling_is_kept() {
        assert_eq!(address("2001:DB8::05").as_str(), "2001:DB8::05");
        assert_eq!(address("2001:DB8::05").ip(), address("2001:db8::5").ip());
        assert_eq!(Address::from(address("2001:DB8::05").ip()).as_str(), "2001:db8::5");
        assert_eq!(Address::parse("10.0.0.256"), None);
    }

    #[test]
    fn masks() {
        for (length, mask) in [(0, "0.0.0.0"), (13, "255.248.0.0"), (32, "255.255.255.255")] {
            let prefix = Prefix::new(address("10.0.0.0"), length).unwrap();
            assert_eq!(prefix.netmask(), Some(address(mask).ip()));
        }
    }

    #[test]
    fn lengths_and_families() {
        assert!(Prefix::new(address("10.0.0.1"), 33).is_none());
        assert!(Prefix::new(address("::1"), 129).is_none());
        let net = Prefix::new(address("10.0.0.5"), 24).unwrap();
        let contains = |net: &Prefix, text| net.contains(address(text).ip());
        assert!(contains(&net, "10.0.0.1") && !contains(&net, "10.0.1.1") && !contains(&net, "::1"));
        assert!(contains(&Prefix::everything(true), "::1") && !contains(&Prefix::everything(false), "::1"));
    }
}
