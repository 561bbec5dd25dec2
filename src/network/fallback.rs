//! The network of a machine whose seed describes none: DHCP on the NIC most
//! likely to reach somebody, as cloud-init chooses it.

use crate::network::model::{Kind, Link, LinkId, Mac, Match, Method, Network, Origin, Subnet, SystemLink};
use alloc::vec;
use core::cmp::Ordering;

/// Kinds of links that lead to no network of their own.
const VIRTUAL: [&str; 4] = ["veth", "virbr", "docker", "br-"];

/// DHCP for both families on the best NIC, which is meant by its MAC address: udev may name it
/// anew after the pivot. `None` when there is no NIC. Best is one with a carrier, then `eth0`, then
/// the first in natural order (`ens9` before `ens10`).
#[inline(never)]
pub fn fallback(present: &[SystemLink]) -> Option<Network> {
    let mut best: Option<(&SystemLink, Mac, LinkId)> = None;
    for nic in present {
        if nic.own_mac
            && !VIRTUAL.iter().any(|stem| nic.name.starts_with(stem))
            && best.as_ref().is_none_or(|(other, ..)| is_better(nic, other))
            && let (Some(mac), Some(id)) = (nic.mac, LinkId::new(&nic.name))
        {
            best = Some((nic, mac, id));
        }
    }
    let (_, mac, id) = best?;
    let mut link = Link::new(id, None, Kind::Physical(Match::default()));
    link.mac = Some(mac);
    link.subnets = vec![Subnet::new(Method::Dhcp4), Subnet::new(Method::Dhcp6)];
    Some(Network { origin: Origin::V1, links: vec![link], ..Network::default() })
}

fn is_better(a: &SystemLink, b: &SystemLink) -> bool {
    let rank = |link: &SystemLink| u8::from(!link.carrier) * 2 + u8::from(link.name != "eth0");
    rank(a).cmp(&rank(b)).then_with(|| natural(&a.name, &b.name)) == Ordering::Less
}

/// Compares names with runs of digits taken as numbers.
#[inline(never)]
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (left, right) = (digits(a), digits(b));
        let order = if left.is_empty() || right.is_empty() {
            a.first().cmp(&b.first())
        } else {
            let significant = |run: &[u8]| run.iter().take_while(|digit| **digit == b'0').count();
            let (x, y) = (&left[significant(left)..], &right[significant(right)..]);
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        };
        if order != Ordering::Equal || a.is_empty() || b.is_empty() {
            return order;
        }
        a = &a[left.len().max(1)..];
        b = &b[right.len().max(1)..];
    }
}

/// The digits at the beginning.
fn digits(text: &[u8]) -> &[u8] {
    &text[..text.iter().take_while(|byte| byte.is_ascii_digit()).count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(links: &[(&str, bool)]) -> Option<String> {
        let present: Vec<_> = links
            .iter()
            .zip(1..)
            .map(|((name, carrier), index)| SystemLink {
                index,
                name: (*name).into(),
                mac: Some(Mac([2, 0, 0, 0, 0, u8::try_from(index).unwrap()])),
                own_mac: !name.starts_with("bond"),
                up: false,
                carrier: *carrier,
                ..SystemLink::default()
            })
            .collect();
        let network = fallback(&present)?;
        let [link] = &*network.links else { panic!("one NIC") };
        assert!(link.name.is_none() && link.mac.is_some(), "udev may name it anew");
        Some(link.id.to_string())
    }

    #[test]
    fn takes_the_likeliest_nic() {
        assert_eq!(best(&[]), None);
        assert_eq!(best(&[("veth1", true), ("bond0", true)]), None);
        assert_eq!(best(&[("ens10", false), ("ens9", false)]).as_deref(), Some("ens9"));
        assert_eq!(best(&[("ens9", false), ("ens10", true)]).as_deref(), Some("ens10"));
        assert_eq!(best(&[("ens3", false), ("eth0", false)]).as_deref(), Some("eth0"));
        assert_eq!(best(&[("enp0s3", false), ("enp0s3f1", false)]).as_deref(), Some("enp0s3"));
    }
}
