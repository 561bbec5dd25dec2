//! rtnetlink: what links and addresses there are, and changes of them.

mod link;
mod option;
mod route;
mod socket;
mod uevent;
mod wire;

pub use link::{AddressInfo, LinkInfo};
pub use route::RouteInfo;
pub use uevent::{Uevent, Uevents};

use crate::action::{LinkAction, LinkChange, LinkRoute, NewLink, OptionOf, PolicyRule};
use crate::error::{Error, Result};
use crate::ip::Ip;
use alloc::vec::Vec;
use link::family;
use linux_raw_sys::net::net_device_flags::IFF_UP;
use linux_raw_sys::netlink::{self, IFA_F_NODAD};
use option::Value;
use rustix::io::Errno;
use socket::Socket;
use wire::{Malformed, Message, Request, with_attributes};

const NEWLINK: u16 = netlink::RTM_NEWLINK as u16;
const GETLINK: u16 = netlink::RTM_GETLINK as u16;
const NEWADDR: u16 = netlink::RTM_NEWADDR as u16;
const DELADDR: u16 = netlink::RTM_DELADDR as u16;
const GETADDR: u16 = netlink::RTM_GETADDR as u16;
const NEWROUTE: u16 = netlink::RTM_NEWROUTE as u16;
const DELROUTE: u16 = netlink::RTM_DELROUTE as u16;
const GETROUTE: u16 = netlink::RTM_GETROUTE as u16;
const NEWRULE: u16 = netlink::RTM_NEWRULE as u16;
const GETRULE: u16 = netlink::RTM_GETRULE as u16;
const DELLINKPROP: u16 = netlink::RTM_DELLINKPROP as u16;

const IFLA_IFNAME: u16 = netlink::IFLA_IFNAME as u16;
const IFLA_MTU: u16 = netlink::IFLA_MTU as u16;
const IFLA_ADDRESS: u16 = netlink::IFLA_ADDRESS as u16;
const IFLA_LINK: u16 = netlink::IFLA_LINK as u16;
const IFLA_MASTER: u16 = netlink::IFLA_MASTER as u16;
const IFLA_LINKINFO: u16 = netlink::IFLA_LINKINFO as u16;
const IFLA_PROP_LIST: u16 = netlink::IFLA_PROP_LIST as u16;
const IFLA_ALT_IFNAME: u16 = netlink::IFLA_ALT_IFNAME as u16;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_VLAN_ID: u16 = 1;

