//! `ws_virt_network_dep`: further addresses of the machines of a group, each
//! found by the virtual (public) address it was created with.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::{Error, Result};
use crate::ip::Ip;
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[Key::new(NAME, Kind::MapOf(&Kind::MapOf(&PORT)))];

static PORT: Kind = Kind::Map(&[
    Key::new("ip", Kind::Text).required(),
    Key::new("netmask", Kind::Scalar).required(),
    Key::new("gateway", Kind::Text),
]);

const NAME: &str = "ws_virt_network_dep";

const DOING: &str = "add the address at";

/// An address for one of the machine's NICs.
#[derive(Clone, Copy, Debug)]
pub struct Port<'a> {
    setting: Setting<'a>,
    value: &'a Value<'a>,
    /// Which NIC, counted from 0.
    pub number: usize,
    /// The address.
    pub ip: Ip,
    /// Bits of its network.
    pub length: u8,
    /// The gateway of its network.
    pub gateway: Option<Ip>,
}

impl Port<'_> {
    /// Why it can't be added, with its place.
    pub fn problem(&self, why: &str) -> Error {
        self.setting.error(DOING, self.value, why)
    }
}

/// The addresses of the machine that has the addresses `own`, or of the only
/// one there is. What makes no sense is a problem, and the others count.
#[inline(never)]
pub fn ports<'a>(config: &CloudConfig<'a>, own: &[Ip], problems: &mut Vec<Error>) -> Vec<Port<'a>> {
    let Some(setting) = config.get(NAME) else { return Vec::new() };
    let is_own =
        |key: &Value<'_>| key.as_str().and_then(|key| key.parse().ok()).is_some_and(|key| own.contains(&key));
    let entries = setting.value.entries();
    let mut matching = entries.iter().filter(|(key, _)| is_own(key));
    let entry = match (matching.next(), entries) {
        (Some(entry), _) => entry,
        (None, [only]) => only,
        (None, _) => {
            let why = "no entry is this machine's: it has none of these addresses";
            problems.push(setting.error(DOING, setting.value, why));
            return Vec::new();
        }
    };
    if let Some((second, _)) = matching.next() {
        let why = "a second entry has an address of this machine; neither counts";
        problems.push(setting.error(DOING, second, why));
        return Vec::new();
    }
    let mut ports = Vec::new();
    for (key, value) in entry.1.entries() {
        match port(setting, key, value) {
            Ok(port) => ports.push(port),
            Err(problem) => problems.push(problem),
        }
    }
    ports
}

#[inline(never)]
fn port<'a>(setting: Setting<'a>, key: &'a Value<'a>, value: &'a Value<'a>) -> Result<Port<'a>> {
    let name = key.as_str().unwrap_or_default();
    let number = name.strip_prefix("port_").and_then(|number| number.parse::<usize>().ok());
    let Some(number) = number else {
        return Err(setting.error(DOING, key, "ports are called port_0 (the first NIC), port_1, …"));
    };
    let address = |key: &str| value.get_set(key)?.as_str()?.trim_ascii().parse::<Ip>().ok();
    let wrong = |what: &str| setting.error(DOING, value, &fill("{} is missing or not right", &[what]));
    let ip = address("ip").ok_or_else(|| wrong("ip"))?;
    let length = match value.get_set("netmask").map(|netmask| &netmask.data) {
        Some(Data::Int(length)) => u8::try_from(*length).ok(),
        Some(Data::Str(text)) => match text.trim_ascii().parse::<u8>() {
            Ok(length) => Some(length),
            Err(_) => text
                .trim_ascii()
                .parse::<Ip>()
                .ok()
                .filter(|mask| mask.is_ipv6() == ip.is_ipv6())
                .and_then(Ip::mask_length),
        },
        _ => None,
    };
    let length = length.filter(|length| *length <= ip.bits()).ok_or_else(|| wrong("netmask"))?;
    let gateway = match value.get_set("gateway") {
        None => None,
        Some(_) => Some(
            address("gateway")
                .filter(|gateway| gateway.is_ipv6() == ip.is_ipv6())
                .ok_or_else(|| wrong("gateway"))?,
        ),
    };
    Ok(Port { setting, value, number, ip, length, gateway })
}

/// The addresses that ec2/latest/meta-data.json says the machine has, within
/// the cloud and outside.
#[inline(never)]
pub fn metadata_addresses(ec2: Option<&[u8]>) -> Vec<Ip> {
    let tree = ec2.and_then(|text| json::parse(text).ok());
    let Some(tree) = tree else { return Vec::new() };
    let address = |key: &&str| tree.get(key)?.as_str()?.parse().ok();
    ["public-ipv4", "local-ipv4"].iter().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    const GROUP: &str = "ws_virt_network_dep:\n  203.0.113.1:\n    port_1: {ip: 10.0.0.1, netmask: 255.255.255.0}\n  \
                         203.0.113.2:\n    port_2: {ip: 10.0.0.2, netmask: 24, gateway: 10.0.0.254}\n    port_1: {ip: 'fd00::2', netmask: 64}\n";

    fn found(text: &'static str, own: &[&str]) -> (Vec<String>, Vec<String>) {
        let own: Vec<Ip> = own.iter().map(|ip| ip.parse().unwrap()).collect();
        let mut problems = Vec::new();
        let config = layer(text);
        let ports = ports(&config, &own, &mut problems);
        let text = |port: &Port<'_>| {
            format!("{} {}/{} {:?}", port.number, port.ip, port.length, port.gateway.map(|ip| ip.to_string()))
        };
        (ports.iter().map(text).collect(), problems.iter().map(|problem| problem.text().to_owned()).collect())
    }

    #[test]
    fn the_entry_is_found_by_an_address() {
        assert_eq!(
            found(GROUP, &["192.0.2.1", "203.0.113.2"]).0,
            ["2 10.0.0.2/24 Some(\"10.0.0.254\")", "1 fd00::2/64 None"]
        );
        assert_eq!(
            found("ws_virt_network_dep: {203.0.113.9: {port_1: {ip: 10.0.0.1, netmask: 8}}}", &[]).0,
            ["1 10.0.0.1/8 None"]
        );
        assert_eq!(
            found(GROUP, &["192.0.2.1"]).1,
            [
                "unable to add the address at user-data:2:3: no entry is this machine's: it has none of these addresses"
            ]
        );
        assert_eq!(
            found(GROUP, &["203.0.113.1", "203.0.113.2"]),
            (
                vec![],
                vec![
                    "unable to add the address at user-data:4:3: a second entry has an address of this machine; neither counts".to_owned()
                ]
            )
        );
    }

    #[test]
    fn ports_that_make_no_sense_are_told() {
        let text = "ws_virt_network_dep:\n  a:\n    eth0: {ip: 10.0.0.1, netmask: 8}\n    port_1: {netmask: 8}\n    \
                    port_2: {ip: 10.0.0.1, netmask: 255.0.255.0}\n    port_3: {ip: 10.0.0.1, netmask: 8, gateway: '::1'}\n";
        assert_eq!(
            found(text, &[]).1,
            [
                "unable to add the address at user-data:3:5: ports are called port_0 (the first NIC), port_1, …",
                "unable to add the address at user-data:4:13: ip is missing or not right",
                "unable to add the address at user-data:5:13: netmask is missing or not right",
                "unable to add the address at user-data:6:13: gateway is missing or not right",
            ]
        );
        let metadata = br#"{"public-ipv4": "203.0.113.2", "local-ipv4": ""}"#;
        assert_eq!(metadata_addresses(Some(metadata)), ["203.0.113.2".parse().unwrap()]);
    }
}
