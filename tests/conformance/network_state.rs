//! Our model of a network against cloud-init's network state, over
//! tests/data/network-inputs: what both make of each description, before any
//! back end writes it.
//!
//! `states.jsonl` there holds the answers of cloud-init 26.2, one line for each
//! input; ours must be the same. Differences that are meant stand with their
//! reasons in differences.tsv; one that no longer differs fails too. problems.tsv
//! holds what is said of parts that are left out. Then the cloud-init of this
//! machine is asked: one of the same release must give the
//! recorded answers. `GLOWPLUG_CLOUD_INIT=FOLDER` names another cloud-init
//! (what goes into PYTHONPATH); with `GLOWPLUG_BLESS=1` its answers are recorded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/python.rs"]
mod python;

use glowplug::network::model::{
    Address, Control, Domain, Kind, Link, Network, Origin, Parameter, Route, Setting, Subnet,
};
use glowplug::network::parse::{Parsed, eni, network_config, network_data};
use glowplug::network::render::version1;
use glowplug::network::resolve::Resolved;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;
use machine::machine;
use python::Python;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

type Json = Value<'static>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/network-inputs")
}

fn parse(path: &Path) -> Parsed {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    if name.ends_with(".network_data.json") {
        network_data::parse(&json::parse(text.as_bytes()).unwrap())
    } else if name.ends_with(".eni") {
        eni::parse(&text, name, &|_, _| Vec::new())
    } else {
        network_config(yaml::load(&text).unwrap(), name)
    }
}

fn string(text: &str) -> Json {
    Value::bare(Data::Str(text.to_string().into()))
}

fn number(number: impl Into<i64>) -> Json {
    Value::bare(Data::Int(number.into()))
}

fn boolean(value: bool) -> Json {
    Value::bare(Data::Bool(value))
}

fn strings<'a>(items: impl Iterator<Item = &'a str>) -> Json {
    Value::bare(Data::Seq(items.map(string).collect()))
}

/// A mapping in the making; what is not set gets no key.
#[derive(Default)]
struct Object(BTreeMap<String, Json>);

impl Object {
    fn set(&mut self, key: &str, value: impl Into<Option<Json>>) -> &mut Self {
        if let Some(value) = value.into() {
            self.0.insert(key.to_string(), value);
        }
        self
    }

    fn json(self) -> Json {
        Value::bare(Data::Map(self.0.into_iter().map(|(key, value)| (string(&key), value)).collect()))
    }
}

fn route(route: &Route) -> Json {
    let mut object = Object::default();
    object
        .set("network", string(route.destination().address().as_str()))
        .set("prefix", number(route.destination().length()))
        .set("gateway", route.gateway().map(|gateway| string(gateway.as_str())))
        .set("metric", route.metric.map(number))
        .set("table", route.table.map(number))
        .set("mtu", route.mtu.map(number));
    object.json()
}

fn subnet(subnet: &Subnet) -> Json {
    let mut object = Object::default();
    let list = |items: &[_], each: fn(&_) -> Json| {
        (!items.is_empty()).then(|| Value::bare(Data::Seq(items.iter().map(each).collect())))
    };
    let kind = version1::subnet_type(&subnet.method);
    let control = match subnet.control {
        Control::Auto => None,
        Control::Hotplug => Some(string("hotplug")),
        Control::Manual => Some(string("manual")),
    };
    let search: Vec<&str> = subnet.dns.search.iter().map(Domain::as_str).collect();
    object
        .set("type", string(kind))
        .set("address", subnet.address().map(|address| string(&address.to_string())))
        .set("gateway", subnet.gateway().map(|gateway| string(gateway.as_str())))
        .set("broadcast", subnet.broadcast().map(|address| string(address.as_str())))
        .set("pointopoint", subnet.pointopoint.as_ref().map(|address| string(address.as_str())))
        .set("scope", subnet.scope.as_ref().map(|scope| string(scope)))
        .set("metric", subnet.metric.map(number))
        .set("mtu", subnet.mtu.map(number))
        .set("control", control)
        .set("dns_nameservers", list(&subnet.dns.servers, |address| string(address.as_str())))
        .set("dns_search", (!search.is_empty()).then(|| strings(search.into_iter())));
    if !subnet.routes.is_empty() {
        object.set("routes", Value::bare(Data::Seq(subnet.routes.iter().map(route).collect())));
    }
    object.json()
}

fn parameters(object: &mut Object, parameters: &[Parameter]) {
    for Parameter { name, value } in parameters {
        let value = match value {
            Setting::Bool(on) => boolean(*on),
            Setting::Int(value) => number(*value),
            Setting::Text(text) => string(text),
            Setting::List(items) => strings(items.iter().map(|item| &**item)),
        };
        object.set(name, value);
    }
}

