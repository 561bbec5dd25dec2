//! The description of a network that a seed carries, of whatever kind.

use super::{Parsed, eni, network_config, network_data};
use crate::error::{Error, Result};
use crate::network::model::Network;
use crate::syntax::value::{Data, Value};
use crate::syntax::{json, yaml};
use alloc::vec::Vec;

/// What a description comes to.
#[derive(Clone, Debug)]
pub enum Description {
    /// It says nothing: the next source counts.
    Nothing,
    /// `config: disabled`: the network is left alone.
    Disabled,
    /// A network, as far as it can be read.
    Network(Parsed),
}

/// Keys of network_data.json that network configuration does not have.
const OF_NETWORK_DATA: [&str; 3] = ["links", "networks", "services"];

/// Reads the description `bytes`, which has the name `kind` in an instance:
/// `network_data.json`, `network-config` or `interfaces`. Of the first two
/// either may hold what the other is for, as its keys tell, and JSON is YAML.
/// `file` is what messages call it. What is no document is an error; parts that
/// are wrong are among [`Parsed::problems`].
#[inline(never)]
pub fn description(kind: &str, bytes: &[u8], file: &str) -> Result<Description> {
    let text = core::str::from_utf8(bytes).map_err(|_| Error::new("read", file, "it is not UTF-8"))?;
    if kind == crate::instance::INTERFACES {
        // A seed has no files of the machine's that it could include.
        return Ok(of_parsed(eni::parse(text, file, &|_, _| Vec::new())));
    }
    let no_json = match kind {
        crate::instance::NETWORK_DATA => match json::parse(bytes) {
            Ok(value) => return Ok(of_value(value, file)),
            Err(error) => Some(error.in_file(file)),
        },
        _ => None,
    };
    let value = match yaml::load(text) {
        Ok(value) if no_json.is_none() || is_described(&value) => value,
        outcome => {
            return Err(match (no_json, outcome) {
                (Some(error), _) => error,
                (None, Err(error)) => {
                    Error::at("read", file, error.place.line, error.place.column, error.message)
                }
                (None, Ok(_)) => Error::new("read", file, "it is no description"),
            });
        }
    };
    Ok(of_value(value, file))
}

/// Whether a tree has a key of a description.
fn is_described(value: &Value<'_>) -> bool {
    let has = |key: &&str| value.get(key).is_some();
    OF_NETWORK_DATA.iter().any(has) || ["network", "version"].iter().any(has)
}

/// As [`description`], of a tree, with or without a `network:` around it.
#[inline(never)]
pub fn of_value(value: Value<'_>, file: &str) -> Description {
    let inner = value.get("network").unwrap_or(&value);
    match &inner.data {
        Data::Null => return Description::Nothing,
        Data::Map(entries) if entries.is_empty() => return Description::Nothing,
        _ => {}
    }
    if inner.get("config").and_then(Value::as_str) == Some("disabled") {
        return Description::Disabled;
    }
    let is_data = OF_NETWORK_DATA.iter().any(|key| inner.get(key).is_some());
    if is_data && inner.get("version").is_none() {
        return of_parsed(network_data::read(inner, file));
    }
    of_parsed(network_config(value, file))
}

/// Of what describes nothing nothing.
fn of_parsed(parsed: Parsed) -> Description {
    let Network { links, dns, routes, .. } = &parsed.network;
    if links.is_empty() && dns.is_empty() && routes.is_empty() && parsed.problems.is_empty() {
        return Description::Nothing;
    }
    Description::Network(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{INTERFACES, NETWORK_CONFIG, NETWORK_DATA};

    #[test]
    fn every_kind_becomes_the_same_network() {
        let one = [
            (NETWORK_DATA, r#"{"links": [{"id": "a", "name": "eth0", "type": "phy"}]}"#),
            (NETWORK_CONFIG, "version: 1\nconfig: [{type: physical, name: eth0}]"),
            (NETWORK_CONFIG, "network:\n  version: 2\n  ethernets: {eth0: {}}"),
            (INTERFACES, "source other\nauto eth0\niface eth0 inet manual\n"),
        ];
        for (kind, text) in one {
            let Ok(Description::Network(parsed)) = description(kind, text.as_bytes(), kind) else {
                panic!("{text}")
            };
            assert_eq!((parsed.network.links.len(), parsed.problems.len()), (1, 0), "{text}");
            assert_eq!(parsed.network.links[0].name.as_deref(), Some("eth0"));
        }
    }

    #[test]
    fn each_is_read_as_what_it_is_whatever_its_name() {
        for (kind, text) in [
            (NETWORK_DATA, "{\"version\": 1, \"config\": [{\"type\": \"physical\", \"name\": \"eth0\"}]}"),
            (NETWORK_DATA, "version: 2\nethernets: {eth0: {dhcp4: true}}\n"),
            (NETWORK_DATA, "network: {version: 2, ethernets: {eth0: {dhcp4: true}}}\n"),
            (NETWORK_DATA, "links:\n- {id: a, name: eth0, type: phy}\n"),
            (NETWORK_CONFIG, r#"{"links": [{"id": "a", "name": "eth0", "type": "phy"}]}"#),
            (NETWORK_CONFIG, "links: [{id: a, name: eth0, type: phy}]\nnetworks: []\n"),
        ] {
            let Ok(Description::Network(parsed)) = description(kind, text.as_bytes(), "seed") else {
                panic!("{text}")
            };
            assert_eq!((parsed.network.links.len(), parsed.problems.len()), (1, 0), "{text}");
            assert_eq!(parsed.network.links[0].name.as_deref(), Some("eth0"), "{text}");
        }
        // What neither is stays JSON's error.
        for text in ["{\"links\": [", "links", "- a\n"] {
            let error = description(NETWORK_DATA, text.as_bytes(), "seed").unwrap_err().to_string();
            assert!(error.contains("seed:1:"), "{error}");
        }
    }

    #[test]
    fn a_description_without_links_is_none() {
        for (kind, text) in [
            (NETWORK_DATA, "{}"),
            (NETWORK_DATA, r#"{"links": [], "networks": [], "services": []}"#),
            (NETWORK_CONFIG, "version: 1\nconfig: []\n"),
            (NETWORK_CONFIG, "network: {version: 2, renderer: networkd, ethernets: {}}\n"),
            (INTERFACES, "# nothing\n"),
        ] {
            assert!(matches!(description(kind, text.as_bytes(), "x"), Ok(Description::Nothing)), "{text}");
        }
    }

    #[test]
    fn nothing_and_disabled_are_told_apart() {
        let read = |text: &str| description(NETWORK_CONFIG, text.as_bytes(), "seed");
        for text in ["", "# nothing\n", "{}", "network:\n", "network: {}"] {
            assert!(matches!(read(text), Ok(Description::Nothing)), "{text:?}");
        }
        for text in ["config: disabled", "network: {config: disabled}", "{version: 1, config: disabled}"] {
            assert!(matches!(read(text), Ok(Description::Disabled)), "{text:?}");
        }
        let Ok(Description::Network(parsed)) = read("[]") else { panic!() };
        assert_eq!(parsed.problems.len(), 1);
    }

    #[test]
    fn what_is_no_document_is_an_error_with_its_place() {
        let error = |kind, bytes: &[u8]| description(kind, bytes, "seed").unwrap_err().to_string();
        assert!(error(NETWORK_CONFIG, b"version: 1\nconfig: [").starts_with("unable to read seed:2:"));
        assert_eq!(error(INTERFACES, b"\xff"), "unable to read seed: it is not UTF-8");
        assert!(error(NETWORK_DATA, b"{").starts_with("unable to "));
    }
}
