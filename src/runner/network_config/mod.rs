//! network-config.json: the description of the network that counts, as
//! cloud-init's network configuration of version 1 or 2, for other programs.

mod network_data;
pub(crate) mod unread;

use glowplug::action::Action;
use glowplug::cloud_config::CloudConfig;
use glowplug::error::Error;
use glowplug::fetch::Fetch;
use glowplug::instance::{INTERFACES, Instance};
use glowplug::kernel_line::KernelLine;
use glowplug::network::fallback::fallback;
use glowplug::network::model::SystemLink;
use glowplug::network::parse::{Description, description};
use glowplug::network::render::{self, version1};
use glowplug::state::paths::{INSTANCE_LINK, InstancePaths};
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::{encoding, yaml};

/// The back end that has the network of the running machine: one that the configuration names, else
/// the root's own.
pub(crate) fn back_end(config: &CloudConfig<'_>, root: &dyn Fetch) -> Option<&'static str> {
    let pinned = config.get("system_info.network.renderers").and_then(|setting| setting.value.items());
    let names: Vec<&str> = pinned.unwrap_or_default().iter().filter_map(|name| name.as_str()).collect();
    render::first_of(root, &names).or_else(|| render::detect(root)).map(|renderer| renderer.name)
}

/// The keys that nothing reads of the description that counts.
pub(crate) fn unread_keys(sources: &Sources<'_>) -> Vec<Error> {
    if sources.line.get("network-config").is_some() || sources.initramfs.is_some() {
        return Vec::new();
    }
    for (name, layer) in sources.system {
        if let Some(network) = layer.get("network") {
            return unread::unread(network, name);
        }
    }
    match sources.instance.network() {
        None | Some((INTERFACES, _)) => Vec::new(),
        Some((name, bytes)) => {
            let tree = str::from_utf8(bytes).ok().and_then(|text| yaml::load(text).ok());
            tree.map(|tree| unread::unread(&tree, name)).unwrap_or_default()
        }
    }
}

/// Its name below the instance's directory and in /run.
const NAME: &str = "network-config.json";

/// What a description may come from.
pub(crate) struct Sources<'s> {
    pub(crate) instance: &'s Instance,
    /// The root's own configuration, the layer that wins first.
    pub(crate) system: &'s [(&'s str, Value<'s>)],
    pub(crate) line: &'s KernelLine,
    /// What the initramfs has said.
    pub(crate) initramfs: Option<Description>,
    /// The NICs as they are named now.
    pub(crate) links: &'s [SystemLink],
}

/// Writes it; nothing where the network is left alone.
pub(crate) fn plan(sources: &Sources<'_>, paths: &InstancePaths) -> Vec<Action> {
    let Some(text) = text(sources) else { return Vec::new() };
    let link = format!("/run/cloud-init/{NAME}");
    vec![
        Action::write(&paths.file(NAME), text.into_bytes(), 0o600),
        Action::MakeLink { path: link, target: format!("{INSTANCE_LINK}/{NAME}") },
    ]
}

/// The file's text, of the first source that says something.
fn text(sources: &Sources<'_>) -> Option<String> {
    let Sources { instance, system, line, initramfs, links } = sources;
    if let Some(word) = line.get("network-config") {
        let mut bytes = encoding::base64(word.as_bytes()).ok()?;
        if encoding::is_gzip(&bytes) {
            bytes = encoding::gunzip(&bytes).ok()?;
        }
        return of_yaml(&bytes);
    }
    match initramfs {
        Some(Description::Network(parsed)) => return Some(written(&version1::tree(&parsed.network))),
        Some(Description::Disabled) => return None,
        Some(Description::Nothing) | None => {}
    }
    for (_, layer) in *system {
        if let Some(network) = layer.get("network") {
            return Some(written(&inner(network.clone())?));
        }
    }
    let Some((name, bytes)) = instance.network() else { return Some(written(&without_any(links)?)) };
    let parsed = match description(name, bytes, name).ok()? {
        Description::Network(parsed) => parsed,
        Description::Disabled => return None,
        Description::Nothing => return Some(written(&without_any(links)?)),
    };
    if name == INTERFACES {
        return Some(written(&version1::tree(&parsed.network)));
    }
    // What it is no name tells.
    let tree = json::parse(bytes).ok();
    let tree = tree.map_or_else(|| yaml::load(str::from_utf8(bytes).ok()?).ok(), Some)?;
    if tree.get("links").is_some() {
        return Some(written(&network_data::convert(&tree, links)?));
    }
    Some(written(&inner(tree)?))
}

fn of_yaml(bytes: &[u8]) -> Option<String> {
    Some(written(&inner(yaml::load(str::from_utf8(bytes).ok()?).ok()?)?))
}