fn interface(resolved: &Resolved<'_>, at: usize) -> Json {
    let (own, mut object) = (&resolved.links[at], Object::default());
    let link = own.link;
    let kind = match &link.kind {
        Kind::Physical(_) => Some("physical"),
        Kind::Infiniband(_) => Some("infiniband"),
        Kind::Loopback => Some("loopback"),
        Kind::Dummy => Some("dummy"),
        Kind::Bond => Some("bond"),
        Kind::Bridge { .. } => Some("bridge"),
        Kind::Vlan(_) => Some("vlan"),
        Kind::Undescribed => link.bond.is_some().then_some("bond"),
    };
    let mut mac = link.mac.map(|mac| string(&mac.to_string()));
    parameters(&mut object, &link.parameters);
    if let Some(bond) = &link.bond {
        object.set("bond-master", string(resolved.name_of(bond)));
        parameters(&mut object, resolved.described.link(bond).map_or(&[], |bond| &bond.parameters));
    }
    match &link.kind {
        Kind::Bond => {
            object.set("bond-slaves", string("none"));
        }
        Kind::Bridge { ports } => {
            object.set("bridge_ports", strings(ports.iter().map(|port| &**port)));
        }
        Kind::Vlan(vlan) => {
            object.set("vlan_id", number(vlan.number()));
            object.set("vlan-raw-device", string(resolved.name_of(&vlan.link)));
        }
        Kind::Physical(found) => {
            object.set("driver", found.drivers.first().map(|driver| string(driver)));
        }
        Kind::Infiniband(Some(port)) => mac = Some(string(&port.to_string())),
        _ => {}
    }
    let subnets = link.subnets.iter().map(subnet).collect();
    object
        .set("key", string(resolved.file_key(own)))
        .set("name", string(&own.name))
        .set("type", kind.map(string))
        .set("mac_address", mac)
        .set("mtu", link.mtu.map(number))
        .set("accept-ra", link.accept_ra.map(boolean))
        .set("wakeonlan", link.wake_on_lan.then(|| boolean(true)))
        .set("optional", link.optional.map(boolean))
        .set("keep_configuration", link.keep_configuration.map(boolean))
        .set("dns", dns(link))
        .set("subnets", Value::bare(Data::Seq(subnets)));
    object.json()
}

fn dns(link: &Link) -> Option<Json> {
    link.dns.as_ref().map(|dns| {
        let mut object = Object::default();
        object
            .set("nameservers", strings(dns.servers.iter().map(Address::as_str)))
            .set("search", strings(dns.search.iter().map(Domain::as_str)));
        object.json()
    })
}

/// The model in the form of cloud-init's network state.
fn state(network: &Network) -> Json {
    let present = machine();
    let resolved = network.resolve(&present);
    let mut dns = Object::default();
    dns.set("nameservers", strings(network.dns.servers.iter().map(Address::as_str)))
        .set("search", strings(network.dns.search.iter().map(Domain::as_str)));
    let mut object = Object::default();
    if let Origin::V2 { netplan, .. } = &network.origin {
        object.set("netplan", string(netplan));
    }
    let links = (0..resolved.links.len()).map(|at| interface(&resolved, at)).collect();
    object
        .set("interfaces", Value::bare(Data::Seq(links)))
        .set("routes", Value::bare(Data::Seq(network.routes.iter().map(route).collect())))
        .set("dns", dns.json());
    object.json()
}

fn shown(value: &Value<'_>, style: Style) -> String {
    let mut out = String::new();
    json::write(value, style, &mut out);
    out
}

/// The cloud-init of this machine, or the one that is named.
fn oracle() -> Python {
    let driver = folder().join("../../support/network_state.py");
    Python::start(&[driver], env::var_os("GLOWPLUG_CLOUD_INIT").as_deref())
}

/// Names of the descriptions.
fn inputs() -> Vec<String> {
    let names =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ends = [".v1.yaml", ".v2.yaml", ".network_data.json", ".eni"];
    let mut names: Vec<String> = names.filter(|name| ends.iter().any(|end| name.ends_with(end))).collect();
    names.sort();
    names
}

/// Recorded answers: the version, and state or error by input.
fn recorded() -> (String, BTreeMap<String, Json>) {
    let text = fs::read_to_string(folder().join("states.jsonl")).unwrap();
    let mut lines = text.lines().map(|line| json::parse(line.to_string().leak().as_bytes()).unwrap());
    let version = lines.next().unwrap().get("version").unwrap().as_str().unwrap().to_string();
    let answer = |line: Json| {
        let input = line.get("input").unwrap().as_str().unwrap().to_string();
        (input, line.get("state").or(line.get("error")).unwrap().clone())
    };
    (version, lines.map(answer).collect())
}

fn record(version: &str, answers: &BTreeMap<String, Json>) {
    let mut text = format!("{{\"version\":\"{version}\"}}\n");
    for (input, answer) in answers {
        let kind = if answer.as_str().is_some() { "error" } else { "state" };
        let mut object = Object::default();
        object.set("input", string(input)).set(kind, answer.clone());
        text += &shown(&object.json(), Style::Compact);
        text += "\n";
    }
    fs::write(folder().join("states.jsonl"), text).unwrap();
}

