//! What a machine's hardware must be for its seed: one NIC for each MAC the
//! seed's `network_data.json` names.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use miniserde::json::{self, Array, Object, Value};

/// NICs that fit a PC's PCI bus beside its other devices.
const MOST_NICS: usize = 24;

/// The NIC of a machine whose seed names none: QEMU's own default.
const DEFAULT: Mac = Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

/// Kinds of link that are made of others (`network_data.json`).
const MADE_OF_OTHERS: [&str; 2] = ["bond", "vlan"];

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mac([u8; 6]);

impl Mac {
    /// Reads `52:54:00:12:34:56`, in either case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut pairs = text.split(':');
        for byte in &mut bytes {
            let pair = pairs.next().filter(|pair| pair.len() == 2)?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        pairs.next().is_none().then_some(Self(bytes))
    }

    /// Whether a NIC may have it: neither multicast nor zero.
    fn is_station(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.0.map(|byte| format!("{byte:02x}"));
        f.write_str(&pairs.join(":"))
    }
}

/// The NICs of a machine, in the order of the seeds.
#[derive(Debug, Default)]
pub(crate) struct Nics {
    /// Their addresses; each once.
    pub(crate) macs: Vec<Mac>,
    /// What could not be had, a sentence each.
    pub(crate) remarks: Vec<String>,
}

impl Nics {
    /// The NICs all the `seeds` together name; one with QEMU's default address
    /// where they name none.
    pub(crate) fn of(seeds: &[&Path]) -> Self {
        let mut nics = Self::default();
        for seed in seeds {
            let Some(file) = network_data(seed) else { continue };
            match read_links(&file) {
                Some(links) => nics.add(&links),
                None => nics.remarks.push(format!("{} is not JSON with links", file.display())),
            }
        }
        if nics.macs.is_empty() {
            nics.macs.push(DEFAULT);
        }
        nics
    }

    fn add(&mut self, links: &Array) {
        for link in links {
            let Value::Object(link) = link else { continue };
            if text(link, "type").is_some_and(|kind| MADE_OF_OTHERS.contains(&kind)) {
                continue;
            }
            let Some(written) = text(link, "ethernet_mac_address") else { continue };
            match Mac::parse(written) {
                Some(mac) if self.macs.contains(&mac) => {}
                Some(mac) if mac.is_station() && self.macs.len() < MOST_NICS => self.macs.push(mac),
                Some(mac) if mac.is_station() => {
                    self.remarks.push(format!("no NIC with {mac}: {MOST_NICS} are the most a machine has"));
                }
                _ => {
                    self.remarks.push(format!("no NIC with {written}: it is no address of a single machine"));
                }
            }
        }
    }
}

/// The seed's `network_data.json`: of `latest`, else of the newest version.
fn network_data(seed: &Path) -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        fs::read_dir(seed.join("openstack")).ok()?.flatten().map(|entry| entry.path()).collect();
    // letters sort after digits: `latest` after every date
    versions.sort();
    versions.into_iter().rev().map(|version| version.join("network_data.json")).find(|file| file.exists())
}

fn read_links(file: &Path) -> Option<Array> {
    let mut data: Object = json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    match data.remove("links")? {
        Value::Array(links) => Some(links),
        _ => None,
    }
}

fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    match object.get(key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_station_addresses_become_nics() {
        let links = r#"[{"type": "phy", "ethernet_mac_address": "52:54:00:AA:00:01"},
            {"type": "bond", "ethernet_mac_address": "52:54:00:aa:00:09"},
            {"ethernet_mac_address": "52:54:00:aa:00:01"}, {"ethernet_mac_address": 7}, null,
            {"ethernet_mac_address": "01:54:00:aa:00:02"}, {"ethernet_mac_address": "52:54:00:aa:00:0"}]"#;
        let mut nics = Nics::default();
        nics.add(&json::from_str(links).unwrap());
        assert_eq!(nics.macs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["52:54:00:aa:00:01"]);
        assert_eq!(nics.remarks.len(), 2, "{:?}", nics.remarks);
    }
}
