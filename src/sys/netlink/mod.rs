//! rtnetlink: what links and addresses there are, and changes of them.

mod link;
mod socket;
mod uevent;
mod wire;

pub use link::{AddressInfo, LinkInfo};
pub use uevent::{Uevent, Uevents};

use crate::action::{LinkAction, LinkChange};
use crate::error::Result;
use crate::ip::Ip;
use alloc::vec::Vec;
use linux_raw_sys::net::net_device_flags::IFF_UP;
use linux_raw_sys::net::{AF_INET, AF_INET6};
use linux_raw_sys::netlink::{self, IFA_F_NODAD, RTNH_F_ONLINK, RTPROT_STATIC};
use rustix::io::Errno;
use socket::Socket;
use wire::Request;

const NEWLINK: u16 = netlink::RTM_NEWLINK as u16;
const GETLINK: u16 = netlink::RTM_GETLINK as u16;
const NEWADDR: u16 = netlink::RTM_NEWADDR as u16;
const DELADDR: u16 = netlink::RTM_DELADDR as u16;
const GETADDR: u16 = netlink::RTM_GETADDR as u16;
const NEWROUTE: u16 = netlink::RTM_NEWROUTE as u16;

const IFLA_IFNAME: u16 = netlink::IFLA_IFNAME as u16;
const IFLA_MTU: u16 = netlink::IFLA_MTU as u16;
const IFA_ADDRESS: u16 = netlink::IFA_ADDRESS as u16;
const IFA_LOCAL: u16 = netlink::IFA_LOCAL as u16;
const IFA_BROADCAST: u16 = netlink::IFA_BROADCAST as u16;
const RTA_DST: u16 = netlink::rtattr_type_t::RTA_DST as u16;
const RTA_OIF: u16 = netlink::rtattr_type_t::RTA_OIF as u16;
const RTA_GATEWAY: u16 = netlink::rtattr_type_t::RTA_GATEWAY as u16;
const RTA_PRIORITY: u16 = netlink::rtattr_type_t::RTA_PRIORITY as u16;

const SCOPE_LINK: u8 = netlink::rt_scope_t::RT_SCOPE_LINK as u8;

/// Flags of a question, of a change, of a thing made anew, of one that may be
/// there.
const DUMP: u32 = netlink::NLM_F_REQUEST | netlink::NLM_F_DUMP;
const CHANGE: u32 = netlink::NLM_F_REQUEST | netlink::NLM_F_ACK;
const CREATE: u32 = CHANGE | netlink::NLM_F_CREATE | netlink::NLM_F_EXCL;
const REPLACE: u32 = CHANGE | netlink::NLM_F_CREATE | netlink::NLM_F_REPLACE;

/// A connection to the kernel's network configuration.
pub struct Netlink {
    socket: Socket,
}

impl Netlink {
    /// Opens an rtnetlink socket in this network namespace.
    #[inline(never)]
    pub fn open() -> Result<Self> {
        match Socket::route() {
            Ok(socket) => Ok(Self { socket }),
            Err(errno) => Err(super::failed("open", "a netlink socket", errno)),
        }
    }

    /// Every link, loopback included, by index.
    #[inline(never)]
    pub fn links(&mut self) -> Result<Vec<LinkInfo>> {
        self.socket.purpose = "list links".into();
        let mut links: Vec<LinkInfo> = Vec::new();
        let request = Request::new(GETLINK, DUMP, &[0; 16], &[]);
        self.socket.exchange(&request, &mut |message| {
            let link = link::link(message)?;
            let at = links.partition_point(|known| known.index < link.index);
            // A dump that began again tells a link again.
            if links.get(at).is_some_and(|known| known.index == link.index) {
                links.remove(at);
            }
            links.insert(at, link);
            Ok(())
        })?;
        Ok(links)
    }

    /// Every address of both families.
    pub fn addresses(&mut self) -> Result<Vec<AddressInfo>> {
        self.socket.purpose = "list addresses".into();
        self.list_addresses()
    }

    #[inline(never)]
    fn list_addresses(&mut self) -> Result<Vec<AddressInfo>> {
        let mut addresses: Vec<AddressInfo> = Vec::new();
        let request = Request::new(GETADDR, DUMP, &[0; 8], &[]);
        self.socket.exchange(&request, &mut |message| {
            if let Some(address) = link::address(message)?
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
            Ok(())
        })?;
        Ok(addresses)
    }

    /// Makes one change. Made already, it is done: an address that is there
    /// stays, a route that is there is replaced.
    #[inline(never)]
    pub fn apply(&mut self, action: &LinkAction) -> Result<()> {
        self.socket.purpose = action.text();
        let index = self.index(&action.link)?;
        self.change(index, &action.change)
    }

    #[inline(never)]
    fn change(&mut self, index: u32, change: &LinkChange) -> Result<()> {
        let up = IFF_UP as u32;
        match change {
            LinkChange::Rename { to } => self.set_link(index, 0, 0, (IFLA_IFNAME, to.as_bytes())),
            LinkChange::Up => self.set_link(index, up, up, (IFLA_IFNAME, &[])),
            LinkChange::Down => self.set_link(index, 0, up, (IFLA_IFNAME, &[])),
            LinkChange::SetMtu { mtu } => self.set_link(index, 0, 0, (IFLA_MTU, &mtu.to_ne_bytes())),
            LinkChange::FlushAddresses => self.flush(index),
            LinkChange::AddAddress { address, prefix, broadcast } => {
                unless(Errno::EXIST, self.add_address(index, *address, *prefix, *broadcast))
            }
            LinkChange::AddRoute { destination, prefix, gateway, metric } => {
                let network = (*destination, *prefix);
                let outcome = self.add_route(index, network, *gateway, *metric, 0);
                let far =
                    failed_with(Errno::NETUNREACH, &outcome) || failed_with(Errno::HOSTUNREACH, &outcome);
                if gateway.is_none() || !far {
                    return outcome;
                }
                // The gateway lies outside the link's networks: the
                // description says that it is there all the same.
                self.add_route(index, network, *gateway, *metric, RTNH_F_ONLINK)
            }
        }
    }

