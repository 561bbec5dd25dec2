//! rtnetlink: what links and addresses there are, and changes of them.

mod batch;
mod change;
mod link;
mod option;
mod reply;
mod route;
mod setting;
mod socket;
mod uevent;
mod wire;

pub use link::{AddressInfo, LinkInfo};
pub use route::{RouteInfo, RuleInfo};
pub use uevent::{Uevent, Uevents};

use crate::error::Result;
use alloc::string::String;
use alloc::vec::Vec;
use linux_raw_sys::netlink;
use socket::Socket;
use wire::{Malformed, Message, Request};

const NEWLINK: u16 = netlink::RTM_NEWLINK as u16;
const GETLINK: u16 = netlink::RTM_GETLINK as u16;
const NEWADDR: u16 = netlink::RTM_NEWADDR as u16;
const DELADDR: u16 = netlink::RTM_DELADDR as u16;
const GETADDR: u16 = netlink::RTM_GETADDR as u16;
const NEWROUTE: u16 = netlink::RTM_NEWROUTE as u16;
const DELROUTE: u16 = netlink::RTM_DELROUTE as u16;
const GETROUTE: u16 = netlink::RTM_GETROUTE as u16;
const NEWRULE: u16 = netlink::RTM_NEWRULE as u16;
const DELRULE: u16 = netlink::RTM_DELRULE as u16;
const GETRULE: u16 = netlink::RTM_GETRULE as u16;
const DELLINKPROP: u16 = netlink::RTM_DELLINKPROP as u16;

const IFLA_IFNAME: u16 = netlink::IFLA_IFNAME as u16;
const IFLA_MTU: u16 = netlink::IFLA_MTU as u16;
const IFLA_ADDRESS: u16 = netlink::IFLA_ADDRESS as u16;
const IFLA_LINK: u16 = netlink::IFLA_LINK as u16;
const IFLA_LINK_NETNSID: u16 = netlink::IFLA_LINK_NETNSID as u16;
const IFLA_MASTER: u16 = netlink::IFLA_MASTER as u16;
const IFLA_LINKINFO: u16 = netlink::IFLA_LINKINFO as u16;
const IFLA_PROP_LIST: u16 = netlink::IFLA_PROP_LIST as u16;
const IFLA_ALT_IFNAME: u16 = netlink::IFLA_ALT_IFNAME as u16;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_VLAN_ID: u16 = 1;
const IFLA_BOND_MODE: u16 = 1;
const IFLA_BOND_SLAVE_PERM_HWADDR: u16 = 4;

/// `NLMSG_ERROR`.
const ERROR: u16 = 2;

/// The bit that says an attribute holds others.
const NESTED: u16 = 1 << 15;
const IFA_ADDRESS: u16 = netlink::IFA_ADDRESS as u16;
const IFA_CACHEINFO: u16 = netlink::IFA_CACHEINFO as u16;
const IFA_LABEL: u16 = netlink::IFA_LABEL as u16;
const IFA_LOCAL: u16 = netlink::IFA_LOCAL as u16;
const IFA_BROADCAST: u16 = netlink::IFA_BROADCAST as u16;
const IFA_PROTO: u16 = netlink::IFA_PROTO as u16;
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

    /// Messages sent so far: requests, each with its answers.
    pub fn sent(&self) -> u32 {
        self.socket.sent()
    }

    /// Every link, loopback included, by index.
    #[inline(never)]
    pub fn links(&mut self) -> Result<Vec<LinkInfo>> {
        self.socket.purpose = "list links".into();
        let mut links: Vec<LinkInfo> = Vec::new();
        let request = Request::new(GETLINK, DUMP, &[0; 16], &[]);
        self.socket.exchange(&request, &mut |message| {
            let Some(message) = message else {
                links.clear();
                return Ok(());
            };
            let link = link::link(message)?;
            let at = links.partition_point(|known| known.index < link.index);
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

    fn list_addresses(&mut self) -> Result<Vec<AddressInfo>> {
        self.list(&Request::new(GETADDR, DUMP, &[0; 8], &[]), link::address)
    }

    /// Every unicast route of both families through one link.
    pub fn routes(&mut self) -> Result<Vec<RouteInfo>> {
        self.socket.purpose = "list routes".into();
        self.list_routes()
    }

    fn list_routes(&mut self) -> Result<Vec<RouteInfo>> {
        self.list(&Request::new(GETROUTE, DUMP, &[0; 12], &[]), route::route)
    }

    /// Every rule of both families that chooses a table.
    pub fn rules(&mut self) -> Result<Vec<RuleInfo>> {
        self.socket.purpose = "list rules".into();
        self.list_rules()
    }

    fn list_rules(&mut self) -> Result<Vec<RuleInfo>> {
        self.list(&Request::new(GETRULE, DUMP, &[0; 12], &[]), route::rule)
    }

    /// What a dump tells.
    fn list<T>(
        &mut self,
        request: &Request,
        read: fn(&Message<'_>) -> core::result::Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>> {
        let mut things: Vec<T> = Vec::new();
        self.socket.exchange(request, &mut |message| {
            match message {
                Some(message) => things.extend(read(message)?),
                // What an interrupted dump told may be gone.
                None => things.clear(),
            }
            Ok(())
        })?;
        Ok(things)
    }
}

/// What [`decode`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// `RTM_NEWLINK`.
    Link(LinkInfo),
    /// `RTM_NEWADDR`.
    Address(AddressInfo),
    /// `RTM_NEWROUTE`.
    Route(RouteInfo),
    /// `RTM_NEWRULE`.
    Rule(RuleInfo),
    /// `NLMSG_ERROR`: the errno, 0 for success, and the kernel's own words.
    Error(i32, String),
}

/// Reads what one receive of an rtnetlink socket brought, each message by its
/// type; what this program does not read (other families, other types) is left
/// out. `None` when a length anywhere does not fit.
pub fn decode(received: &[u8]) -> Option<Vec<Told>> {
    let mut told = Vec::new();
    for message in wire::messages(received) {
        let message = message.ok()?;
        told.extend(match message.kind {
            NEWLINK => Some(Told::Link(link::link(&message).ok()?)),
            NEWADDR => link::address(&message).ok()?.map(Told::Address),
            NEWROUTE => route::route(&message).ok()?.map(Told::Route),
            NEWRULE => route::rule(&message).ok()?.map(Told::Rule),
            ERROR => {
                let (errno, words) = wire::acknowledgement(&message).ok()?;
                Some(Told::Error(errno, String::from_utf8_lossy(words.unwrap_or_default()).into_owned()))
            }
            _ => None,
        });
    }
    Some(told)
}
