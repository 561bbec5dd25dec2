//! `glowplug net show`: the machine's network as the kernel tells it.

use super::table::Table;
use crate::cli::{Arguments, Ended, print};
use crate::devel::{line, object};
use glowplug::error::Result;
use glowplug::ip::Ip;
use glowplug::network::model::Mac;
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::netlink::{AddressInfo, LinkInfo, Netlink, RouteInfo, RuleInfo};

/// Modes of bonds by their numbers (bonding.rst).
const BOND_MODES: [&str; 7] =
    ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

/// Who makes routes and rules (rtnetlink(7), iproute2's rt_protos). The last is
/// this program, of rules.
const PROTOCOLS: [(u8, &str); 8] = [
    (0, "unspec"),
    (2, "kernel"),
    (3, "boot"),
    (4, "static"),
    (9, "ra"),
    (16, "dhcp"),
    (186, "bgp"),
    (103, "glowplug"),
];

/// Tables that have names (rtnetlink(7)).
const TABLES: [(u32, &str); 3] = [(253, "default"), (254, "main"), (255, "local")];

/// Everything there is to show.
struct Machine {
    links: Vec<Shown>,
    addresses: Vec<AddressInfo>,
    routes: Vec<RouteInfo>,
    rules: Vec<RuleInfo>,
}

struct Shown {
    info: LinkInfo,
    driver: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let machine = Machine::read()?;
    let is_json = arguments.value("format") == Some("json");
    print(&if is_json { machine.json() } else { machine.tables() })?;
    Ok(0)
}

impl Machine {
    fn read() -> Result<Self> {
        let mut netlink = Netlink::open()?;
        let links = netlink.links()?;
        let (addresses, routes) = (netlink.addresses()?, netlink.routes()?);
        // A kernel without policy routing has no rules to tell.
        let rules = netlink.rules().unwrap_or_default();
        let shown = |info: LinkInfo| Shown { driver: netlink.driver(&info.name), info };
        Ok(Self { links: links.into_iter().map(shown).collect(), addresses, routes, rules })
    }

    /// The name of the link with this index; its number where it lies in
    /// another namespace.
    fn name(&self, index: u32) -> String {
        let link = self.links.iter().find(|link| link.info.index == index);
        link.map_or_else(|| format!("if{index}"), |link| link.info.name.clone())
    }

    fn tables(&self) -> String {
        let rules = self.rule_table();
        let tables = [self.link_table(), self.address_table(), self.route_table(), rules];
        let filled = tables.into_iter().map(|table| table.text()).filter(|text| !text.is_empty());
        filled.collect::<Vec<String>>().join("\n")
    }

    fn link_table(&self) -> Table {
        let mut table = Table::new(&["LINK", "MAC", "DRIVER", "STATE", "MTU", "MASTER", "DETAIL"]);
        for Shown { info, driver } in &self.links {
            table.push(vec![
                info.name.clone(),
                mac(info).unwrap_or_default(),
                driver.clone().unwrap_or_default(),
                state(info).into(),
                info.mtu.to_string(),
                info.master.map(|master| self.name(master)).unwrap_or_default(),
                self.detail(info),
            ]);
        }
        table
    }

    /// What else is worth a word: what a VLAN is on, a bond's mode, other names.
    fn detail(&self, info: &LinkInfo) -> String {
        let mut words = Vec::new();
        if let (Some(vlan), Some(lower)) = (info.vlan, info.lower) {
            words.push(format!("vlan {vlan} on {}", self.name(lower)));
        }
        words.extend(bond_mode(info).map(|mode| format!("bond {mode}")));
        if info.kind == "bridge" || info.kind == "dummy" {
            words.push(info.kind.clone());
        }
        if !info.alternative_names.is_empty() {
            words.push(format!("also {}", info.alternative_names.join(", ")));
        }
        words.join("; ")
    }

    fn address_table(&self) -> Table {
        let mut table = Table::new(&["LINK", "ADDRESS", "SCOPE"]);
        for info in by_link(&self.addresses, |info| info.link) {
            table.push(vec![self.name(info.link), network(info.address, info.prefix), scope(info.scope)]);
        }
        table
    }

    fn route_table(&self) -> Table {
        let mut table = Table::new(&["LINK", "DESTINATION", "GATEWAY", "METRIC", "TABLE", "BY"]);
        for info in by_link(&self.routes, |info| info.link) {
            let route = &info.route;
            let gateway = route.gateway.map(|gateway| gateway.to_string()).unwrap_or_default();
            table.push(vec![
                self.name(info.link),
                destination(route.destination, route.prefix),
                if route.on_link { gateway + " onlink" } else { gateway },
                route.metric.map(|metric| metric.to_string()).unwrap_or_default(),
                table_name(route.table),
                protocol(info.protocol),
            ]);
        }
        table
    }

    /// Rules where there are others than the kernel's own.
    fn rule_table(&self) -> Table {
        let mut table = Table::new(&["RULE", "FROM", "TO", "MARK", "TOS", "IN", "OUT", "TABLE", "BY"]);
        if self.rules.iter().all(|info| info.protocol == 2) {
            return table;
        }
        for info in &self.rules {
            let rule = &info.rule;
            let side = |side: Option<(Ip, u8)>| match side {
                Some((address, prefix)) => network(address, prefix),
                None if info.ipv6 => "::/0".into(),
                None => "0.0.0.0/0".into(),
            };
            table.push(vec![
                rule.priority.unwrap_or(0).to_string(),
                side(rule.from),
                side(rule.to),
                rule.mark.map(|mark| format!("{mark:#x}")).unwrap_or_default(),
                if rule.tos == 0 { String::new() } else { format!("{:#x}", rule.tos) },
                info.input.clone(),
                info.output.clone(),
                table_name(rule.table),
                protocol(info.protocol),
            ]);
        }
        table
    }

