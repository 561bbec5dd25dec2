//! Links and addresses as rtnetlink describes them (rtnetlink(7)).

use super::wire::{Malformed, Message, attributes, u16_at, u32_at, until_nul};
use super::{
    IFA_ADDRESS, IFA_LOCAL, IFA_PROTO, IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_BOND_MODE,
    IFLA_BOND_SLAVE_PERM_HWADDR, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA,
    IFLA_INFO_SLAVE_KIND, IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_PROP_LIST,
    IFLA_VLAN_ID,
};
use crate::ip::Ip;
use alloc::string::String;
use alloc::vec::Vec;
use linux_raw_sys::net::net_device_flags::{IFF_LOOPBACK, IFF_LOWER_UP, IFF_UP};
use linux_raw_sys::net::{AF_INET, AF_INET6};

/// Bytes of `struct ifinfomsg` and of `struct ifaddrmsg`.
const LINK_BODY: usize = 16;
const ADDRESS_BODY: usize = 8;

/// `IFAPROT_KERNEL_RA`: by a router's advertisement.
const IFAPROT_KERNEL_RA: u8 = 2;

/// The type of Ethernet links.
const ARPHRD_ETHER: u16 = 1;

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
    /// Alternative names; no link may be called so.
    pub alternative_names: Vec<String>,
    /// Ethernet address; `None` for other kinds and for all zeros.
    pub address: Option<[u8; 6]>,
    /// Of a bond's member, the address it came with: it has the bond's now.
    pub permanent_address: Option<[u8; 6]>,
    /// Whether the link may be told by its address: it is no loopback, and the
    /// address is not a member's or a master's.
    pub own_address: bool,
    /// `IFF_UP`.
    pub up: bool,
    /// `IFF_LOWER_UP`; known only while the link is up.
    pub carrier: bool,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// The kernel's word for its kind (`bond`, `vlan`); empty for NICs.
    pub kind: String,
    /// Index of the bond or bridge it is in.
    pub master: Option<u32>,
    /// Index of the link it is on, or of its peer; `None` where that lies in
    /// another namespace.
    pub lower: Option<u32>,
    /// The number of a VLAN.
    pub vlan: Option<u16>,
    /// The mode of a bond, as [`bonding.rst`] numbers them.
    ///
    /// [`bonding.rst`]: https://docs.kernel.org/networking/bonding.html
    pub bond_mode: Option<u8>,
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
    /// Whether a router's advertisement is where it comes from (`IFA_PROTO`,
    /// Linux 5.18).
    pub advertised: bool,
}

/// Reads an `RTM_NEWLINK` message.
#[inline(never)]
pub(super) fn link(message: &Message<'_>) -> Result<LinkInfo, Malformed> {
    let body = message.body;
    let flags = u32_at(body, 8).ok_or(Malformed)?;
    let values = Values::of(body.get(LINK_BODY..))?;
    let info = Values::of(Some(values.get(IFLA_LINKINFO)))?;
    let ethernet = u16_at(body, 2) == Some(ARPHRD_ETHER);
    let address = values.get(IFLA_ADDRESS).try_into().ok();
    let kind = until_nul(info.get(IFLA_INFO_KIND));
    let lent = BORROWERS.contains(&kind);
    let master = values.number(IFLA_MASTER)?;
    // A member of a failover pair has its master's address.
    let data = Values::of(Some(info.get(IFLA_INFO_DATA)))?;
    let member_of = until_nul(info.get(IFLA_INFO_SLAVE_KIND));
    let taken = master.is_some() && !LENIENT_MASTERS.contains(&member_of);
    let member = if member_of == b"bond" { info.get(IFLA_INFO_SLAVE_DATA) } else { &[] };
    let permanent_address = Values::of(Some(member))?.get(IFLA_BOND_SLAVE_PERM_HWADDR).try_into().ok();
    Ok(LinkInfo {
        index: u32_at(body, 4).ok_or(Malformed)?,
        name: text(values.get(IFLA_IFNAME)),
        alternative_names: alternative_names(values.get(IFLA_PROP_LIST))?,
        address: address.filter(|address| ethernet && *address != [0; 6]),
        permanent_address,
        own_address: flags & IFF_LOOPBACK as u32 == 0 && !lent && !taken,
        up: flags & IFF_UP as u32 != 0,
        carrier: flags & IFF_LOWER_UP as u32 != 0,
        mtu: values.number(IFLA_MTU)?.unwrap_or(0),
        kind: text(kind),
        master,
        // Of another namespace's links the numbers mean nothing here.
        lower: values.number(IFLA_LINK)?.filter(|_| values.get(IFLA_LINK_NETNSID).is_empty()),
        vlan: if kind == b"vlan" { u16_at(data.get(IFLA_VLAN_ID), 0) } else { None },
        bond_mode: data.get(IFLA_BOND_MODE).first().copied().filter(|_| kind == b"bond"),
    })
}

/// The value of an option among those of a link's kind (`IFLA_INFO_DATA`) or of
/// its master's (`IFLA_INFO_SLAVE_DATA`) in an `RTM_NEWLINK` message.
#[inline(never)]
pub(super) fn option<'a>(message: &Message<'a>, data: u16, attribute: u16) -> Result<&'a [u8], Malformed> {
    let values = Values::of(message.body.get(LINK_BODY..))?;
    let info = Values::of(Some(values.get(IFLA_LINKINFO)))?;
    Ok(Values::of(Some(info.get(data)))?.get(attribute))
}

/// A name, which ends with NUL.
pub(super) fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(until_nul(value)).into_owned()
}

