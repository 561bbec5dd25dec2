//! The descriptions, and the machine each is for.

use glowplug::network::glob;
use glowplug::network::model::{Kind, Link, Mac, Match, Network};
use glowplug::network::parse::{Description, description};
use std::fs;
use std::path::Path;

/// A description that is judged.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) network: Network,
    nics: Vec<(String, Mac)>,
}

/// How names end, and what such a description is called in a seed.
const KINDS: [(&str, &str); 4] = [
    (".v1.yaml", "network-config"),
    (".v2.yaml", "network-config"),
    (".network_data.json", "network_data.json"),
    (".eni", "interfaces"),
];

/// Every description of tests/data, and those that are here for the judge.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for folder in ["data/net-convert", "data/network-inputs", "judge/cases"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let Some((_, kind)) = KINDS.iter().find(|(end, _)| name.ends_with(end)) else { continue };
            let Ok(Description::Network(parsed)) = description(kind, &fs::read(&path).unwrap(), name) else {
                continue;
            };
            let nics = nics(&parsed.network);
            cases.push(Case { name: name.into(), network: parsed.network, nics });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    /// Whether the kernel of a container has all it is made of.
    pub(crate) fn can_be_judged(&self) -> bool {
        let is_there = |link: &Link| match &link.kind {
            // What the NICs here are.
            Kind::Physical(Match { drivers, .. }) => {
                drivers.is_empty() || drivers.iter().any(|driver| **driver == *"veth")
            }
            Kind::Bridge { .. } | Kind::Loopback | Kind::Undescribed => true,
            Kind::Bond | Kind::Vlan(_) | Kind::Dummy | Kind::Infiniband(_) => false,
        };
        self.network.links.iter().all(is_there) && !self.network.links.is_empty() && self.nics.len() < 40
    }

    /// `NAME=MAC` of each NIC, with spaces between them.
    pub(crate) fn nics(&self) -> String {
        let nics: Vec<String> = self.nics.iter().map(|(name, mac)| format!("{name}={mac}")).collect();
        nics.join(" ")
    }
}

/// A NIC for each that is described, and one that is not: found by MAC address
/// it is called `ens` and a number, else as the description has it.
fn nics(network: &Network) -> Vec<(String, Mac)> {
    let mut nics: Vec<(String, Mac)> = Vec::new();
    let mut add = |name: Option<String>, mac: Option<Mac>| {
        let number = u8::try_from(nics.len() + 1).unwrap_or(u8::MAX);
        let mac = mac.unwrap_or(Mac([2, 0, 0, 0, 1, number]));
        let name = name.unwrap_or_else(|| format!("ens{number}"));
        if !nics.iter().any(|nic| nic.0 == name || nic.1 == mac) {
            nics.push((name, mac));
        }
    };
    for link in &network.links {
        match &link.kind {
            Kind::Physical(Match { names, .. }) if !names.is_empty() => {
                let word = |pattern: &str, star: &str, one: &str| {
                    pattern.replace('*', star).replace('?', one).replace(['[', ']'], "")
                };
                for pattern in names {
                    add(Some(word(pattern, "0", "1")), link.mac);
                    if link.of_several().is_some() && glob::is_pattern(pattern) {
                        add(Some(word(pattern, "s7", "2")), None);
                    }
                }
            }
            Kind::Physical(_) if link.of_several().is_some() => add(None, None),
            Kind::Physical(_) if link.mac.is_some() => add(None, link.mac),
            Kind::Physical(_) | Kind::Undescribed => {
                add(Some(link.name.as_deref().unwrap_or(&link.id).to_string()), None);
            }
            _ => {}
        }
    }
    add(Some("other0".into()), None);
    nics
}
