//! The description of a network that a seed carries, of whatever kind.

use super::{Parsed, eni, network_config, network_data};
use crate::error::{Error, Result};
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

/// Reads the description `bytes`, whose kind is told by the name it has in an
/// instance: `network_data.json`, `network-config` (version 1 or 2) or
/// `interfaces`. `file` is what messages call it. What is no document of its
/// kind is an error; parts that are wrong are among [`Parsed::problems`].
#[inline(never)]
pub fn description(kind: &str, bytes: &[u8], file: &str) -> Result<Description> {
    if kind == crate::instance::NETWORK_DATA {
        let value = json::parse(bytes).map_err(|error| error.in_file(file))?;
        return Ok(Description::Network(network_data::parse(&value)));
    }
    let text = core::str::from_utf8(bytes).map_err(|_| Error::new("read", file, "it is not UTF-8"))?;
    if kind == crate::instance::INTERFACES {
        // A seed has no files of the machine's that it could include.
        return Ok(Description::Network(eni::parse(text, file, &|_, _| Vec::new())));
    }
    let value = yaml::load(text)
        .map_err(|error| Error::at("read", file, error.place.line, error.place.column, error.message))?;
    Ok(of_value(value, file))
}

/// As [`description`], of cloud-init's network configuration as a tree, with
/// or without a `network:` around it.
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
    Description::Network(network_config(value, file))
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
