//! A network as cloud-init's network configuration of version 1, for programs
//! that read network-config.json. The agent links none of it.

use crate::network::model::{
    Address, Control, Dns, Domain, Kind, Link, Method, Network, Parameter, Route, Setting, Subnet,
};
use crate::syntax::value::{Data, Value};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

type Tree = Value<'static>;

/// `{version: 1, config: […]}`; read again it is the same network, but for
/// policy rules and dummies, which version 1 has no words for.
pub fn tree(network: &Network) -> Tree {
    let mut entries: Vec<Tree> = Vec::new();
    for link in &network.links {
        entries.extend(entry(link, network));
    }
    for link in &network.links {
        if let Some(dns) = &link.dns {
            let mut server = Object::of("nameserver");
            server.text("interface", Some(&link.id));
            entries.push(server.with_dns(dns, "address", "search").tree());
        }
    }
    if !network.dns.is_empty() {
        entries.push(Object::of("nameserver").with_dns(&network.dns, "address", "search").tree());
    }
    for own in &network.routes {
        let mut object = Object::of("route");
        object.0.extend(route(own).0);
        entries.push(object.tree());
    }
    let mut whole = Object::default();
    whole.put("config", Data::Seq(entries));
    whole.number("version", Some(1));
    whole.tree()
}

/// The entry of a link; none for one that only others name.
fn entry(link: &Link, network: &Network) -> Option<Tree> {
    let mut object = Object::of(match link.kind {
        Kind::Physical(_) => "physical",
        Kind::Infiniband(_) => "infiniband",
        Kind::Loopback => "loopback",
        Kind::Bond => "bond",
        Kind::Bridge { .. } => "bridge",
        Kind::Vlan(_) => "vlan",
        Kind::Dummy | Kind::Undescribed => return None,
    });
    let mut parameters = of_parameters(&link.parameters);
    match &link.kind {
        Kind::Bond => {
            let members = network.links.iter().filter(|member| member.bond.as_ref() == Some(&link.id));
            object.put("bond_interfaces", texts(members.map(|member| &*member.id)));
        }
        Kind::Bridge { ports } => object.put("bridge_interfaces", texts(ports.iter().map(|port| &**port))),
        Kind::Vlan(vlan) => {
            object.text("vlan_link", Some(&vlan.link));
            object.number("vlan_id", Some(vlan.number().into()));
        }
        Kind::Physical(found) => parameters.text("driver", found.drivers.first().map(|driver| &**driver)),
        _ => {}
    }
    object.text("name", Some(link.name.as_deref().unwrap_or(&link.id)));
    let mac = match &link.kind {
        Kind::Infiniband(Some(address)) => Some(address.to_string()),
        _ => link.mac.map(|mac| mac.to_string()),
    };
    object.text("mac_address", mac.as_deref());
    object.number("mtu", link.mtu);
    object.flag("accept-ra", link.accept_ra);
    object.flag("wakeonlan", link.wake_on_lan.then_some(true));
    object.flag("optional", link.optional);
    object.flag("keep_configuration", link.keep_configuration);
    if link.kind == Kind::Bond || !parameters.0.is_empty() {
        object.put("params", Data::Map(parameters.0));
    }
    if !link.subnets.is_empty() {
        object.put("subnets", Data::Seq(link.subnets.iter().map(subnet).collect()));
    }
    Some(object.tree())
}

/// What version 1 calls the type of a subnet.
pub const fn subnet_type(method: &Method) -> &'static str {
    match method {
        Method::Static(_) => "static",
        Method::Dhcp => "dhcp",
        Method::Dhcp4 => "dhcp4",
        Method::Dhcp6 => "dhcp6",
        Method::Slaac => "ipv6_slaac",
        Method::Dhcp6Stateless => "ipv6_dhcpv6-stateless",
        Method::Dhcp6Stateful => "ipv6_dhcpv6-stateful",
        Method::Manual => "manual",
        Method::Loopback => "loopback",
    }
}

fn subnet(subnet: &Subnet) -> Tree {
    let mut object = Object::of(subnet_type(&subnet.method));
    object.text("address", subnet.address().map(ToString::to_string).as_deref());
    for (key, address) in [
        ("broadcast", subnet.broadcast()),
        ("gateway", subnet.gateway()),
        ("pointopoint", subnet.pointopoint.as_ref()),
    ] {
        object.text(key, address.map(Address::as_str));
    }
    object.text("scope", subnet.scope.as_deref());
    object.number("metric", subnet.metric);
    object.number("mtu", subnet.mtu);
    let control = match subnet.control {
        Control::Auto => "auto",
        Control::Hotplug => "hotplug",
        Control::Manual => "manual",
    };
    object.text("control", Some(control));
    let mut object = object.with_dns(&subnet.dns, "dns_nameservers", "dns_search");
    if !subnet.routes.is_empty() {
        object.put("routes", Data::Seq(subnet.routes.iter().map(|own| route(own).tree()).collect()));
    }
    object.tree()
}

fn route(route: &Route) -> Object {
    let mut object = Object::default();
    object.text("destination", Some(&route.destination().to_string()));
    object.text("gateway", route.gateway().map(Address::as_str));
    object.number("metric", route.metric);
    object.number("table", route.table);
    object.number("mtu", route.mtu);
    object.flag("on-link", route.on_link.then_some(true));
    object
}

fn of_parameters(parameters: &[Parameter]) -> Object {
    let mut object = Object::default();
    for Parameter { name, value } in parameters {
        let value = match value {
            Setting::Bool(on) => Data::Bool(*on),
            Setting::Int(number) => Data::Int(*number),
            Setting::Text(text) => Data::Str(text.to_string().into()),
            Setting::List(items) => texts(items.iter().map(|item| &**item)),
        };
        object.0.push((word(name), Value::bare(value)));
    }
    object
}

fn word(text: &str) -> Tree {
    Value::bare(Data::Str(String::from(text).into()))
}

fn texts<'t>(items: impl Iterator<Item = &'t str>) -> Data<'static> {
    Data::Seq(items.map(word).collect())
}

/// A mapping in the making; what is not set gets no key.
#[derive(Default)]
struct Object(Vec<(Tree, Tree)>);

impl Object {
    /// One with this `type`.
    fn of(kind: &str) -> Self {
        let mut object = Self::default();
        object.text("type", Some(kind));
        object
    }

    fn put(&mut self, key: &str, data: Data<'static>) {
        self.0.push((word(key), Value::bare(data)));
    }

    fn text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.0.push((word(key), word(text)));
        }
    }

    fn number(&mut self, key: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.put(key, Data::Int(number.into()));
        }
    }

    fn flag(&mut self, key: &str, on: Option<bool>) {
        if let Some(on) = on {
            self.put(key, Data::Bool(on));
        }
    }

    /// With name servers and domains under these keys.
    fn with_dns(mut self, dns: &Dns, servers: &str, search: &str) -> Self {
        if !dns.servers.is_empty() {
            self.put(servers, texts(dns.servers.iter().map(Address::as_str)));
        }
        if !dns.search.is_empty() {
            self.put(search, texts(dns.search.iter().map(Domain::as_str)));
        }
        self
    }

    /// The mapping, its keys in order as in every JSON file.
    fn tree(mut self) -> Tree {
        self.0.sort_by(|(one, _), (other, _)| one.as_str().cmp(&other.as_str()));
        Value::bare(Data::Map(self.0))
    }
}
