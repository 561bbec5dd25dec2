//! Pieces of text that several back ends write.

use super::concat;
use crate::network::model::parameter::rows;
use crate::network::model::{
    Address, Dns, Domain, Kind, Link, Method, Network, Plain, Prefix, Route, Rule, Setting, Subnet,
};
use crate::network::order::sort_by;
use crate::network::resolve::Resolved;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Adds `pieces` to `out`.
#[inline(never)]
pub(super) fn push(out: &mut String, pieces: &[&str]) {
    for piece in pieces {
        out.push_str(piece);
    }
}

/// Adds `before` and a number, where there is one.
#[inline(never)]
pub(super) fn push_number(out: &mut String, before: &str, number: Option<u32>) {
    if let Some(number) = number {
        push(out, &[before, &number.to_string()]);
    }
}

/// Adds `before` and an address, where there is one.
#[inline(never)]
pub(super) fn push_address(out: &mut String, before: &str, address: Option<&Address>) {
    if let Some(address) = address {
        push(out, &[before, address.as_str()]);
    }
}

/// `10.0.0.5/24`, the address as it was described.
#[inline(never)]
pub(super) fn prefix(prefix: &Prefix) -> String {
    concat(&[prefix.address().as_str(), "/", &u32::from(prefix.length()).to_string()])
}

/// Adds which packets a policy rule is for and the table they use, in the words of ip-rule(8).
#[inline(never)]
pub(super) fn push_rule(out: &mut String, rule: &Rule) {
    for (word, side) in [(" from ", &rule.from), (" to ", &rule.to)] {
        if let Some(side) = side {
            push(out, &[word, &prefix(side.network())]);
        }
    }
    push_number(out, " fwmark ", rule.mark);
    push_number(out, " tos ", rule.tos);
    push_number(out, " table ", rule.table);
}

/// The packets' size of the last subnet of a family that has one.
#[inline(never)]
pub(super) fn subnet_mtu(link: &Link, ipv6: bool) -> Option<u32> {
    let of_family = |subnet: &&Subnet| subnet.method.is_ipv6() == ipv6;
    link.subnets.iter().rev().filter(of_family).find_map(|subnet| subnet.mtu)
}

/// Adds the windows of new connections by a route, in the words of ip-route(8), each after
/// `before` and with `between` before its number.
#[inline(never)]
pub(super) fn push_windows(text: &mut String, route: &Route, before: &str, between: &str) {
    for (word, number) in [("initcwnd", route.congestion_window), ("initrwnd", route.receive_window)] {
        if number.is_some() {
            push(text, &[before, word]);
            push_number(text, between, number);
        }
    }
}

/// The words with `separator` between them.
#[inline(never)]
pub(super) fn joined(words: &[&str], separator: &str) -> String {
    let mut text = String::new();
    for word in words {
        let between = if text.is_empty() { "" } else { separator };
        push(&mut text, &[between, word]);
    }
    text
}

/// Sorts words.
#[inline(never)]
pub(super) fn sort(words: &mut [&str]) {
    sort_by(words, |a, b| a < b);
}

/// Search domains as words.
#[inline(never)]
pub(super) fn domains(search: &[Domain]) -> Vec<&str> {
    let mut words = Vec::new();
    for domain in search {
        words.push(domain.as_str());
    }
    words
}

/// Name servers and search domains from several places.
#[derive(Default)]
pub(super) struct Resolver<'n> {
    pub(super) servers: Vec<&'n str>,
    pub(super) search: Vec<&'n str>,
}

impl<'n> Resolver<'n> {
    /// Adds those of `dns`; `once` leaves out what is there already.
    #[inline(never)]
    pub(super) fn add(&mut self, dns: &'n Dns, once: bool) {
        for server in &dns.servers {
            push_once(&mut self.servers, server.as_str(), once);
        }
        for domain in &dns.search {
            push_once(&mut self.search, domain.as_str(), once);
        }
    }

    /// Those of `dns`.
    #[inline(never)]
    pub(super) fn of(dns: &'n Dns) -> Self {
        let mut resolver = Self::default();
        resolver.add(dns, false);
        resolver
    }

    /// Everything a link is to know, each once: of its subnets, its own, then,
    /// where the description has such, of the whole machine.
    #[inline(never)]
    pub(super) fn of_link(network: &'n Network, link: &'n Link) -> Self {
        let mut resolver = Self::default();
        for subnet in &link.subnets {
            resolver.add(&subnet.dns, true);
        }
        if let Some(dns) = &link.dns {
            resolver.add(dns, true);
        }
        // Where nothing is configured no server is asked.
        if link.subnets.iter().any(|subnet| subnet.method != Method::Manual) {
            resolver.add(&network.dns, true);
        }
        resolver
    }

