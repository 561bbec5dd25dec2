//! rtnetlink: what links and addresses there are, and changes of them.

mod link;
mod socket;
mod uevent;
mod wire;

pub use link::{AddressInfo, LinkInfo};
pub use uevent::{Uevent, Uevents};

use crate::action::LinkAction;
use crate::error::{Error, Result, errno_text};
use crate::ip::Ip;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use linux_raw_sys::net::net_device_flags::IFF_UP;
use linux_raw_sys::net::{AF_INET, AF_INET6};
use linux_raw_sys::netlink::{
    self, IFA_F_NODAD, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
    RTNH_F_ONLINK, RTPROT_STATIC,
};
use rustix::io::Errno;
use socket::{Failure, Socket};
use wire::Request;

const NEWLINK: u16 = netlink::RTM_NEWLINK as u16;
const GETLINK: u16 = netlink::RTM_GETLINK as u16;
const NEWADDR: u16 = netlink::RTM_NEWADDR as u16;
const DELADDR: u16 = netlink::RTM_DELADDR as u16;
const GETADDR: u16 = netlink::RTM_GETADDR as u16;
const NEWROUTE: u16 = netlink::RTM_NEWROUTE as u16;

const SCOPE_LINK: u8 = netlink::rt_scope_t::RT_SCOPE_LINK as u8;

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
            Err(errno) => Err(Error::os("open", "a netlink socket", errno.raw_os_error())),
        }
    }

    /// Every link, loopback included, by index.
    pub fn links(&mut self) -> Result<Vec<LinkInfo>> {
        let mut links: Vec<LinkInfo> = Vec::new();
        let request = Request::new(GETLINK, NLM_F_REQUEST | NLM_F_DUMP, &[0; 16]);
        let outcome = self.socket.exchange(request, &mut |message| {
            let link = link::link(message)?;
            let at = links.iter().take_while(|known| known.index < link.index).count();
            match links.get_mut(at) {
                Some(known) if known.index == link.index => *known = link,
                _ => links.insert(at, link),
            }
            Ok(())
        });
        match outcome {
            Ok(()) => Ok(links),
            Err(failure) => Err(error("list", "links".into(), failure)),
        }
    }

    /// Every address of both families.
    pub fn addresses(&mut self) -> Result<Vec<AddressInfo>> {
        self.list_addresses().map_err(|failure| error("list", "addresses".into(), failure))
    }

    fn list_addresses(&mut self) -> core::result::Result<Vec<AddressInfo>, Failure> {
        let mut addresses: Vec<AddressInfo> = Vec::new();
        let request = Request::new(GETADDR, NLM_F_REQUEST | NLM_F_DUMP, &[0; 8]);
        self.socket.exchange(request, &mut |message| {
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
        self.change(action).map_err(|failure| {
            let (doing, subject) = sentence(action);
            error(doing, subject, failure)
        })
    }

    #[inline(never)]
    fn change(&mut self, action: &LinkAction) -> core::result::Result<(), Failure> {
        let (LinkAction::Rename { from: link, .. }
        | LinkAction::Up { link }
        | LinkAction::Down { link }
        | LinkAction::SetMtu { link, .. }
        | LinkAction::FlushAddresses { link }
        | LinkAction::AddAddress { link, .. }
        | LinkAction::AddRoute { link, .. }) = action;
        let index = self.index(link)?;
        let up = IFF_UP as u32;
        let request = match action {
            LinkAction::Rename { to, .. } => {
                set_link(index, 0, 0).with(netlink::IFLA_IFNAME as u16, to.as_bytes())
            }
            LinkAction::Up { .. } => set_link(index, up, up),
            LinkAction::Down { .. } => set_link(index, 0, up),
            LinkAction::SetMtu { mtu, .. } => {
                set_link(index, 0, 0).with(netlink::IFLA_MTU as u16, &mtu.to_ne_bytes())
            }
            LinkAction::FlushAddresses { .. } => return self.flush(index),
            LinkAction::AddAddress { address, prefix, broadcast, .. } => {
                let outcome = self.send(add_address(index, *address, *prefix, *broadcast));
                return outcome.or_else(|failure| failure.unless(Errno::EXIST));
            }
            LinkAction::AddRoute { destination, prefix, gateway, metric, .. } => {
                let request = |flags| add_route(index, (*destination, *prefix), *gateway, *metric, flags);
                let unreachable = [Errno::NETUNREACH.raw_os_error(), Errno::HOSTUNREACH.raw_os_error()];
                match self.send(request(0)) {
                    // The gateway lies outside the link's networks: the
                    // description says that it is there all the same.
                    Err(failure) if gateway.is_some() && unreachable.contains(&failure.errno) => {
                        request(RTNH_F_ONLINK)
                    }
                    outcome => return outcome,
                }
            }
        };
        self.send(request)
    }

    /// Removes every address but those IPv6 gives a link by itself.
    #[inline(never)]
    fn flush(&mut self, index: u32) -> core::result::Result<(), Failure> {
        for info in self.list_addresses()? {
            if info.link != index || (info.address.is_ipv6() && info.scope == SCOPE_LINK) {
                continue;
            }
            let body = address_body(index, info.address, info.prefix, 0);
            let request = Request::new(DELADDR, NLM_F_REQUEST | NLM_F_ACK, &body)
                .with(netlink::IFA_LOCAL as u16, info.address.octets());
            // A secondary address goes with its primary one.
            self.send(request).or_else(|failure| failure.unless(Errno::ADDRNOTAVAIL))?;
        }
        Ok(())
    }

    /// The index of the link called `name`.
    #[inline(never)]
    fn index(&mut self, name: &str) -> core::result::Result<u32, Failure> {
        let mut index = None;
        let request = Request::new(GETLINK, NLM_F_REQUEST | NLM_F_ACK, &[0; 16])
            .with(netlink::IFLA_IFNAME as u16, name.as_bytes());
        self.socket.exchange(request, &mut |message| {
            index = Some(link::link(message)?.index);
            Ok(())
        })?;
        index.ok_or(Failure { errno: Errno::NODEV.raw_os_error(), request: GETLINK, text: None })
    }

    #[inline(never)]
    fn send(&mut self, request: Request) -> core::result::Result<(), Failure> {
        self.socket.exchange(request, &mut |_| Ok(()))
    }
}

/// What an action does, and to what, as messages say it.
#[inline(never)]
fn sentence(action: &LinkAction) -> (&'static str, String) {
    match action {
        LinkAction::Rename { from, to } => ("rename", format!("{from} to {to}")),
        LinkAction::Up { link } => ("bring up", link.clone()),
        LinkAction::Down { link } => ("take down", link.clone()),
        LinkAction::SetMtu { link, mtu } => ("set", format!("MTU {mtu} of {link}")),
        LinkAction::FlushAddresses { link } => ("flush addresses of", link.clone()),
        LinkAction::AddAddress { link, address, prefix, .. } => {
            ("add", format!("address {address}/{} to {link}", u32::from(*prefix)))
        }
        LinkAction::AddRoute { link, destination, prefix, .. } => {
            ("add", format!("route to {destination}/{} on {link}", u32::from(*prefix)))
        }
    }
}

/// `unable to rename ens3 to eth0: File exists (RTM_NEWLINK: the kernel's words)`.
#[inline(never)]
fn error(doing: &'static str, subject: String, failure: Failure) -> Error {
    let request = match failure.request {
        NEWLINK => "RTM_NEWLINK",
        GETLINK => "RTM_GETLINK",
        NEWADDR => "RTM_NEWADDR",
        DELADDR => "RTM_DELADDR",
        GETADDR => "RTM_GETADDR",
        _ => "RTM_NEWROUTE",
    };
    let mut cause = match errno_text(failure.errno) {
        Some(text) => String::from(text),
        None => format!("errno {}", failure.errno),
    };
    let words = failure.text.unwrap_or_default();
    for part in [" (", request, if words.is_empty() { "" } else { ": " }, &words, ")"] {
        cause.push_str(part);
    }
    Error::new(doing, subject, cause)
}

/// `RTM_NEWLINK` for a link that exists: `flags` counts where `change` has a
/// bit.
fn set_link(index: u32, flags: u32, change: u32) -> Request {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    body[8..12].copy_from_slice(&flags.to_ne_bytes());
    body[12..].copy_from_slice(&change.to_ne_bytes());
    Request::new(NEWLINK, NLM_F_REQUEST | NLM_F_ACK, &body)
}

#[inline(never)]
fn add_address(index: u32, address: Ip, prefix: u8, broadcast: Option<Ip>) -> Request {
    let flags = if address.is_ipv6() { IFA_F_NODAD.to_ne_bytes()[0] } else { 0 };
    let body = address_body(index, address, prefix, flags);
    let request = Request::new(NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &body)
        .with(netlink::IFA_LOCAL as u16, address.octets())
        .with(netlink::IFA_ADDRESS as u16, address.octets());
    match broadcast.or(default_broadcast(address, prefix)) {
        Some(broadcast) => request.with(netlink::IFA_BROADCAST as u16, broadcast.octets()),
        None => request,
    }
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

/// `RTM_NEWROUTE` in the main table; `flags` are `RTNH_F_…`.
#[inline(never)]
fn add_route(
    index: u32,
    (destination, prefix): (Ip, u8),
    gateway: Option<Ip>,
    metric: Option<u32>,
    flags: u32,
) -> Request {
    let scope = if gateway.is_none() && !destination.is_ipv6() { SCOPE_LINK } else { 0 };
    let mut body = [0; 12];
    body[0] = family(destination);
    body[1] = prefix;
    body[4] = netlink::rt_class_t::RT_TABLE_MAIN as u8;
    body[5] = RTPROT_STATIC.to_ne_bytes()[0];
    body[6] = scope;
    body[7] = netlink::RTN_UNICAST as u8;
    body[8..].copy_from_slice(&flags.to_ne_bytes());
    let mut request = Request::new(NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &body)
        .with(netlink::rtattr_type_t::RTA_OIF as u16, &index.to_ne_bytes());
    if prefix > 0 {
        request = request.with(netlink::rtattr_type_t::RTA_DST as u16, destination.octets());
    }
    if let Some(gateway) = gateway {
        request = request.with(netlink::rtattr_type_t::RTA_GATEWAY as u16, gateway.octets());
    }
    if let Some(metric) = metric {
        request = request.with(netlink::rtattr_type_t::RTA_PRIORITY as u16, &metric.to_ne_bytes());
    }
    request
}

fn family(address: Ip) -> u8 {
    let family = if address.is_ipv6() { AF_INET6 } else { AF_INET };
    family.to_ne_bytes()[0]
}
