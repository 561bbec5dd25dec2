use super::address::{Address, Prefix};
use super::plain::Plain;
use crate::ip::Ip;

/// A route, its gateway of its destination's family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    destination: Prefix,
    gateway: Option<Address>,
    /// Its priority, smaller wins; `None` leaves it to the back end.
    pub metric: Option<u32>,
    /// The routing table; `None` is the main one.
    pub table: Option<u32>,
    /// Largest packet this way, in bytes.
    pub mtu: Option<u32>,
    /// Segments a new connection sends before the first answer (`initcwnd` of
    /// ip-route(8)).
    pub congestion_window: Option<u32>,
    /// Segments a new connection takes at first (`initrwnd`).
    pub receive_window: Option<u32>,
    /// The gateway is reached on the link, whatever its address.
    pub on_link: bool,
    /// `blackhole`, `unreachable`, … (ip-route(8)); `None` is `unicast`.
    pub kind: Option<Plain>,
    /// The address that packets this way come from.
    pub source: Option<Address>,
    /// `link`, `host`, … (ip-route(8)).
    pub scope: Option<Plain>,
}

impl Route {
    /// A route to `destination`; without a gateway it is on the link. `None`
    /// when the families differ.
    pub fn new(destination: Prefix, gateway: Option<Address>) -> Option<Self> {
        let same = gateway.as_ref().is_none_or(|gateway| gateway.is_ipv6() == destination.is_ipv6());
        same.then_some(Self {
            destination,
            gateway,
            metric: None,
            table: None,
            mtu: None,
            congestion_window: None,
            receive_window: None,
            on_link: false,
            kind: None,
            source: None,
            scope: None,
        })
    }

    /// Where it leads.
    pub fn destination(&self) -> &Prefix {
        &self.destination
    }

    /// The gateway as described. One of all zeros, which OpenStack writes for
    /// a destination on the link, is repeated in files.
    pub fn gateway(&self) -> Option<&Address> {
        self.gateway.as_ref()
    }

    /// The gateway, unless the destination is on the link.
    pub fn next_hop(&self) -> Option<Ip> {
        self.gateway.as_ref().map(Address::ip).filter(|ip| !ip.is_unspecified())
    }
}

/// A routing policy rule (netplan's `routing-policy`; ip-rule(8)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Source of the packets it is for.
    pub from: Option<Selector>,
    /// Their destination.
    pub to: Option<Selector>,
    /// The routing table they use.
    pub table: Option<u32>,
    /// Its place among the rules, smaller first.
    pub priority: Option<u32>,
    /// The firewall mark they carry.
    pub mark: Option<u32>,
    /// Their type of service.
    pub tos: Option<u32>,
}

impl Rule {
    /// Whether it is for packets of IPv6: one without addresses is not.
    pub fn is_ipv6(&self) -> bool {
        [&self.from, &self.to].into_iter().flatten().any(|side| side.network().is_ipv6())
    }
}

/// Addresses a rule is for: a network, or one address where the length is not
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    network: Prefix,
    written: bool,
}

impl Selector {
    /// `length`: `None` for the one address. `None` when the family has no
    /// networks that long.
    pub fn new(address: Address, length: Option<u8>) -> Option<Self> {
        let bits = length.unwrap_or(address.ip().bits());
        Some(Self { network: Prefix::new(address, bits)?, written: length.is_some() })
    }

    /// The network.
    pub fn network(&self) -> &Prefix {
        &self.network
    }

    /// The length as described; `None` where only an address is.
    pub fn written_length(&self) -> Option<u8> {
        self.written.then_some(self.network.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_agree() {
        let gateway = Address::parse("10.0.0.1");
        assert!(Route::new(Prefix::everything(true), gateway.clone()).is_none());
        assert!(Route::new(Prefix::everything(false), gateway).is_some());
    }

    #[test]
    fn one_address_is_a_network_of_its_own() {
        let address = Address::parse("10.0.0.1").unwrap();
        let selector = Selector::new(address.clone(), None).unwrap();
        assert_eq!((selector.network().length(), selector.written_length()), (32, None));
        assert_eq!(Selector::new(address, Some(33)), None);
    }
}
