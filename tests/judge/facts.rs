//! The state of a network as lines that can be compared.

use glowplug::network::model::{Dns, Link, Method};
use glowplug::network::resolve::Resolved;
use glowplug::syntax::json;
use glowplug::syntax::value::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

pub(crate) type Facts = BTreeSet<String>;

/// The output of ip(8) as JSON, each object of it given to `each`.
fn ip(arguments: &str, each: &mut dyn FnMut(&Value<'_>)) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip runs");
    let parsed = json::parse(&output.stdout).expect("ip prints JSON");
    for object in parsed.items().unwrap_or_default() {
        if !object.entries().is_empty() {
            each(object);
        }
    }
}

fn word(object: &Value<'_>, key: &str) -> String {
    object.get(key).and_then(Value::scalar).map(Into::into).unwrap_or_default()
}

fn has_flag(object: &Value<'_>, flag: &str) -> bool {
    object
        .get("flags")
        .and_then(Value::items)
        .is_some_and(|all| all.iter().any(|own| own.as_str() == Some(flag)))
}

/// What the kernel has: links, addresses, routes, rules. What it made by itself
/// is left out.
pub(crate) fn of_kernel() -> Facts {
    let mut facts = Facts::new();
    ip("-j address", &mut |link| {
        let name = word(link, "ifname");
        if name == "lo" || word(link, "link_type") != "ether" {
            return;
        }
        let up = if has_flag(link, "UP") { "up" } else { "down" };
        facts.insert(format!("{name} is {up}, mac {}, mtu {}", word(link, "address"), word(link, "mtu")));
        let master = word(link, "master");
        if !master.is_empty() {
            facts.insert(format!("{name} is in {master}"));
        }
        for address in link.get("addr_info").and_then(Value::items).unwrap_or_default() {
            let (local, length) = (word(address, "local"), word(address, "prefixlen"));
            if !local.starts_with("fe80:") || word(address, "protocol") == "static" {
                let peer = word(address, "address");
                let peer = if peer.is_empty() { peer } else { format!(" peer {peer}") };
                facts.insert(format!("{name} has {local}/{length}{peer}"));
            }
        }
    });
    for family in ["4", "6"] {
        ip(&format!("-j -{family} route show table all"), &mut |route| {
            facts.extend(route_fact(route, family));
        });
        ip(&format!("-j -{family} rule"), &mut |rule| {
            if !matches!(&*word(rule, "priority"), "0" | "32766" | "32767") {
                facts.insert(rule_fact(rule, family));
            }
        });
    }
    facts
}

fn route_fact(route: &Value<'_>, family: &str) -> Option<String> {
    let (to, table) = (word(route, "dst"), word(route, "table"));
    let is_own =
        matches!(&*word(route, "type"), "local" | "broadcast" | "multicast" | "anycast" | "unreachable")
            || word(route, "protocol") == "kernel"
            || table == "local"
            || to.starts_with("fe80:")
            || to.starts_with("ff00:");
    if is_own {
        return None;
    }
    let to = if to == "default" { format!("default{family}") } else { to };
    let mut fact = format!("{} routes {to}", word(route, "dev"));
    for key in ["gateway", "table", "type"] {
        let value = word(route, key);
        if !value.is_empty() {
            write!(fact, " {key} {value}").unwrap();
        }
    }
    let mtu = route.get("metrics").and_then(Value::items).and_then(<[_]>::first).map(|all| word(all, "mtu"));
    if let Some(mtu) = mtu.filter(|mtu| !mtu.is_empty()) {
        write!(fact, " mtu {mtu}").unwrap();
    }
    let metric = word(route, "metric");
    if !matches!(&*metric, "" | "0" | "1024") {
        write!(fact, " metric {metric}").unwrap();
    }
    Some(fact)
}

fn rule_fact(rule: &Value<'_>, family: &str) -> String {
    let mut fact = format!("rule{family}");
    for key in ["priority", "src", "srclen", "dst", "dstlen", "fwmark", "tos", "table"] {
        let value = word(rule, key);
        if !value.is_empty() && value != "all" {
            write!(fact, " {key} {value}").unwrap();
        }
    }
    fact
}

/// What was asked for on the wire: of each link, by its name.
pub(crate) fn of_wire() -> Facts {
    let mut names = Vec::new();
    ip("-j link", &mut |link| names.push((word(link, "address"), word(link, "ifname"))));
    let mut facts = Facts::new();
    for line in fs::read_to_string("/run/asked").unwrap_or_default().lines() {
        let Some((who, what)) = line.split_once(' ') else { continue };
        // A bridge has had another address before.
        let Some((_, name)) = names.iter().find(|(mac, name)| mac == who || name == who) else { continue };
        facts.insert(format!("{name} asks {what}"));
    }
    facts
}

/// What a description wants of DHCP, routers and resolvers, which `live` has no
/// part in.
pub(crate) fn described(network: &Resolved<'_>) -> Facts {
    let mut facts = Facts::new();
    let mut dns = |dns: &Dns| {
        facts.extend(dns.servers.iter().map(|server| format!("dns {}", server.ip())));
        facts.extend(dns.search.iter().map(|domain| format!("search {}", domain.as_str())));
    };
    dns(&network.described.dns);
    for resolved in &network.links {
        resolved.link.dns.iter().for_each(&mut dns);
        resolved.link.subnets.iter().for_each(|subnet| dns(&subnet.dns));
    }
    for resolved in &network.links {
        let any = |is: fn(&Method) -> bool| resolved.link.subnets.iter().any(|subnet| is(&subnet.method));
        let name = &resolved.name;
        if any(Method::is_dhcp4) {
            facts.insert(format!("{name} asks dhcp4"));
        }
        if asks_router(resolved.link) == Some(true) {
            facts.insert(format!("{name} asks rs"));
        }
        if any(|method| matches!(method, Method::Dhcp6 | Method::Dhcp6Stateful)) {
            facts.insert(format!("{name} asks dhcp6"));
        }
    }
    facts
}

/// Whether a link asks routers, as far as its description says so.
fn asks_router(link: &Link) -> Option<bool> {
    let asks = |method: &Method| matches!(method, Method::Slaac | Method::Dhcp6Stateless);
    link.accept_ra.or_else(|| link.subnets.iter().any(|subnet| asks(&subnet.method)).then_some(true))
}

/// Facts with links by the names they had before.
pub(crate) fn renamed(facts: &Facts, moved: &[(String, String)]) -> Facts {
    let before =
        |word: &str| moved.iter().find(|(now, _)| now == word).map_or(word, |(_, before)| before).to_string();
    facts.iter().map(|fact| fact.split(' ').map(before).collect::<Vec<_>>().join(" ")).collect()
}

/// A rule without the priority that the description leaves to the back end.
fn without_chosen_priority(network: &Resolved<'_>, fact: String) -> String {
    let Some((start, rest)) = fact.split_once(" priority ") else { return fact };
    let (priority, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut rules = network.links.iter().flat_map(|link| &link.link.rules);
    if rules.any(|rule| rule.priority.is_some_and(|own| own.to_string() == priority)) {
        return fact;
    }
    format!("{start} {rest}")
}

/// What a description leaves open of `found`, goes: whether other NICs are up,
/// router solicitations, and `DHCPv6` where a router may be asked.
pub(crate) fn settled(network: &Resolved<'_>, found: Facts) -> Facts {
    // The kernel's choice.
    let chosen = |name: &str| {
        network
            .links
            .iter()
            .any(|link| &*link.name == name && link.link.mac.is_none() && !link.link.kind.is_nic())
    };
    let bare = |fact: String| match fact.split_once(", mac ") {
        Some((start, rest)) if start.split(' ').next().is_some_and(chosen) => {
            [start, rest.split_once(',').map_or("", |(_, mtu)| mtu)].join(",")
        }
        _ => fact,
    };
    let mut found: Facts =
        found.into_iter().map(bare).map(|fact| without_chosen_priority(network, fact)).collect();
    let is_ours = |name: &str| network.links.iter().any(|link| &*link.name == name);
    found.retain(|fact| {
        !fact.split_once(" is ").is_some_and(|(name, what)| !is_ours(name) && what.contains(", mac "))
    });
    for resolved in &network.links {
        let name = &resolved.name;
        found.remove(&format!("{name} asks dhcp6-information"));
        if asks_router(resolved.link).is_none() {
            found.remove(&format!("{name} asks rs"));
        }
        let dhcp6 = |method: &Method| matches!(method, Method::Dhcp6 | Method::Dhcp6Stateful);
        let wanted = resolved.link.subnets.iter().any(|subnet| dhcp6(&subnet.method));
        if !wanted && asks_router(resolved.link) != Some(false) {
            found.remove(&format!("{name} asks dhcp6"));
        }
    }
    found
}

/// `found` in the words of `expected` where both mean the same: a back end's own
/// default metric, and its route to a gateway that is on the link.
pub(crate) fn like(found: &Facts, expected: &Facts) -> Facts {
    let mut facts = Facts::new();
    for fact in found {
        let bare = fact.rsplit_once(" metric ").map_or(&**fact, |(bare, _)| bare);
        let gateway = fact.split(" routes ").nth(1).and_then(|route| route.split(' ').next());
        let is_way =
            gateway.is_some_and(|to| expected.iter().any(|other| other.contains(&format!(" gateway {to}"))));
        if expected.contains(fact) {
            facts.insert(fact.clone());
        } else if expected.contains(bare) {
            facts.insert(bare.to_string());
        } else if !is_way {
            facts.insert(fact.clone());
        }
    }
    facts
}
