//! Changes of links, addresses, routes and rules.

use super::link::family;
use super::option::{self, Value};
use super::route::{self, OURS};
use super::setting;
use super::wire::{Request, with_attributes};
use super::{
    AddressInfo, CHANGE, CREATE, DELADDR, DELLINKPROP, DELROUTE, DELRULE, GETLINK, IFA_ADDRESS,
    IFA_BROADCAST, IFA_CACHEINFO, IFA_LABEL, IFA_LOCAL, IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_IFNAME,
    IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND, IFLA_LINK, IFLA_LINKINFO,
    IFLA_MASTER, IFLA_MTU, IFLA_PROP_LIST, IFLA_VLAN_ID, LinkInfo, NESTED, NEWADDR, NEWLINK, NEWROUTE,
    NEWRULE, Netlink, REPLACE, RouteInfo, SCOPE_LINK, link,
};
use crate::action::{LinkAction, LinkChange, LinkRoute, NewLink, OptionOf, PolicyRule};
use crate::error::{Error, Result};
use crate::ip::Ip;
use crate::sys::kernel_module;
use alloc::vec::Vec;
use linux_raw_sys::net::net_device_flags::IFF_UP;
use linux_raw_sys::netlink::IFA_F_NODAD;
use rustix::io::Errno;

impl Netlink {
    /// As [`Netlink::apply`], with a socket that is opened when the first change
    /// comes: most boots of a root with a back end make none.
    pub fn apply_when_needed(opened: &mut Option<Self>, action: &LinkAction) -> Result<()> {
        match opened {
            Some(netlink) => netlink.apply(action),
            closed => closed.insert(Self::open()?).apply(action),
        }
    }

    /// Makes one change. Made already, it is done: a link or address that is
    /// there stays, a route that is there is replaced.
    #[inline(never)]
    pub fn apply(&mut self, action: &LinkAction) -> Result<()> {
        self.socket.purpose = action.text();
        match &action.change {
            LinkChange::Create(new) => self.create(&action.link, new),
            LinkChange::FlushRules { keep } => self.flush_rules(keep),
            LinkChange::AddRule(rule) => self.add_rule(rule),
            LinkChange::AcceptAdvertisements { accept } => {
                setting::accept_advertisements(&action.link, *accept)
            }
            LinkChange::WakeOnMagicPacket => self.wake_on_magic_packet(&action.link),
            change => {
                let index = self.index(&action.link)?;
                self.change(index, change)
            }
        }
    }

    #[inline(never)]
    fn change(&mut self, index: u32, change: &LinkChange) -> Result<()> {
        match change {
            LinkChange::Rename { to } => self.rename(index, to),
            LinkChange::SetMaster { master } => {
                let master = self.index(master)?;
                self.ask(&master_request(index, master))
            }
            LinkChange::SetOption { of, name, value } => self.set_option(index, *of, name, value),
            LinkChange::FlushAddresses { keep, advertised } => self.flush_addresses(index, keep, *advertised),
            LinkChange::FlushRoutes { keep, advertised } => self.flush_routes(index, keep, *advertised),
            LinkChange::AddRoute(route) => self.add_route(index, route),
            // What is left goes by names, not by an index.
            change => request(index, change).map_or(Ok(()), |request| self.ask(&request)),
        }
    }

    /// A name that is another's alternative one (`ip link property`) is taken
    /// away from it: the description says whose it is.
    #[inline(never)]
    fn rename(&mut self, index: u32, to: &str) -> Result<()> {
        let rename = link_request(index, 0, 0, (IFLA_IFNAME, to.as_bytes()));
        let outcome = self.ask(&rename);
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
        self.ask(&rename)
    }