    /// `RTM_NEWLINK` for a link that exists: `flags` counts where `change` has
    /// a bit.
    #[inline(never)]
    fn set_link(&mut self, index: u32, flags: u32, change: u32, attribute: (u16, &[u8])) -> Result<()> {
        let words = [0, index, flags, change].map(u32::to_ne_bytes);
        self.send(NEWLINK, CHANGE, words.as_flattened(), &[attribute])
    }

    #[inline(never)]
    fn add_address(&mut self, index: u32, address: Ip, prefix: u8, broadcast: Option<Ip>) -> Result<()> {
        let flags = if address.is_ipv6() { IFA_F_NODAD.to_ne_bytes()[0] } else { 0 };
        let broadcast = broadcast.or(default_broadcast(address, prefix));
        let attributes = [
            (IFA_LOCAL, address.octets()),
            (IFA_ADDRESS, address.octets()),
            (IFA_BROADCAST, broadcast.as_ref().map_or(&[], Ip::octets)),
        ];
        let body = address_body(index, address, prefix, flags);
        self.send(NEWADDR, CREATE, &body, &attributes)
    }

    /// `RTM_NEWROUTE` in the main table; `flags` are `RTNH_F_…`.
    #[inline(never)]
    fn add_route(
        &mut self,
        index: u32,
        (destination, prefix): (Ip, u8),
        gateway: Option<Ip>,
        metric: Option<u32>,
        flags: u32,
    ) -> Result<()> {
        const TABLE: u8 = netlink::rt_class_t::RT_TABLE_MAIN as u8;
        const PROTOCOL: u8 = RTPROT_STATIC.to_ne_bytes()[0];
        const KIND: u8 = netlink::RTN_UNICAST as u8;
        let scope = if gateway.is_none() && !destination.is_ipv6() { SCOPE_LINK } else { 0 };
        let body = [[family(destination), prefix, 0, 0], [TABLE, PROTOCOL, scope, KIND], flags.to_ne_bytes()];
        let metric = metric.map(u32::to_ne_bytes);
        let attributes = [
            (RTA_OIF, &index.to_ne_bytes()[..]),
            (RTA_DST, if prefix > 0 { destination.octets() } else { &[] }),
            (RTA_GATEWAY, gateway.as_ref().map_or(&[], Ip::octets)),
            (RTA_PRIORITY, metric.as_ref().map_or(&[], |metric| &metric[..])),
        ];
        self.send(NEWROUTE, REPLACE, body.as_flattened(), &attributes)
    }

    /// Removes every address but those IPv6 gives a link by itself.
    #[inline(never)]
    fn flush(&mut self, index: u32) -> Result<()> {
        for info in self.list_addresses()? {
            if info.link != index || (info.address.is_ipv6() && info.scope == SCOPE_LINK) {
                continue;
            }
            let body = address_body(index, info.address, info.prefix, 0);
            let outcome = self.send(DELADDR, CHANGE, &body, &[(IFA_LOCAL, info.address.octets())]);
            // A secondary address goes with its primary one.
            unless(Errno::ADDRNOTAVAIL, outcome)?;
        }
        Ok(())
    }

    /// The index of the link called `name`.
    #[inline(never)]
    fn index(&mut self, name: &str) -> Result<u32> {
        let mut index = None;
        let request = Request::new(GETLINK, CHANGE, &[0; 16], &[(IFLA_IFNAME, name.as_bytes())]);
        self.socket.exchange(&request, &mut |message| {
            index = Some(link::link(message)?.index);
            Ok(())
        })?;
        index.ok_or_else(|| self.socket.failure(&request, Errno::NODEV.raw_os_error(), ""))
    }

    #[inline(never)]
    fn send(&mut self, kind: u16, flags: u32, body: &[u8], attributes: &[(u16, &[u8])]) -> Result<()> {
        self.socket.exchange(&Request::new(kind, flags, body, attributes), &mut |_| Ok(()))
    }
}

fn failed_with(errno: Errno, outcome: &Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.errno() == Some(errno.raw_os_error()))
}

/// The outcome, where `harmless` is none that matters.
fn unless(harmless: Errno, outcome: Result<()>) -> Result<()> {
    if failed_with(harmless, &outcome) { Ok(()) } else { outcome }
}

/// The last address of an IPv4 network; a /31 and a /32 have none (RFC 3021).
fn default_broadcast(address: Ip, prefix: u8) -> Option<Ip> {
    (!address.is_ipv6() && prefix < 31).then(|| address.last_of_network(prefix))
}

/// `struct ifaddrmsg`.
fn address_body(index: u32, address: Ip, prefix: u8, flags: u8) -> [u8; 8] {
    let [a, b, c, d] = index.to_ne_bytes();
    [family(address), prefix, flags, 0, a, b, c, d]
}

fn family(address: Ip) -> u8 {
    let family = if address.is_ipv6() { AF_INET6 } else { AF_INET };
    family.to_ne_bytes()[0]
}
