//! Routes and rules as rtnetlink describes them (rtnetlink(7), ip-rule(8)).

use super::link::{Values, family, is_ipv6, text};
use super::wire::{Malformed, Message, Request, u32_at, with_attributes};
use crate::action::{LinkRoute, PolicyRule};
use crate::ip::Ip;
use alloc::string::String;
use linux_raw_sys::netlink::{self, RTNH_F_ONLINK};

/// Bytes of `struct rtmsg`, and of `struct fib_rule_hdr`, which looks like it.
const BODY: usize = 12;

const RTA_DST: u16 = netlink::rtattr_type_t::RTA_DST as u16;
const RTA_OIF: u16 = netlink::rtattr_type_t::RTA_OIF as u16;
const RTA_GATEWAY: u16 = netlink::rtattr_type_t::RTA_GATEWAY as u16;
const RTA_PRIORITY: u16 = netlink::rtattr_type_t::RTA_PRIORITY as u16;
const RTA_METRICS: u16 = netlink::rtattr_type_t::RTA_METRICS as u16;
const RTA_TABLE: u16 = netlink::rtattr_type_t::RTA_TABLE as u16;
const RTA_PREFSRC: u16 = netlink::rtattr_type_t::RTA_PREFSRC as u16;
const RTAX_MTU: u16 = netlink::RTAX_MTU as u16;
const RTAX_INITCWND: u16 = netlink::RTAX_INITCWND as u16;
const RTAX_INITRWND: u16 = netlink::RTAX_INITRWND as u16;

const FRA_DST: u16 = netlink::FRA_DST as u16;
const FRA_SRC: u16 = netlink::FRA_SRC as u16;
const FRA_PRIORITY: u16 = netlink::FRA_PRIORITY as u16;
const FRA_FWMARK: u16 = netlink::FRA_FWMARK as u16;
const FRA_TABLE: u16 = netlink::FRA_TABLE as u16;
const FRA_PROTOCOL: u16 = netlink::FRA_PROTOCOL as u16;
const FRA_IIFNAME: u16 = netlink::FRA_IIFNAME as u16;
const FRA_OIFNAME: u16 = netlink::FRA_OIFNAME as u16;
const FR_ACT_TO_TBL: u8 = netlink::FR_ACT_TO_TBL as u8;

const SCOPE_LINK: u8 = netlink::rt_scope_t::RT_SCOPE_LINK as u8;
const NOWHERE: u8 = netlink::rt_scope_t::RT_SCOPE_NOWHERE as u8;
const DELROUTE: u16 = netlink::RTM_DELROUTE as u16;
const UNICAST: u8 = netlink::RTN_UNICAST as u8;
const MAIN: u32 = netlink::rt_class_t::RT_TABLE_MAIN as u32;
const KERNEL: u8 = netlink::RTPROT_KERNEL.to_ne_bytes()[0];
const ADVERTISED: u8 = netlink::RTPROT_RA.to_ne_bytes()[0];
const STATIC: u8 = netlink::RTPROT_STATIC.to_ne_bytes()[0];

/// The priority the kernel gives an IPv6 route that names none.
const IPV6_METRIC: u32 = 1024;

/// Who made a rule (`FRA_PROTOCOL`, Linux 4.17): no number of iproute2's
/// rt_protos, so that a rule with it is this program's and may be removed.
pub(super) const OURS: u8 = 103;

/// A route of the machine through one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// Index of the link.
    pub link: u32,
    /// The route.
    pub route: LinkRoute,
    /// Who made it: `RTPROT_…`.
    pub protocol: u8,
}

impl RouteInfo {
    /// Whether it comes and goes with an address.
    pub fn is_the_kernels(&self) -> bool {
        self.protocol == KERNEL
    }

    /// Whether a router's advertisement is where it comes from.
    pub fn is_advertised(&self) -> bool {
        self.protocol == ADVERTISED
    }
}

/// A policy rule of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// The rule.
    pub rule: PolicyRule,
    /// Whether it is for IPv6.
    pub ipv6: bool,
    /// The link packets came in by; empty for any.
    pub input: String,
    /// The link a socket is bound to; empty for any.
    pub output: String,
    /// Who made it: `RTPROT_…`.
    pub protocol: u8,
}

impl RuleInfo {
    /// Whether this is `wanted`, which may leave its priority to the kernel.
    pub(super) fn is(&self, wanted: &PolicyRule) -> bool {
        let network =
            |side: Option<(Ip, u8)>| side.map(|(address, prefix)| (address.network(prefix), prefix));
        let priority = wanted.priority.or(self.rule.priority);
        let (from, to) = (network(wanted.from), network(wanted.to));
        self.rule == PolicyRule { from, to, priority, ..wanted.clone() }
    }
}