/// A description without the `network:` around it; `None` for one that leaves
/// the network alone.
fn inner(value: Value<'_>) -> Option<Value<'_>> {
    let mut value = value.get("network").cloned().unwrap_or(value);
    if let Data::Map(entries) = &mut value.data {
        // A word of ours.
        entries.retain(|(key, _)| key.as_str() != Some("persist"));
    }
    let is_used = value.get("config").and_then(Value::as_str) != Some("disabled");
    (is_used && value.get("version").is_some()).then_some(value)
}

/// The fallback as cloud-init describes it, but for the name: udev may give another one.
fn without_any(links: &[SystemLink]) -> Option<Value<'static>> {
    let network = fallback(links)?;
    let link = network.links.first()?;
    let (name, mac) = (link.id.to_string(), link.mac?.to_string());
    let yes = || Value::bare(Data::Bool(true));
    let nic = map(vec![("dhcp4", yes()), ("dhcp6", yes()), ("match", map(vec![("macaddress", word(mac))]))]);
    let ethernets = Value::bare(Data::Map(vec![(word(name), nic)]));
    Some(map(vec![("ethernets", ethernets), ("version", Value::bare(Data::Int(2)))]))
}

fn written(value: &Value<'_>) -> String {
    let mut text = String::new();
    json::write(value, Style::File, &mut text);
    text.push('\n');
    text
}

fn word<'a>(text: impl Into<std::borrow::Cow<'a, str>>) -> Value<'a> {
    Value::bare(Data::Str(text.into()))
}

fn map<'a>(entries: Vec<(&'a str, Value<'a>)>) -> Value<'a> {
    Value::bare(Data::Map(entries.into_iter().map(|(key, value)| (word(key), value)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::instance::{File, InstanceId, NETWORK_CONFIG, NETWORK_DATA};
    use glowplug::network::model::Mac;
    use glowplug::network::parse::klibc;

    fn nic(name: &str, last: u8) -> SystemLink {
        SystemLink {
            index: 2,
            name: name.into(),
            alternative_names: Vec::new(),
            mac: Some(Mac([2, 0, 0, 0, 0, last])),
            own_mac: true,
            up: false,
            carrier: true,
            driver: None,
        }
    }

    fn of(file: Option<(&str, &str)>, system: &str, line: &str) -> Option<String> {
        let mut instance = Instance::new(InstanceId::parse("i").unwrap(), "ConfigDrive");
        instance.raw.extend(file.map(|(path, text)| File { path: path.into(), content: text.into() }));
        let system = [("cloud.cfg", yaml::load(system).unwrap())];
        let (line, links) = (KernelLine::parse(line), [nic("eth0", 1), nic("ens9", 2)]);
        let initramfs = line.get("ip").map(|file| {
            Description::Network(klibc::parse(&[("/run/net-eth0.conf", &file.replace(',', "\n"))], &links))
        });
        text(&Sources { instance: &instance, system: &system, line: &line, initramfs, links: &links })
    }

    fn without_spaces(text: Option<String>) -> String {
        text.unwrap().split_whitespace().collect()
    }

    #[test]
    fn the_source_that_counts_is_written_as_json() {
        let two = "{\n \"ethernets\": {\n  \"x\": {}\n },\n \"version\": 2\n}\n";
        let text = "network: {version: 2, ethernets: {x: {}}}";
        let seed = Some((NETWORK_CONFIG, text));
        assert_eq!(of(seed, "{}", "").as_deref(), Some(two));
        let one = "{\n \"config\": [],\n \"version\": 1\n}\n";
        let system = "network: {version: 1, config: [], persist: true}";
        assert_eq!(of(seed, system, "").as_deref(), Some(one));
        // {version: 2, ethernets: {x: {}}}
        let line = "network-config=e3ZlcnNpb246IDIsIGV0aGVybmV0czoge3g6IHt9fX0=";
        assert_eq!(of(None, system, line).as_deref(), Some(two));
        assert_eq!(of(seed, "network: {config: disabled}", ""), None);
        let interfaces = Some((INTERFACES, "auto eth0\niface eth0 inet dhcp\n"));
        let nic = "{\"control\":\"auto\",\"type\":\"dhcp\"}],\"type\":\"physical\"}],\"version\":1}";
        let start = "{\"config\":[{\"name\":\"eth0\",\"subnets\":[";
        assert_eq!(without_spaces(of(interfaces, "{}", "")), [start, nic].concat());
        let start = "{\"config\":[{\"mac_address\":\"02:00:00:00:00:01\",\"name\":\"eth0\",\"subnets\":[";
        let line = "ip=DEVICE=eth0,PROTO=dhcp,IPV4ADDR=192.0.2.7";
        let nic = nic.replace("auto", "manual");
        assert_eq!(without_spaces(of(seed, "{}", line)), [start, &nic].concat());
        assert_eq!(of(Some((NETWORK_DATA, "{")), "{}", ""), None);
        let two = of(seed, "{}", "");
        assert_eq!(of(Some((NETWORK_DATA, text)), "{}", ""), two, "of another kind than its name");
        let nothing = without_spaces(of(Some((NETWORK_DATA, "{}")), "{}", ""));
        assert!(nothing.contains("\"dhcp4\":true"), "{nothing}");
    }

    #[test]
    fn without_a_description_it_is_the_fallback() {
        assert_eq!(
            without_spaces(of(None, "{}", "")),
            "{\"ethernets\":{\"eth0\":{\"dhcp4\":true,\"dhcp6\":true,\"match\":{\"macaddress\":\"02:00:00:00:00:01\"}}},\"version\":2}"
        );
    }
}