#[inline(never)]
fn alternative_names(list: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut names = Vec::new();
    for attribute in attributes(list) {
        let (kind, value) = attribute?;
        if kind == IFLA_ALT_IFNAME {
            names.push(text(value));
        }
    }
    Ok(names)
}

/// Reads an `RTM_NEWADDR` message; `None` for families other than IP.
#[inline(never)]
pub(super) fn address(message: &Message<'_>) -> Result<Option<AddressInfo>, Malformed> {
    let [family, prefix, _, scope, ..] = *message.body else { return Err(Malformed) };
    let link = u32_at(message.body, 4).ok_or(Malformed)?;
    let values = Values::of(message.body.get(ADDRESS_BODY..))?;
    let Some(ipv6) = is_ipv6(family) else { return Ok(None) };
    // Where there is a peer, the address is the peer's.
    let address = match values.ip(IFA_LOCAL, ipv6)? {
        None => values.ip(IFA_ADDRESS, ipv6)?,
        local => local,
    };
    match address {
        Some(address) if prefix > address.bits() => Err(Malformed),
        address => {
            let advertised = values.get(IFA_PROTO) == [IFAPROT_KERNEL_RA];
            Ok(address.map(|address| AddressInfo { link, address, prefix, scope, advertised }))
        }
    }
}

/// Whether a family is `AF_INET6`; `None` where it is no family of IP.
pub(super) fn is_ipv6(family: u8) -> Option<bool> {
    match u32::from(family) {
        AF_INET => Some(false),
        AF_INET6 => Some(true),
        _ => None,
    }
}

/// `AF_INET` or `AF_INET6`.
pub(super) fn family(address: Ip) -> u8 {
    let family = if address.is_ipv6() { AF_INET6 } else { AF_INET };
    family.to_ne_bytes()[0]
}

/// The attributes of a message, all of them well formed.
pub(super) struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    #[inline(never)]
    pub(super) fn of(bytes: Option<&'a [u8]>) -> Result<Self, Malformed> {
        let bytes = bytes.ok_or(Malformed)?;
        for attribute in attributes(bytes) {
            attribute?;
        }
        Ok(Self(bytes))
    }

    /// The value of the last attribute of this type; empty where there is none.
    #[inline(never)]
    pub(super) fn get(&self, wanted: u16) -> &'a [u8] {
        let mut found: &[u8] = &[];
        for (kind, value) in attributes(self.0).flatten() {
            if kind == wanted {
                found = value;
            }
        }
        found
    }

    /// A number of four bytes, neither more nor less.
    #[inline(never)]
    pub(super) fn number(&self, wanted: u16) -> Result<Option<u32>, Malformed> {
        match *self.get(wanted) {
            [] => Ok(None),
            [a, b, c, d] => Ok(Some(u32::from_ne_bytes([a, b, c, d]))),
            _ => Err(Malformed),
        }
    }

    /// An address of this family.
    #[inline(never)]
    pub(super) fn ip(&self, wanted: u16, ipv6: bool) -> Result<Option<Ip>, Malformed> {
        let value = self.get(wanted);
        match Ip::from_octets(value).filter(|ip| ip.is_ipv6() == ipv6) {
            None if !value.is_empty() => Err(Malformed),
            address => Ok(address),
        }
    }
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
        let info = Request::new(0, 0, &[], &[(IFLA_INFO_KIND, b"veth\0")]).finish(0).split_off(16);
        let names = wire::with_attributes(&[], &[(53, b"enp0s3\0"), (53, b"lan\0")]);
        let attributes: [(u16, &[u8]); 5] = [
            (3, b"eth0\0"),
            (1, &[2, 0, 0, 0, 0, 1]),
            (4, &1500_u32.to_ne_bytes()),
            (18, &info),
            (IFLA_PROP_LIST | crate::sys::netlink::NESTED, &names),
        ];
        Request::new(16, 0, &body, &attributes).finish(1)
    }

    #[test]
    fn reads_a_link() {
        let bytes = sample();
        let message = wire::messages(&bytes).next().unwrap().unwrap();
        let expected = LinkInfo {
            index: 7,
            name: "eth0".into(),
            alternative_names: vec!["enp0s3".into(), "lan".into()],
            address: Some([2, 0, 0, 0, 0, 1]),
            permanent_address: None,
            own_address: true,
            up: true,
            carrier: false,
            mtu: 1500,
            kind: "veth".into(),
            master: None,
            lower: None,
            vlan: None,
            bond_mode: None,
        };
        assert_eq!(link(&message), Ok(expected));
    }

    #[test]
    fn attributes_of_the_wrong_length_are_refused() {
        let number = |bytes: &'static [u8]| {
            let tail = wire::with_attributes(&[], &[(4, bytes)]);
            Values::of(Some(&tail)).map(|values| values.number(4)).unwrap()
        };
        assert_eq!(
            number(if cfg!(target_endian = "little") { &[0xdc, 5, 0, 0] } else { &[0, 0, 5, 0xdc] }),
            Ok(Some(1500))
        );
        assert_eq!(
            (number(&[1, 0]), number(&[0; 8]), number(&[])),
            (Err(Malformed), Err(Malformed), Ok(None))
        );
        let tail = wire::with_attributes(&[], &[(2, &[10, 0, 0, 1])]);
        let values = Values::of(Some(&tail)).unwrap();
        assert_eq!(values.ip(2, true), Err(Malformed));
        assert_eq!(values.ip(2, false), Ok(Ip::from_octets(&[10, 0, 0, 1])));
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