/// Whether `there`, as the kernel tells it, is `wanted`.
pub(super) fn is_route(there: &LinkRoute, wanted: &LinkRoute) -> bool {
    let metric = wanted.metric.unwrap_or(if wanted.destination.is_ipv6() { IPV6_METRIC } else { 0 });
    (there.destination, there.prefix, there.gateway) == (wanted.destination, wanted.prefix, wanted.gateway)
        && there.metric.unwrap_or(0) == metric
        && there.table.unwrap_or(MAIN) == wanted.table.unwrap_or(MAIN)
}

/// A request about a route through the link of this index.
#[inline(never)]
pub(super) fn route_request(kind: u16, flags: u32, index: u32, route: &LinkRoute) -> Request {
    let LinkRoute { destination, prefix, gateway, .. } = *route;
    let scope = match kind {
        // Whatever it is.
        DELROUTE => NOWHERE,
        _ if route.scope.is_some() => route.scope.unwrap_or_default(),
        _ if gateway.is_none() && !destination.is_ipv6() => SCOPE_LINK,
        _ => 0,
    };
    let protocol = if kind == DELROUTE { 0 } else { STATIC };
    // A table beyond a byte is told by its attribute alone.
    let hop = if route.on_link { RTNH_F_ONLINK } else { 0 };
    let body = [[family(destination), prefix, 0, 0], [0, protocol, scope, UNICAST], hop.to_ne_bytes()];
    let mtu = number(route.mtu);
    let [send, receive] = route.windows.map(number);
    let metrics =
        with_attributes(&[], &[(RTAX_MTU, &mtu), (RTAX_INITCWND, &send), (RTAX_INITRWND, &receive)]);
    let attributes = [
        (RTA_OIF, &index.to_ne_bytes()[..]),
        (RTA_DST, if prefix > 0 { destination.octets() } else { &[] }),
        (RTA_GATEWAY, gateway.as_ref().map_or(&[], Ip::octets)),
        (RTA_PREFSRC, route.source.as_ref().map_or(&[], Ip::octets)),
        (RTA_PRIORITY, &number(route.metric)),
        (RTA_METRICS, &metrics),
        (RTA_TABLE, &route.table.unwrap_or(MAIN).to_ne_bytes()),
    ];
    Request::new(kind, flags, body.as_flattened(), &attributes)
}

/// A request about a rule.
#[inline(never)]
pub(super) fn rule_request(kind: u16, flags: u32, rule: &PolicyRule, ipv6: bool) -> Request {
    let length = |side: &Option<(Ip, u8)>| side.map_or(0, |(_, prefix)| prefix);
    let body = [
        family(Ip::unspecified(ipv6)),
        length(&rule.to),
        length(&rule.from),
        rule.tos,
        0,
        0,
        0,
        FR_ACT_TO_TBL,
        0,
        0,
        0,
        0,
    ];
    let network = |side: &'_ Option<(Ip, u8)>| {
        side.filter(|(_, prefix)| *prefix > 0).map(|(address, prefix)| address.network(prefix))
    };
    let (to, from) = (network(&rule.to), network(&rule.from));
    let attributes = [
        (FRA_DST, to.as_ref().map_or(&[][..], Ip::octets)),
        (FRA_SRC, from.as_ref().map_or(&[], Ip::octets)),
        (FRA_PRIORITY, &number(rule.priority)),
        (FRA_FWMARK, &number(rule.mark)),
        (FRA_TABLE, &rule.table.unwrap_or(MAIN).to_ne_bytes()),
        (FRA_PROTOCOL, &[OURS]),
    ];
    Request::new(kind, flags, &body, &attributes)
}

/// The value of an attribute; none where there is no number.
fn number(value: Option<u32>) -> alloc::vec::Vec<u8> {
    value.map_or_else(Default::default, |value| value.to_ne_bytes().to_vec())
}