    fn json(&self) -> String {
        let links = self.links.iter().map(|link| self.link_json(link)).collect();
        let rules = self.rules.iter().map(rule_json).collect();
        line(&object([("links", Data::Seq(links)), ("rules", Data::Seq(rules))]))
    }

    fn link_json<'v>(&'v self, Shown { info, driver }: &'v Shown) -> Value<'v> {
        let names = info.alternative_names.iter().map(|name| Value::bare(Data::Str(name.into())));
        let addresses = self.addresses.iter().filter(|address| address.link == info.index);
        let routes = self.routes.iter().filter(|route| route.link == info.index);
        object([
            ("name", Data::Str((&info.name).into())),
            ("index", number(Some(info.index))),
            ("alternative_names", Data::Seq(names.collect())),
            ("mac", text(mac(info))),
            ("permanent_mac", text(info.permanent_address.map(|address| Mac(address).to_string()))),
            ("driver", text(driver.clone())),
            ("kind", text(Some(info.kind.clone()).filter(|kind| !kind.is_empty()))),
            ("up", Data::Bool(info.up)),
            ("carrier", Data::Bool(info.carrier)),
            ("mtu", number(Some(info.mtu))),
            ("master", text(info.master.map(|master| self.name(master)))),
            ("lower", text(info.lower.map(|lower| self.name(lower)))),
            ("vlan", number(info.vlan.map(u32::from))),
            ("bond_mode", text(bond_mode(info))),
            ("addresses", Data::Seq(addresses.map(address_json).collect())),
            ("routes", Data::Seq(routes.map(route_json).collect())),
        ])
    }
}

/// Things of links in the order of the links, which is that of their indices.
fn by_link<T>(things: &[T], link: fn(&T) -> u32) -> Vec<&T> {
    let mut sorted: Vec<&T> = things.iter().collect();
    sorted.sort_by_key(|thing| link(thing));
    sorted
}

fn address_json(info: &AddressInfo) -> Value<'static> {
    object([
        ("address", text(Some(network(info.address, info.prefix)))),
        ("scope", text(Some(scope(info.scope)))),
        ("advertised", Data::Bool(info.advertised)),
    ])
}

fn route_json(info: &RouteInfo) -> Value<'static> {
    let route = &info.route;
    object([
        ("destination", text(Some(destination(route.destination, route.prefix)))),
        ("family", text(Some(family(route.destination.is_ipv6())))),
        ("gateway", text(route.gateway.map(|gateway| gateway.to_string()))),
        ("on_link", Data::Bool(route.on_link)),
        ("metric", number(route.metric)),
        ("mtu", number(route.mtu)),
        ("table", text(Some(table_name(route.table)))),
        ("protocol", text(Some(protocol(info.protocol)))),
    ])
}

fn rule_json(info: &RuleInfo) -> Value<'_> {
    let rule = &info.rule;
    let side = |side: Option<(Ip, u8)>| text(side.map(|(address, prefix)| network(address, prefix)));
    let named = |name: &String| text(Some(name.clone()).filter(|name| !name.is_empty()));
    object([
        ("priority", number(rule.priority.or(Some(0)))),
        ("family", text(Some(family(info.ipv6)))),
        ("from", side(rule.from)),
        ("to", side(rule.to)),
        ("mark", number(rule.mark)),
        ("tos", number(Some(rule.tos.into()))),
        ("in", named(&info.input)),
        ("out", named(&info.output)),
        ("table", text(Some(table_name(rule.table)))),
        ("protocol", text(Some(protocol(info.protocol)))),
    ])
}

fn text(text: Option<String>) -> Data<'static> {
    text.map_or(Data::Null, |text| Data::Str(text.into()))
}

fn number(number: Option<u32>) -> Data<'static> {
    number.map_or(Data::Null, |number| Data::Int(number.into()))
}

fn mac(info: &LinkInfo) -> Option<String> {
    info.address.map(|address| Mac(address).to_string())
}

fn bond_mode(info: &LinkInfo) -> Option<String> {
    let mode = info.bond_mode?;
    Some(BOND_MODES.get(usize::from(mode)).map_or_else(|| mode.to_string(), ToString::to_string))
}

/// `no carrier`: up, and nothing at the other end.
fn state(info: &LinkInfo) -> &'static str {
    match (info.up, info.carrier) {
        (false, _) => "down",
        (true, false) => "no carrier",
        (true, true) => "up",
    }
}

fn family(ipv6: bool) -> String {
    if ipv6 { "ipv6".into() } else { "ipv4".into() }
}

fn network(address: Ip, prefix: u8) -> String {
    format!("{address}/{prefix}")
}

fn destination(address: Ip, prefix: u8) -> String {
    if prefix == 0 { "default".into() } else { network(address, prefix) }
}

/// `RT_SCOPE_…` (rtnetlink(7)).
fn scope(scope: u8) -> String {
    match scope {
        0 => "global".into(),
        200 => "site".into(),
        253 => "link".into(),
        254 => "host".into(),
        other => other.to_string(),
    }
}

fn protocol(number: u8) -> String {
    let known = PROTOCOLS.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| number.to_string(), |(_, name)| (*name).into())
}

/// The name or number of a table; `None` is the main one.
fn table_name(table: Option<u32>) -> String {
    let number = table.unwrap_or(254);
    let known = TABLES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| number.to_string(), |(_, name)| (*name).into())
}
