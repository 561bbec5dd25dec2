//! Options of bonds, bridges and their ports, as their attributes have them.

use super::wire::with_attributes;
use crate::action::OptionOf;
use crate::ip::Ip;
use alloc::vec::Vec;

/// How a value is written where it is no `u32`; times of a bridge are hundredths of a second
/// (`USER_HZ`), a link is its index, an address list is nested.
const BYTE: &str = "u8";
const HALF: &str = "u16";
const SECONDS: &str = "time";
const LINK: &str = "link";
const ADDRESSES: &str = "addresses";
const MAC: &str = "mac";

/// `IFLA_BOND_…`: name, attribute, how it is written, and words for 0, 1, …
/// (linux/if_link.h; Documentation/networking/bonding.rst)
const BOND: &str = "\
mode 1 u8 balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb
active-slave 2 link
miimon 3 u32
updelay 4 u32
downdelay 5 u32
use-carrier 6 u8
arp-interval 7 u32
arp-ip-target 8 addresses
arp-validate 9 u32 none active backup all filter filter_active filter_backup
arp-all-targets 10 u32 any all
primary 11 link
primary-reselect 12 u8 always better failure
fail-over-mac 13 u8 none active follow
xmit-hash-policy 14 u8 layer2 layer3+4 layer2+3 encap2+3 encap3+4 vlan+srcmac
resend-igmp 15 u32
num-grat-arp 16 u8
num-unsol-na 16 u8
all-slaves-active 17 u8 dropped delivered
min-links 18 u32
lp-interval 19 u32
learn-packet-interval 19 u32
packets-per-slave 20 u32
lacp-rate 21 u8 slow fast
ad-select 22 u8 stable bandwidth count
ad-actor-sys-prio 24 u16
ad-user-port-key 25 u16
ad-actor-system 26 mac
tlb-dynamic-lb 27 u8
peer-notif-delay 28 u32
";

/// `IFLA_BR_…`.
const BRIDGE: &str = "\
fd 1 time
hello 2 time
maxage 3 time
ageing 4 time
stp 5 u32 off on
bridgeprio 6 u16
";

/// `IFLA_BRPORT_…`.
const BRIDGE_PORT: &str = "\
portprio 2 u16
pathcost 3 u32
";

/// An option's value for its attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The bytes.
    Bytes(Vec<u8>),
    /// The index of the link of this name.
    Link,
}

/// The attribute of an option and its value; `None` when there is no such
/// option, or it has no such value.
#[inline(never)]
pub(super) fn find(of: OptionOf, name: &str, value: &str) -> Option<(u16, Value)> {
    let table = match of {
        OptionOf::Bond => BOND,
        OptionOf::Bridge => BRIDGE,
        OptionOf::BridgePort => BRIDGE_PORT,
    };
    for line in table.lines() {
        let mut columns = line.split(' ');
        if columns.next() == Some(name) {
            let attribute = columns.next()?.parse().ok()?;
            return Some((attribute, encode(columns.next()?, columns, value)?));
        }
    }
    None
}

#[inline(never)]
fn encode<'a>(form: &str, mut words: impl Iterator<Item = &'a str>, value: &str) -> Option<Value> {
    if form == LINK {
        return Some(Value::Link);
    }
    let bytes = match form {
        ADDRESSES => addresses(value)?,
        MAC => mac(value)?,
        _ => {
            let number = match words.position(|word| word == value) {
                Some(at) => u32::try_from(at).ok()?,
                None => value.parse().ok()?,
            };
            match form {
                BYTE => u8::try_from(number).ok()?.to_ne_bytes().to_vec(),
                HALF => u16::try_from(number).ok()?.to_ne_bytes().to_vec(),
                SECONDS => number.checked_mul(100)?.to_ne_bytes().to_vec(),
                _ => number.to_ne_bytes().to_vec(),
            }
        }
    };
    Some(Value::Bytes(bytes))
}

/// IPv4 addresses, by their place.
fn addresses(value: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (place, address) in (0..).zip(value.split([',', ' ']).filter(|part| !part.is_empty())) {
        let address: Ip = address.parse().ok()?;
        if address.is_ipv6() {
            return None;
        }
        bytes = with_attributes(&bytes, &[(place, address.octets())]);
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn mac(value: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in value.split(':') {
        bytes.push(u8::from_str_radix(part, 16).ok()?);
    }
    (bytes.len() == 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use linux_raw_sys::netlink as kernel;

    fn bytes(of: OptionOf, name: &str, value: &str) -> Option<(u16, Vec<u8>)> {
        match find(of, name, value)? {
            (attribute, Value::Bytes(bytes)) => Some((attribute, bytes)),
            (_, Value::Link) => panic!("{name} is a link"),
        }
    }

    #[test]
    fn values_are_written_as_the_kernel_reads_them() {
        let bond = |name, value| bytes(OptionOf::Bond, name, value);
        assert_eq!(bond("mode", "802.3ad"), Some((kernel::IFLA_BOND_MODE as u16, vec![4])));
        assert_eq!(bond("mode", "1"), Some((1, vec![1])));
        let miimon = 100_u32.to_ne_bytes().to_vec();
        assert_eq!(bond("miimon", "100"), Some((kernel::IFLA_BOND_MIIMON as u16, miimon)));
        assert_eq!(bond("lacp-rate", "fast"), Some((kernel::IFLA_BOND_AD_LACP_RATE as u16, vec![1])));
        let system = Some((kernel::IFLA_BOND_AD_ACTOR_SYSTEM as u16, vec![2, 0, 0, 0, 0, 0xa]));
        assert_eq!(bond("ad-actor-system", "02:00:00:00:00:0a"), system);
        let targets = vec![8, 0, 0, 0, 10, 0, 0, 1, 8, 0, 1, 0, 10, 0, 0, 2];
        let targets = Some((kernel::IFLA_BOND_ARP_IP_TARGET as u16, targets));
        assert_eq!(bond("arp-ip-target", "10.0.0.1,10.0.0.2"), targets);
        assert_eq!(find(OptionOf::Bond, "primary", "eth0"), Some((11, Value::Link)));
        let delay = 400_u32.to_ne_bytes().to_vec();
        assert_eq!(bytes(OptionOf::Bridge, "fd", "4"), Some((kernel::IFLA_BR_FORWARD_DELAY as u16, delay)));
        let cost = 50_u32.to_ne_bytes().to_vec();
        let attribute = kernel::IFLA_BRPORT_COST as u16;
        assert_eq!(bytes(OptionOf::BridgePort, "pathcost", "50"), Some((attribute, cost)));
    }

    #[test]
    fn values_no_option_has_are_refused() {
        for (name, value) in [
            ("mode", "balance"),
            ("mode", "256"),
            ("miimon", "-1"),
            ("miimon", ""),
            ("arp-ip-target", "::1"),
            ("arp-ip-target", ""),
            ("ad-actor-system", "02:00"),
            ("colour", "1"),
        ] {
            assert_eq!(find(OptionOf::Bond, name, value), None, "{name} {value}");
        }
    }
}
