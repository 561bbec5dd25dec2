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
use wire::{Message, Request};

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
        let mut each = |message: &Message<'_>| {
            let link = link::link(message)?;
            match links.binary_search_by_key(&link.index, |known| known.index) {
                Ok(at) => links[at] = link,
                Err(at) => links.insert(at, link),
            }
            Ok(())
        };
        self.socket
            .exchange(request, NLM_F_DUMP, &mut each)
            .map_err(|failure| error("list", "links".into(), GETLINK, failure))?;
        Ok(links)
    }

    /// Every address of both families.
    pub fn addresses(&mut self) -> Result<Vec<AddressInfo>> {
        let mut addresses: Vec<AddressInfo> = Vec::new();
        let request = Request::new(GETADDR, NLM_F_REQUEST | NLM_F_DUMP, &[0; 8]);
        let mut each = |message: &Message<'_>| {
            if let Some(address) = link::address(message)?
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
            Ok(())
        };
        self.socket
            .exchange(request, NLM_F_DUMP, &mut each)
            .map_err(|failure| error("list", "addresses".into(), GETADDR, failure))?;
        Ok(addresses)
    }

    /// Makes one change. Made already, it is done: an address that is there
    /// stays, a route that is there is replaced.
    pub fn apply(&mut self, action: &LinkAction) -> Result<()> {
        match action {
            LinkAction::Rename { from, to } => {
                let subject = format!("{from} to {to}");
                let index = self.index(from, "rename", &subject)?;
                let request = set_link(index, 0, 0).with(netlink::IFLA_IFNAME as u16, &c_string(to));
                self.run(request, "rename", subject)
            }
            LinkAction::Up { link } => {
                let index = self.index(link, "bring up", link)?;
                self.run(set_link(index, IFF_UP as u32, IFF_UP as u32), "bring up", link.clone())
            }
            LinkAction::Down { link } => {
                let index = self.index(link, "take down", link)?;
                self.run(set_link(index, 0, IFF_UP as u32), "take down", link.clone())
            }
            LinkAction::SetMtu { link, mtu } => {
                let subject = format!("MTU {mtu} of {link}");
                let index = self.index(link, "set", &subject)?;
                let request = set_link(index, 0, 0).with(netlink::IFLA_MTU as u16, &mtu.to_ne_bytes());
                self.run(request, "set", subject)
            }
            LinkAction::FlushAddresses { link } => self.flush(link),
            LinkAction::AddAddress { link, address, prefix, broadcast } => {
                let subject = format!("address {address}/{prefix} to {link}");
                let index = self.index(link, "add", &subject)?;
                let request = add_address(index, *address, *prefix, *broadcast);
                match self.send(request) {
                    Err(failure) if failure.errno == Errno::EXIST.raw_os_error() => Ok(()),
                    outcome => outcome.map_err(|failure| error("add", subject, NEWADDR, failure)),
                }
            }
            LinkAction::AddRoute { link, destination, prefix, gateway, metric } => {
                let subject = format!("route to {destination}/{prefix} on {link}");
                let index = self.index(link, "add", &subject)?;
                let request = |flags| add_route(index, (*destination, *prefix), *gateway, *metric, flags);
                let unreachable = [Errno::NETUNREACH.raw_os_error(), Errno::HOSTUNREACH.raw_os_error()];
                let outcome = match self.send(request(0)) {
                    // The gateway lies outside the link's networks: the
                    // description says that it is there all the same.
                    Err(failure) if gateway.is_some() && unreachable.contains(&failure.errno) => {
                        self.send(request(RTNH_F_ONLINK))
                    }
                    outcome => outcome,
                };
                outcome.map_err(|failure| error("add", subject, NEWROUTE, failure))
            }
        }
    }

    /// Removes every address but those IPv6 gives a link by itself.
    fn flush(&mut self, link: &str) -> Result<()> {
        let index = self.index(link, "flush addresses of", link)?;
        for info in self.addresses()? {
            if info.link != index || (info.address.is_ipv6() && info.scope == SCOPE_LINK) {
                continue;
            }
            let request = Request::new(
                DELADDR,
                NLM_F_REQUEST | NLM_F_ACK,
                &address_body(index, info.address, info.prefix, 0),
            )
            .with(netlink::IFA_LOCAL as u16, info.address.octets());
            match self.send(request) {
                // A secondary address goes with its primary one.
                Err(failure) if failure.errno == Errno::ADDRNOTAVAIL.raw_os_error() => {}
                outcome => outcome.map_err(|failure| {
                    error("remove", format!("address {} from {link}", info.address), DELADDR, failure)
                })?,
            }
        }
        Ok(())
    }

    /// The index of the link called `name`, for `doing` something to `subject`.
    fn index(&mut self, name: &str, doing: &'static str, subject: &str) -> Result<u32> {
        let mut index = None;
        let request = Request::new(GETLINK, NLM_F_REQUEST | NLM_F_ACK, &[0; 16])
            .with(netlink::IFLA_IFNAME as u16, &c_string(name));
        let mut each = |message: &Message<'_>| {
            index = Some(link::link(message)?.index);
            Ok(())
        };
        let outcome = self.socket.exchange(request, 0, &mut each);
        let missing = || Failure::from(Errno::NODEV);
        outcome
            .and_then(|()| index.ok_or_else(missing))
            .map_err(|failure| error(doing, subject.into(), GETLINK, failure))
    }

    fn run(&mut self, request: Request, doing: &'static str, subject: String) -> Result<()> {
        let kind = request.kind();
        self.send(request).map_err(|failure| error(doing, subject, kind, failure))
    }

    fn send(&mut self, request: Request) -> core::result::Result<(), Failure> {
        self.socket.exchange(request, 0, &mut |_| Ok(()))
    }
}

/// `unable to rename ens3 to eth0: File exists (RTM_NEWLINK: the kernel's words)`.
fn error(doing: &'static str, subject: String, kind: u16, failure: Failure) -> Error {
    let request = match kind {
        NEWLINK => "RTM_NEWLINK",
        GETLINK => "RTM_GETLINK",
        NEWADDR => "RTM_NEWADDR",
        DELADDR => "RTM_DELADDR",
        GETADDR => "RTM_GETADDR",
        _ => "RTM_NEWROUTE",
    };
    let cause = errno_text(failure.errno).map_or_else(|| format!("errno {}", failure.errno), String::from);
    let words = failure.text.map(|text| format!(": {text}")).unwrap_or_default();
    Error::new(doing, subject, format!("{cause} ({request}{words})"))
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

fn c_string(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}