/// Input and what a table says of it.
fn table(name: &str) -> Vec<(String, String)> {
    let table = fs::read_to_string(folder().join(name)).unwrap();
    let rows = table.lines().filter(|row| !row.starts_with('#'));
    rows.map(|row| {
        let (input, text) = row.split_once('\t').unwrap_or_else(|| panic!("malformed row: {row}"));
        (input.to_string(), text.to_string())
    })
    .collect()
}

#[test]
fn our_model_is_cloud_inits_network_state() {
    let mut known: BTreeMap<_, _> = table("differences.tsv").into_iter().collect();
    let answers = recorded().1;
    let inputs = inputs();
    assert!(inputs.len() >= 60, "only {} inputs", inputs.len());
    let mut wrong = Vec::new();
    for input in &inputs {
        let parsed = parse(&folder().join(input));
        let ours = shown(&state(&parsed.network), Style::File);
        let theirs = answers.get(input).unwrap_or_else(|| panic!("{input} has no recorded answer"));
        let theirs = shown(theirs, Style::File);
        match (ours == theirs, known.remove(input)) {
            (true, Some(reason)) => wrong.push(format!("{input} no longer differs: {reason}")),
            (false, None) => {
                let problems = &parsed.problems;
                wrong.push(format!("{input} {problems:#?}\n--- ours\n{ours}\n--- theirs\n{theirs}"));
            }
            _ => {}
        }
    }
    wrong.extend(known.keys().map(|input| format!("differences.tsv: there is no {input}")));
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), inputs.len(), wrong.join("\n"));
}

#[test]
fn each_part_left_out_is_told_with_its_place() {
    let mut problems = Vec::new();
    for input in inputs() {
        for problem in parse(&folder().join(&input)).problems {
            problems.push((input.clone(), problem.to_string()));
        }
    }
    assert_eq!(problems, table("problems.tsv"));
}

#[test]
fn the_recorded_answers_are_cloud_inits() {
    let mut oracle = oracle();
    let (mut answers, mut version) = (BTreeMap::new(), String::new());
    for input in inputs() {
        let answer = oracle.ask(&folder().join(&input).display().to_string());
        version = answer.get("version").unwrap().as_str().unwrap().to_string();
        answers.insert(input, answer.get("state").or(answer.get("error")).unwrap().clone());
    }
    if env::var_os("GLOWPLUG_BLESS").is_some() {
        record(&version, &answers);
    }
    let (recorded_version, recorded) = recorded();
    let differ: Vec<&String> = answers
        .iter()
        .filter(|(input, answer)| {
            recorded.get(*input).is_none_or(|old| shown(old, Style::Compact) != shown(answer, Style::Compact))
        })
        .map(|(input, _)| input)
        .collect();
    println!(
        "cloud-init {version}: {} of {} answers differ from {recorded_version}'s",
        differ.len(),
        answers.len()
    );
    let release = |version: &str| version.split('-').next().map(str::to_string);
    if release(&version) == release(&recorded_version) {
        assert!(differ.is_empty(), "{differ:?}");
    }
    // An older cloud-init reads most of it the same way.
    assert!(differ.len() * 3 < answers.len(), "{differ:?}");
}

/// What programs read in network-config.json where interfaces(5) or an
/// initramfs describes the network: read again it is the same, by us and by
/// the cloud-init of this machine.
#[test]
fn a_network_as_version_1_is_the_same_network() {
    // Ports that nobody describes have no entry, and so no place in the order.
    const ANOTHER_ORDER: &str = "bridge-undescribed-ports.v1.yaml";
    let mut oracle = oracle();
    let folder = env::temp_dir().join(format!("glowplug-version1-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (mut wrong, mut differ) = (Vec::new(), Vec::new());
    let mut inputs = inputs();
    inputs.retain(|name| name.contains(".v1.") || name.ends_with(".eni"));
    for input in &inputs {
        let Parsed { network, problems } = parse(&self::folder().join(input));
        let text = shown(&version1::tree(&network), Style::File);
        let again = network_config(yaml::load(&text).unwrap(), input);
        let (before, after) =
            (shown(&state(&network), Style::File), shown(&state(&again.network), Style::File));
        if (before != after && input != ANOTHER_ORDER) || again.problems.len() > problems.len() {
            wrong.push(format!("{input} {:?}\n{text}\nwas {before}\nis {after}", again.problems));
        }
        let path = folder.join(format!("{input}.v1.yaml"));
        fs::write(&path, &text).unwrap();
        let answer = oracle.ask(&path.display().to_string());
        if answer.get("state").map(|state| shown(state, Style::File)) != Some(before) {
            differ.push(input);
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), inputs.len(), wrong.join("\n"));
    // An older cloud-init knows less of version 1.
    assert!(differ.len() * 10 < inputs.len(), "{differ:?}");
    assert!(!differ.iter().any(|input| input.ends_with(".eni")), "{differ:?}");
}