    /// Makes a link. One of that name and another kind is an error. A kind the
    /// kernel does not know may be that of a module that is packed.
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
        let request = Request::new(NEWLINK, CREATE, &[0; 16], &attributes);
        let mut outcome = self.ask(&request);
        if failed_with(Errno::OPNOTSUPP, &outcome) && kernel_module::load_kind(kind)? {
            outcome = self.ask(&request);
        }
        if failed_with(Errno::EXIST, &outcome)
            && let Ok(Some(there)) = self.find(name)
            && there.name == name
            && there.kind == kind
            && is_vlan(&there, new, &below)
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
        let outcome = self.ask(&link_request(index, 0, 0, (IFLA_LINKINFO, &info)));
        // A bond that is up, or has members, refuses even the value it has.
        if outcome.is_err() && self.option(index, of_data, attribute)? == bytes {
            return Ok(());
        }
        outcome
    }

    /// The value a link has for an option of its kind; empty for none.
    #[inline(never)]
    fn option(&mut self, index: u32, of_data: u16, attribute: u16) -> Result<Vec<u8>> {
        let mut value = Vec::new();
        let words = [0, index, 0, 0].map(u32::to_ne_bytes);
        let request = Request::new(GETLINK, CHANGE, words.as_flattened(), &[]);
        self.socket.exchange(&request, &mut |message| {
            if let Some(message) = message {
                value = link::option(message, of_data, attribute)?.to_vec();
            }
            Ok(())
        })?;
        Ok(value)
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
    fn flush_addresses(&mut self, index: u32, keep: &[(Ip, u8)], advertised: bool) -> Result<()> {
        for info in self.list_addresses()? {
            if info.link != index || address_stays(&info, keep, advertised) {
                continue;
            }
            let outcome = self.ask(&delete_address(&info));
            // A secondary address goes with its primary one.
            unless(Errno::ADDRNOTAVAIL, outcome)?;
        }
        Ok(())
    }

    /// Removes every route but those to keep and the kernel's own.
    #[inline(never)]
    fn flush_routes(&mut self, index: u32, keep: &[LinkRoute], advertised: bool) -> Result<()> {
        for info in self.list_routes()? {
            if info.link != index || route_stays(&info, keep, advertised) {
                continue;
            }
            let request = route::route_request(DELROUTE, CHANGE, index, &info.route);
            // A route goes with the address it was made for.
            unless(Errno::SRCH, self.ask(&request))?;
        }
        Ok(())
    }

    /// The kernel knows a rule that is there by its priority: one that leaves
    /// it to the kernel would come again.
    #[inline(never)]
    fn add_rule(&mut self, rule: &PolicyRule) -> Result<()> {
        if rule.priority.is_none() && self.list_rules()?.iter().any(|info| info.is(rule)) {
            return Ok(());
        }
        let request = route::rule_request(NEWRULE, CREATE, rule, ipv6_of(rule));
        unless(Errno::EXIST, self.ask(&request))
    }

    /// Removes the rules this program made but those to keep. A kernel without
    /// policy routing has none.
    #[inline(never)]
    fn flush_rules(&mut self, keep: &[PolicyRule]) -> Result<()> {
        let rules = match self.list_rules() {
            Err(error) if error.errno() == Some(Errno::OPNOTSUPP.raw_os_error()) => return Ok(()),
            rules => rules?,
        };
        for info in rules {
            if info.protocol == OURS && !keep.iter().any(|wanted| info.is(wanted)) {
                let request = route::rule_request(DELRULE, CHANGE, &info.rule, info.ipv6);
                unless(Errno::NOENT, self.ask(&request))?;
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
            if let Some(message) = message {
                found = Some(link::link(message)?);
            }
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

/// Whether a VLAN that is there has the number and the link that are wanted;
/// links of other kinds have neither.
fn is_vlan(there: &LinkInfo, new: &NewLink, below: &[u8]) -> bool {
    match new {
        NewLink::Vlan { number, .. } => {
            there.vlan == Some(*number) && there.lower.is_some_and(|lower| lower.to_ne_bytes() == below)
        }
        _ => true,
    }
}

/// The family of a rule; IPv4 where it names no address.
fn ipv6_of(rule: &PolicyRule) -> bool {
    rule.from.or(rule.to).is_some_and(|(address, _)| address.is_ipv6())
}

/// The last address of an IPv4 network; a /31 and a /32 have none (RFC 3021).
fn default_broadcast(address: Ip, prefix: u8) -> Option<Ip> {
    (!address.is_ipv6() && prefix < 31).then(|| address.last_of_network(prefix))
}

/// The request of a change that is one message to the link of this index;
/// `None` for those that are more than that.
#[inline(never)]
pub(super) fn request(index: u32, change: &LinkChange) -> Option<Request> {
    let up = IFF_UP as u32;
    Some(match change {
        LinkChange::Up => link_request(index, up, up, (IFLA_IFNAME, &[])),
        LinkChange::Down => link_request(index, 0, up, (IFLA_IFNAME, &[])),
        LinkChange::SetMtu { mtu } => link_request(index, 0, 0, (IFLA_MTU, &mtu.to_ne_bytes())),
        LinkChange::SetMac { mac } => link_request(index, 0, 0, (IFLA_ADDRESS, mac)),
        LinkChange::AddAddress { address, prefix, broadcast, label, deprecated } => {
            let broadcast = broadcast.or(default_broadcast(*address, *prefix));
            add_address(index, (*address, *prefix), broadcast, label, *deprecated)
        }
        _ => return None,
    })
}

/// `RTM_NEWLINK` for a link that exists: `flags` counts where `change` has a
/// bit.
#[inline(never)]
pub(super) fn link_request(index: u32, flags: u32, change: u32, attribute: (u16, &[u8])) -> Request {
    let words = [0, index, flags, change].map(u32::to_ne_bytes);
    Request::new(NEWLINK, CHANGE, words.as_flattened(), &[attribute])
}

pub(super) fn master_request(index: u32, master: u32) -> Request {
    link_request(index, 0, 0, (IFLA_MASTER, &master.to_ne_bytes()))
}

#[inline(never)]
fn add_address(
    index: u32,
    (address, prefix): (Ip, u8),
    broadcast: Option<Ip>,
    label: &str,
    deprecated: bool,
) -> Request {
    let flags = if address.is_ipv6() { IFA_F_NODAD.to_ne_bytes()[0] } else { 0 };
    // `struct ifa_cacheinfo`: preferred and valid for how long, and two times of the kernel's.
    let lifetimes = [0, u32::MAX, 0, 0].map(u32::to_ne_bytes);
    // The kernel takes at most IFNAMSIZ with its NUL.
    let label = if address.is_ipv6() || label.len() > 15 { "" } else { label };
    let attributes = [
        (IFA_LABEL, label.as_bytes()),
        (IFA_CACHEINFO, if deprecated { lifetimes.as_flattened() } else { &[] }),
        (IFA_LOCAL, address.octets()),
        (IFA_ADDRESS, address.octets()),
        (IFA_BROADCAST, broadcast.as_ref().map_or(&[], Ip::octets)),
    ];
    // One that a DHCP client left for a time becomes permanent.
    Request::new(NEWADDR, REPLACE, &address_body(index, address, prefix, flags), &attributes)
}

pub(super) fn delete_address(info: &AddressInfo) -> Request {
    let body = address_body(info.link, info.address, info.prefix, 0);
    Request::new(DELADDR, CHANGE, &body, &[(IFA_LOCAL, info.address.octets())])
}

/// Whether a flush leaves an address: it is to be kept, or one that IPv6 gives
/// a link by itself.
pub(super) fn address_stays(info: &AddressInfo, keep: &[(Ip, u8)], advertised: bool) -> bool {
    (info.address.is_ipv6() && info.scope == SCOPE_LINK)
        || (info.advertised && advertised)
        || keep.contains(&(info.address, info.prefix))
}

/// Whether a flush leaves a route: it is to be kept, or comes and goes with an
/// address.
pub(super) fn route_stays(info: &RouteInfo, keep: &[LinkRoute], advertised: bool) -> bool {
    info.is_the_kernels()
        || (info.is_advertised() && advertised)
        || keep.iter().any(|wanted| route::is_route(&info.route, wanted))
}

/// `struct ifaddrmsg`.
fn address_body(index: u32, address: Ip, prefix: u8, flags: u8) -> [u8; 8] {
    let [a, b, c, d] = index.to_ne_bytes();
    [family(address), prefix, flags, 0, a, b, c, d]
}