    /// Takes from `dns` what is missing altogether.
    #[inline(never)]
    pub(super) fn or(&mut self, dns: &'n Dns) {
        let other = Self::of(dns);
        if self.servers.is_empty() {
            self.servers = other.servers;
        }
        if self.search.is_empty() {
            self.search = other.search;
        }
    }

    /// Adds what another has and this has not.
    #[inline(never)]
    pub(super) fn join(&mut self, other: &Self) {
        for (own, words) in [(&mut self.servers, &other.servers), (&mut self.search, &other.search)] {
            for word in words {
                push_once(own, word, true);
            }
        }
    }

    /// Takes away what one of the others has.
    #[inline(never)]
    pub(super) fn without(&mut self, others: &[Self]) {
        self.servers.retain(|word| !others.iter().any(|other| other.servers.contains(word)));
        self.search.retain(|word| !others.iter().any(|other| other.search.contains(word)));
    }

    /// The servers of one family.
    #[inline(never)]
    pub(super) fn of_family(&self, ipv6: bool) -> Vec<&'n str> {
        let mut servers = Vec::new();
        for server in &self.servers {
            if server.as_bytes().contains(&b':') == ipv6 {
                servers.push(*server);
            }
        }
        servers
    }

    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.search.is_empty()
    }
}

#[inline(never)]
fn push_once<'n>(words: &mut Vec<&'n str>, word: &'n str, once: bool) {
    if !once || !words.contains(&word) {
        words.push(word);
    }
}

/// How a file spells true and false, and what stands between the items of a
/// list.
pub(super) struct Spelling {
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) separator: &'static str,
}

impl Spelling {
    /// The value of a parameter.
    #[inline(never)]
    pub(super) fn of(&self, value: &Setting) -> String {
        match value {
            Setting::Bool(value) => self.truth(*value).into(),
            Setting::Int(number) => number.to_string(),
            Setting::Text(text) => String::from(&**text),
            Setting::List(items) => joined(&plain_words(items), self.separator),
        }
    }

    /// A truth value.
    pub(super) fn truth(&self, value: bool) -> &'static str {
        if value { self.yes } else { self.no }
    }
}

/// The items of a list.
#[inline(never)]
pub(super) fn plain_words(items: &[Plain]) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    for item in items {
        words.push(item);
    }
    words
}

/// As Python writes them, where cloud-init has no word of its own.
pub(super) const PYTHON: Spelling = Spelling { yes: "True", no: "False", separator: " " };

/// The hardware address of any link: of an InfiniBand port the whole one.
#[inline(never)]
pub(super) fn hardware_address(link: &Link) -> Option<String> {
    match link.kind {
        Kind::Infiniband(Some(address)) => Some(address.to_string()),
        _ => link.mac.map(|mac| mac.to_string()),
    }
}

/// A parameter of a link.
pub(super) struct Found {
    /// Where it goes among the others.
    place: &'static str,
    /// What the back end calls it.
    pub(super) word: &'static str,
    /// Its value; a member of the bond by its name.
    pub(super) value: Setting,
}

/// The parameters of `link` by the words of one column of `table`, in the
/// order of another; those without a word in that are left out.
#[inline(never)]
pub(super) fn parameters(
    network: &Resolved<'_>,
    link: &Link,
    table: &'static str,
    [word, place]: [usize; 2],
) -> Vec<Found> {
    let stem = if matches!(link.kind, Kind::Bond) { "bond-" } else { "bridge_" };
    let mut found = Vec::new();
    for row in rows(table) {
        let column = |at: usize| row.get(at).copied().unwrap_or("-");
        if column(place) == "-" {
            continue;
        }
        if let Some(value) = link.parameter(stem, column(0)) {
            let value = named(network, column(0), value);
            found.push(Found { place: column(place), word: column(word), value });
        }
    }
    sort_by(&mut found, |a, b| a.place < b.place);
    found
}

/// The value of a parameter; one that is a link's id becomes its name.
#[inline(never)]
pub(super) fn named(network: &Resolved<'_>, name: &str, value: &Setting) -> Setting {
    match value {
        Setting::Text(id) if name.ends_with("primary") || name.ends_with("active-slave") => {
            Setting::Text(Plain::new(network.name_of(id)).unwrap_or_else(|| id.clone()))
        }
        value => value.clone(),
    }
}

/// A name of ours as the kernel has it.
#[inline(never)]
pub(super) fn underscored(name: &str) -> String {
    name.replace('-', "_")
}
