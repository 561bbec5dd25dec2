//! Links and addresses as rtnetlink describes them (rtnetlink(7)).

use super::wire::{Malformed, Message, attributes, u16_at, u32_at, until_nul};
use crate::ip::Ip;
use alloc::string::String;
use linux_raw_sys::net::net_device_flags::{IFF_LOOPBACK, IFF_LOWER_UP, IFF_UP};
use linux_raw_sys::netlink;

/// Bytes of `struct ifinfomsg` and of `struct ifaddrmsg`.
const LINK_BODY: usize = 16;
const ADDRESS_BODY: usize = 8;

/// The type of Ethernet links.
const ARPHRD_ETHER: u32 = 1;

const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_SLAVE_KIND: u16 = 4;

/// Kinds of links whose address is a member's.
const BORROWERS: [&[u8]; 6] = [b"bond", b"bridge", b"team", b"vlan", b"ipvlan", b"hsr"];

/// Masters that leave a member its own address.
const LENIENT_MASTERS: [&[u8]; 3] = [b"bridge", b"bond", b"openvswitch"];

/// A link of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// The kernel's number.
    pub index: u32,
    /// Present name.
    pub name: String,
    /// Ethernet address; `None` for other kinds and for all zeros.
    pub address: Option<[u8; 6]>,
    /// Whether the link may be told by its address: it is no loopback, and the
    /// address is not a member's or a master's.
    pub own_address: bool,
    /// `IFF_UP`.
    pub up: bool,
    /// `IFF_LOWER_UP`; known only while the link is up.
    pub carrier: bool,
    /// Largest packet, in bytes.
    pub mtu: u32,
}

/// An address on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressInfo {
    /// Index of the link.
    pub link: u32,
    /// The address.
    pub address: Ip,
    /// Prefix length.
    pub prefix: u8,
    /// `RT_SCOPE_…`: 253 is the link alone.
    pub scope: u8,
}

/// Reads an `RTM_NEWLINK` message.
pub(super) fn link(message: &Message<'_>) -> Result<LinkInfo, Malformed> {
    let flags = u32_at(message.body, 8).ok_or(Malformed)?;
    let mut link = LinkInfo {
        index: u32_at(message.body, 4).ok_or(Malformed)?,
        name: String::new(),
        address: None,
        own_address: flags & IFF_LOOPBACK as u32 == 0,
        up: flags & IFF_UP as u32 != 0,
        carrier: flags & IFF_LOWER_UP as u32 != 0,
        mtu: 0,
    };
    let ethernet = u32::from(u16_at(message.body, 2).ok_or(Malformed)?) == ARPHRD_ETHER;
    let (mut enslaved, mut lenient) = (false, false);
    for attribute in attributes(message.body.get(LINK_BODY..).ok_or(Malformed)?) {
        let (kind, value) = attribute?;
        match u32::from(kind) {
            x if x == netlink::IFLA_IFNAME as u32 => {
                link.name = String::from_utf8_lossy(until_nul(value)).into_owned();
            }
            x if x == netlink::IFLA_ADDRESS as u32 && ethernet => {
                link.address = value.try_into().ok().filter(|address| *address != [0; 6]);
            }
            x if x == netlink::IFLA_MTU as u32 => link.mtu = u32_at(value, 0).ok_or(Malformed)?,
            x if x == netlink::IFLA_MASTER as u32 => enslaved = true,
            x if x == netlink::IFLA_LINKINFO as u32 => {
                for attribute in attributes(value) {
                    let (kind, value) = attribute?;
                    let value = until_nul(value);
                    match kind {
                        IFLA_INFO_KIND => link.own_address &= !BORROWERS.contains(&value),
                        IFLA_INFO_SLAVE_KIND => lenient = LENIENT_MASTERS.contains(&value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    // A member of a failover pair has its master's address.
    link.own_address &= !enslaved || lenient;
    Ok(link)
}

/// Reads an `RTM_NEWADDR` message; `None` for families other than IP.
pub(super) fn address(message: &Message<'_>) -> Result<Option<AddressInfo>, Malformed> {
    let [family, prefix, _, scope, ..] = *message.body else { return Err(Malformed) };
    let link = u32_at(message.body, 4).ok_or(Malformed)?;
    let (mut local, mut peer) = (None, None);
    for attribute in attributes(message.body.get(ADDRESS_BODY..).ok_or(Malformed)?) {
        let (kind, value) = attribute?;
        match u32::from(kind) {
            x if x == netlink::IFA_LOCAL as u32 => local = ip(family, value),
            x if x == netlink::IFA_ADDRESS as u32 => peer = ip(family, value),
            _ => {}
        }
    }
    Ok(local.or(peer).map(|address| AddressInfo { link, address, prefix, scope }))
}

fn ip(family: u8, value: &[u8]) -> Option<Ip> {
    let ipv6 = match u32::from(family) {
        linux_raw_sys::net::AF_INET => false,
        linux_raw_sys::net::AF_INET6 => true,
        _ => return None,
    };
    Ip::from_octets(value).filter(|address| address.is_ipv6() == ipv6)
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Request};
    use super::*;

    fn sample() -> Vec<u8> {
        let mut body = [0; 16];
        body[2] = 1;
        body[4] = 7;
        body[8] = 1;
        let info = Request::new(0, 0, &[]).with(IFLA_INFO_KIND, b"veth\0").finish(0)[16..].to_vec();
        Request::new(16, 0, &body)
            .with(3, b"eth0\0")
            .with(1, &[2, 0, 0, 0, 0, 1])
            .with(4, &1500_u32.to_ne_bytes())
            .with(18, &info)
            .finish(1)
            .to_vec()
    }

    #[test]
    fn reads_a_link() {
        let bytes = sample();
        let message = wire::messages(&bytes).next().unwrap().unwrap();
        let expected = LinkInfo {
            index: 7,
            name: "eth0".into(),
            address: Some([2, 0, 0, 0, 0, 1]),
            own_address: true,
            up: true,
            carrier: false,
            mtu: 1500,
        };
        assert_eq!(link(&message), Ok(expected));
    }

    /// Every byte of a message set to every value, and every cut of it: no
    /// panic, and no attribute from beyond the end.
    #[test]
    fn a_mutated_reply_is_read_or_refused() {
        let bytes = sample();
        let read = |bytes: &[u8]| {
            for message in wire::messages(bytes).flatten() {
                let _ = (link(&message), address(&message), wire::acknowledgement(&message));
                let tlvs = Message { flags: linux_raw_sys::netlink::NLM_F_ACK_TLVS, ..message };
                let _ = wire::acknowledgement(&tlvs);
            }
        };
        for at in 0..bytes.len() {
            read(&bytes[..at]);
            for value in 0..=255 {
                let mut mutated = bytes.clone();
                mutated[at] = value;
                read(&mutated);
            }
        }
    }
}