/// The bit that says an attribute holds others.
const NESTED: u16 = 1 << 15;
const IFA_ADDRESS: u16 = netlink::IFA_ADDRESS as u16;
const IFA_LOCAL: u16 = netlink::IFA_LOCAL as u16;
const IFA_BROADCAST: u16 = netlink::IFA_BROADCAST as u16;
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

    fn list_addresses(&mut self) -> Result<Vec<AddressInfo>> {
        self.list(&Request::new(GETADDR, DUMP, &[0; 8], &[]), link::address)
    }

    /// Every route of both families that a person or program made.
    pub fn routes(&mut self) -> Result<Vec<RouteInfo>> {
        self.socket.purpose = "list routes".into();
        self.list_routes()
    }

    fn list_routes(&mut self) -> Result<Vec<RouteInfo>> {
        self.list(&Request::new(GETROUTE, DUMP, &[0; 12], &[]), route::route)
    }

    /// Every rule of both families that chooses a table.
    pub fn rules(&mut self) -> Result<Vec<PolicyRule>> {
        self.socket.purpose = "list rules".into();
        self.list(&Request::new(GETRULE, DUMP, &[0; 12], &[]), route::rule)
    }

    /// What a dump tells, each thing once: one that began again tells it again.
    fn list<T: PartialEq>(
        &mut self,
        request: &Request,
        read: fn(&Message<'_>) -> core::result::Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>> {
        let mut things: Vec<T> = Vec::new();
        self.socket.exchange(request, &mut |message| {
            if let Some(thing) = read(message)?
                && !things.contains(&thing)
            {
                things.push(thing);
            }
            Ok(())
        })?;
        Ok(things)
    }

    /// Makes one change. Made already, it is done: a link or address that is
    /// there stays, a route that is there is replaced.
    #[inline(never)]
    pub fn apply(&mut self, action: &LinkAction) -> Result<()> {
        self.socket.purpose = action.text();
        match &action.change {
            LinkChange::Create(new) => self.create(&action.link, new),
            LinkChange::AddRule(rule) => {
                let request = route::rule_request(NEWRULE, CREATE, rule);
                unless(Errno::EXIST, self.ask(&request))
            }
            change => {
                let index = self.index(&action.link)?;
                self.change(index, change)
            }
        }
    }

    #[inline(never)]
    fn change(&mut self, index: u32, change: &LinkChange) -> Result<()> {
        let up = IFF_UP as u32;
        match change {
            LinkChange::Rename { to } => self.rename(index, to),
            LinkChange::Up => self.set_link(index, up, up, (IFLA_IFNAME, &[])),
            LinkChange::Down => self.set_link(index, 0, up, (IFLA_IFNAME, &[])),
            LinkChange::SetMtu { mtu } => self.set_link(index, 0, 0, (IFLA_MTU, &mtu.to_ne_bytes())),
            LinkChange::SetMac { mac } => self.set_link(index, 0, 0, (IFLA_ADDRESS, mac)),
            LinkChange::SetMaster { master } => {
                let master = self.index(master)?.to_ne_bytes();
                self.set_link(index, 0, 0, (IFLA_MASTER, &master))
            }
            LinkChange::SetOption { of, name, value } => self.set_option(index, *of, name, value),
            LinkChange::FlushAddresses { keep } => self.flush_addresses(index, keep),
            LinkChange::FlushRoutes { keep } => self.flush_routes(index, keep),
            LinkChange::AddAddress { address, prefix, broadcast } => {
                self.add_address(index, *address, *prefix, *broadcast)
            }
            LinkChange::AddRoute(route) => self.add_route(index, route),
            // These two are about no link that is there.
            LinkChange::Create(_) | LinkChange::AddRule(_) => Ok(()),
        }
    }

    /// A name that is another's alternative one (`ip link property`) is taken
    /// away from it: the description says whose it is.
    #[inline(never)]
    fn rename(&mut self, index: u32, to: &str) -> Result<()> {
        let outcome = self.set_link(index, 0, 0, (IFLA_IFNAME, to.as_bytes()));
        if !failed_with(Errno::EXIST, &outcome) {
            return outcome;
        }
        let Ok(Some(holder)) = self.find(to) else { return outcome };
        if holder.name == to {
            return outcome;
        }
        let name = [to.as_bytes(), b"\0"].concat();
        let names = with_attributes(&[], &[(IFLA_ALT_IFNAME, &name)]);
        let words = [0, holder.index, 0, 0].map(u32::to_ne_bytes);
        self.send(DELLINKPROP, CHANGE, words.as_flattened(), &[(IFLA_PROP_LIST | NESTED, &names)])?;
        self.set_link(index, 0, 0, (IFLA_IFNAME, to.as_bytes()))
    }

    /// Makes a link. One of that name and another kind is an error.
    #[inline(never)]
    fn create(&mut self, name: &str, new: &NewLink) -> Result<()> {
        let (mut below, mut data) = (Vec::new(), Vec::new());
        if let NewLink::Vlan { link, number } = new {
            below.extend(self.index(link)?.to_ne_bytes());
            data = with_attributes(&[], &[(IFLA_VLAN_ID, &number.to_ne_bytes())]);
        }
        let kind = new.kind();
        let info = [(IFLA_INFO_KIND, kind.as_bytes()), (IFLA_INFO_DATA, &data)];
        let info = with_attributes(&[], &info);
        let attributes = [(IFLA_IFNAME, name.as_bytes()), (IFLA_LINK, &below), (IFLA_LINKINFO, &info)];
        let outcome = self.send(NEWLINK, CREATE, &[0; 16], &attributes);
        if failed_with(Errno::EXIST, &outcome)
            && let Ok(Some(there)) = self.find(name)
            && there.name == name
            && there.kind == kind
        {
            return Ok(());
        }
        outcome
    }

    #[inline(never)]
    fn set_option(&mut self, index: u32, of: OptionOf, name: &str, value: &str) -> Result<()> {
        let Some((attribute, found)) = option::find(of, name, value) else {
            let invalid = Errno::INVAL.raw_os_error();
            return Err(Error::os_saying(&self.socket.purpose, invalid, " (no value of this option)"));
        };
        let bytes = match found {
            Value::Bytes(bytes) => bytes,
            Value::Link => self.index(value)?.to_ne_bytes().to_vec(),
        };
        let data = with_attributes(&[], &[(attribute, &bytes)]);
        let (kind, of_kind, of_data) = match of {
            OptionOf::Bond => ("bond", IFLA_INFO_KIND, IFLA_INFO_DATA),
            OptionOf::Bridge => ("bridge", IFLA_INFO_KIND, IFLA_INFO_DATA),
            OptionOf::BridgePort => ("bridge", IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA),
        };
        let info = with_attributes(&[], &[(of_kind, kind.as_bytes()), (of_data, &data)]);
        self.set_link(index, 0, 0, (IFLA_LINKINFO, &info))
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
        // One that a DHCP client left for a time becomes permanent.
        self.send(NEWADDR, REPLACE, &body, &attributes)
    }

    #[inline(never)]
    fn add_route(&mut self, index: u32, route: &LinkRoute) -> Result<()> {
        let mut replace = |route| self.ask(&route::route_request(NEWROUTE, REPLACE, index, route));
        let outcome = replace(route);
        let far = failed_with(Errno::NETUNREACH, &outcome) || failed_with(Errno::HOSTUNREACH, &outcome);
        if route.gateway.is_none() || !far {
            return outcome;
        }
        // The gateway lies outside the link's networks: the description says
        // that it is there all the same.
        replace(&LinkRoute { on_link: true, ..route.clone() })
    }

    /// Removes every address but those to keep and those IPv6 gives a link by
    /// itself.
    #[inline(never)]
    fn flush_addresses(&mut self, index: u32, keep: &[(Ip, u8)]) -> Result<()> {
        for info in self.list_addresses()? {
            if info.link != index
                || (info.address.is_ipv6() && info.scope == SCOPE_LINK)
                || keep.contains(&(info.address, info.prefix))
            {
                continue;
            }
            let body = address_body(index, info.address, info.prefix, 0);
            let outcome = self.send(DELADDR, CHANGE, &body, &[(IFA_LOCAL, info.address.octets())]);
            // A secondary address goes with its primary one.
            unless(Errno::ADDRNOTAVAIL, outcome)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn flush_routes(&mut self, index: u32, keep: &[LinkRoute]) -> Result<()> {
        for info in self.list_routes()? {
            if info.link == index && !keep.iter().any(|wanted| route::is_route(&info.route, wanted)) {
                let request = route::route_request(DELROUTE, CHANGE, index, &info.route);
                // A route goes with the address it was made for.
                unless(Errno::SRCH, self.ask(&request))?;
            }
        }
        Ok(())
    }

    /// The index of the link called `name`.
    #[inline(never)]
    fn index(&mut self, name: &str) -> Result<u32> {
        if let Some(link) = self.find(name)? {
            return Ok(link.index);
        }
        let request = Request::new(GETLINK, CHANGE, &[], &[]);
        Err(self.socket.failure(&request, Errno::NODEV.raw_os_error(), ""))
    }

    /// The link of this name or alternative name.
    #[inline(never)]
    fn find(&mut self, name: &str) -> Result<Option<LinkInfo>> {
        let mut found = None;
        let request = Request::new(GETLINK, CHANGE, &[0; 16], &[(IFLA_IFNAME, name.as_bytes())]);
        self.socket.exchange(&request, &mut |message| {
            found = Some(link::link(message)?);
            Ok(())
        })?;
        Ok(found)
    }

    #[inline(never)]
    fn send(&mut self, kind: u16, flags: u32, body: &[u8], attributes: &[(u16, &[u8])]) -> Result<()> {
        self.ask(&Request::new(kind, flags, body, attributes))
    }

    /// Sends a request whose answer is an acknowledgement.
    #[inline(never)]
    fn ask(&mut self, request: &Request) -> Result<()> {
        self.socket.exchange(request, &mut |_| Ok(()))
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