/// Reads an `RTM_NEWROUTE` message; `None` for routes that are not unicast,
/// those of several links and of other families.
#[inline(never)]
pub(super) fn route(message: &Message<'_>) -> Result<Option<RouteInfo>, Malformed> {
    let [family, prefix, _, _, table, protocol, _, kind, ..] = *message.body else { return Err(Malformed) };
    let flags = u32_at(message.body, 8).ok_or(Malformed)?;
    let values = Values::of(message.body.get(BODY..))?;
    let Some(ipv6) = is_ipv6(family) else { return Ok(None) };
    let link = values.number(RTA_OIF)?;
    let (UNICAST, Some(link)) = (kind, link) else { return Ok(None) };
    let destination = values.ip(RTA_DST, ipv6)?.unwrap_or(Ip::unspecified(ipv6));
    if prefix > destination.bits() {
        return Err(Malformed);
    }
    let metrics = Values::of(Some(values.get(RTA_METRICS)))?;
    let route = LinkRoute {
        destination,
        prefix,
        gateway: values.ip(RTA_GATEWAY, ipv6)?,
        metric: values.number(RTA_PRIORITY)?,
        table: values.number(RTA_TABLE)?.or(Some(table.into())).filter(|table| *table != MAIN),
        mtu: metrics.number(RTAX_MTU)?,
        windows: [metrics.number(RTAX_INITCWND)?, metrics.number(RTAX_INITRWND)?],
        source: values.ip(RTA_PREFSRC, ipv6)?,
        // The kernel tells one of each route, asked for or not.
        scope: None,
        on_link: flags & RTNH_F_ONLINK != 0,
    };
    Ok(Some(RouteInfo { link, route, protocol }))
}

/// Reads an `RTM_NEWRULE` message; `None` for rules that do more than choose a
/// table, and of other families.
#[inline(never)]
pub(super) fn rule(message: &Message<'_>) -> Result<Option<RuleInfo>, Malformed> {
    let [family, to, from, tos, table, _, _, action, ..] = *message.body else { return Err(Malformed) };
    let values = Values::of(message.body.get(BODY..))?;
    let Some(ipv6) = is_ipv6(family) else { return Ok(None) };
    if action != FR_ACT_TO_TBL {
        return Ok(None);
    }
    let table = values.number(FRA_TABLE)?.unwrap_or(table.into());
    let network = |attribute, prefix| match values.ip(attribute, ipv6)? {
        Some(address) if prefix > address.bits() => Err(Malformed),
        address => Ok(address.map(|address| (address, prefix))),
    };
    let rule = PolicyRule {
        from: network(FRA_SRC, from)?,
        to: network(FRA_DST, to)?,
        table: (table != MAIN).then_some(table),
        priority: values.number(FRA_PRIORITY)?,
        mark: values.number(FRA_FWMARK)?,
        tos,
    };
    let (input, output) = (text(values.get(FRA_IIFNAME)), text(values.get(FRA_OIFNAME)));
    let protocol = values.get(FRA_PROTOCOL).first().copied().unwrap_or(0);
    Ok(Some(RuleInfo { rule, ipv6, input, output, protocol }))
}

#[cfg(test)]
mod tests {
    use super::super::wire;
    use super::*;

    fn ip(text: &str) -> Ip {
        text.parse().unwrap()
    }

    fn sample() -> LinkRoute {
        LinkRoute {
            destination: ip("2001:db8::"),
            prefix: 32,
            gateway: Some(ip("fe80::1")),
            metric: Some(7),
            table: Some(1000),
            mtu: Some(1280),
            windows: [None, None],
            source: None,
            scope: None,
            on_link: true,
        }
    }

    fn read<T>(bytes: &[u8], read: fn(&Message<'_>) -> T) -> T {
        read(&wire::messages(bytes).next().unwrap().unwrap())
    }

    #[test]
    fn a_request_reads_as_what_it_asks_for() {
        let bytes = route_request(24, 0, 5, &sample()).finish(1);
        assert_eq!(read(&bytes, route), Ok(Some(RouteInfo { link: 5, route: sample(), protocol: STATIC })));
        let rule = PolicyRule {
            from: Some((ip("10.0.0.0"), 8)),
            to: Some((ip("192.0.2.1"), 32)),
            table: Some(300),
            priority: Some(9),
            mark: Some(3),
            tos: 8,
        };
        let bytes = rule_request(32, 0, &rule, false).finish(1);
        let (input, output) = (String::new(), String::new());
        let info = RuleInfo { rule: rule.clone(), ipv6: false, input, output, protocol: OURS };
        assert_eq!(read(&bytes, super::rule), Ok(Some(info.clone())));
        assert!(info.is(&rule) && info.is(&PolicyRule { priority: None, ..rule.clone() }));
        assert!(!info.is(&PolicyRule { mark: None, ..rule }));
    }

    #[test]
    fn a_prefix_longer_than_its_family_has_is_refused() {
        let bytes = route_request(24, 0, 5, &LinkRoute { prefix: 129, ..sample() }).finish(1);
        assert_eq!(read(&bytes, route), Err(Malformed));
    }

    /// Every byte set to every value, and every cut: no panic.
    #[test]
    fn a_mutated_reply_is_read_or_refused() {
        let bytes = route_request(24, 0, 5, &sample()).finish(1);
        let read = |bytes: &[u8]| {
            for message in wire::messages(bytes).flatten() {
                let _ = (route(&message), rule(&message));
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
