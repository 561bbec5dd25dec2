//! Who this machine is: identity, metadata, and the raw parts of its seed.

use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use nanoserde::{DeBin, SerBin};

/// An instance-id that is safe to keep: 1 to 255 bytes, no control
/// characters, neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq, SerBin, DeBin)]
pub struct InstanceId(String);

impl InstanceId {
    /// Takes an instance-id from a seed; surrounding blanks are dropped.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_ascii();
        let why = match text {
            "" => "it is empty",
            "." | ".." => "it names a directory",
            _ if text.len() > 255 => "it is longer than 255 bytes",
            _ if text.chars().any(char::is_control) => "it has control characters",
            _ => return Ok(Self(text.to_owned())),
        };
        Err(Error::new("use instance-id", ["\"", text, "\""].concat(), why))
    }

    /// The instance-id as the seed gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its directory's name under /var/lib/cloud/instances: `/` becomes `_`.
    pub fn directory_name(&self) -> String {
        self.0.replace('/', "_")
    }
}

/// What tells one machine from a copy of its disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerBin, DeBin)]
pub struct Machine {
    /// DMI's product UUID; empty where there is none.
    pub product_uuid: String,
    /// Hardware addresses of its NICs, lower-case, sorted.
    pub macs: Vec<String>,
}

/// The metadata every datasource has in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerBin, DeBin)]
pub struct Metadata {
    /// `local-hostname`.
    pub local_hostname: Option<String>,
    /// SSH keys, a line each, in the seed's order.
    pub public_keys: Vec<String>,
}

/// A file the seed wants in the root before anything else.
#[derive(Clone, Debug, PartialEq, Eq, SerBin, DeBin)]
pub struct InjectedFile {
    /// Absolute path in the root.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The files of a seed as they were read; empty where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerBin, DeBin)]
pub struct Raw {
    /// `meta_data.json`.
    pub meta_data: Vec<u8>,
    /// `user_data`.
    pub user_data: Vec<u8>,
    /// `vendor_data.json`.
    pub vendor_data: Vec<u8>,
    /// `vendor_data2.json`.
    pub vendor_data2: Vec<u8>,
    /// `network_data.json`; `None` when the seed says nothing of the network,
    /// empty when what it says can't be read.
    pub network_data: Option<Vec<u8>>,
    /// ec2/latest/meta-data.json.
    pub ec2_meta_data: Vec<u8>,
}

/// One machine's identity and configuration, as its seed gave it; this is
/// what the instance cache keeps.
#[derive(Clone, Debug, PartialEq, Eq, SerBin, DeBin)]
pub struct Instance {
    /// Who it is.
    pub id: InstanceId,
    /// Name of the datasource without prefix: `ConfigDrive`.
    pub datasource: String,
    /// What the datasource adds to its name: `[net,ver=2][source=/dev/sr0]`.
    pub detail: String,
    /// Metadata.
    pub metadata: Metadata,
    /// The files.
    pub raw: Raw,
    /// Files to be put into the root.
    pub files: Vec<InjectedFile>,
    /// The machine this was read on.
    pub machine: Machine,
}

impl Instance {
    /// An instance of which nothing but its identity is known.
    pub fn new(id: InstanceId, datasource: &str) -> Self {
        Self {
            id,
            datasource: datasource.into(),
            detail: String::new(),
            metadata: Metadata::default(),
            raw: Raw::default(),
            files: Vec::new(),
            machine: Machine::default(),
        }
    }

    /// Takes from `earlier`, the same instance as it was read before, the
    /// files that could not be read this time: a drive that is going bad takes
    /// nothing back.
    pub fn keep_unread(&mut self, earlier: &Self) {
        let keep = |now: &mut Vec<u8>, before: &Vec<u8>| {
            if now.is_empty() {
                now.clone_from(before);
            }
        };
        let (now, before) = (&mut self.raw, &earlier.raw);
        keep(&mut now.user_data, &before.user_data);
        keep(&mut now.vendor_data, &before.vendor_data);
        keep(&mut now.vendor_data2, &before.vendor_data2);
        keep(&mut now.ec2_meta_data, &before.ec2_meta_data);
        if now.network_data.as_ref().is_some_and(Vec::is_empty) {
            now.network_data.clone_from(&before.network_data);
        }
    }

    /// The datasource as cloud-init writes it into `I/datasource`.
    pub fn datasource_line(&self) -> String {
        ["DataSource", &self.datasource, ": ", &self.datasource_name(), "\n"].concat()
    }

    /// The datasource as status.json names it.
    pub fn datasource_name(&self) -> String {
        ["DataSource", &self.datasource, " ", &self.detail].concat()
    }
}

/// SSH keys as seeds write them: one text of many lines, a list, or a mapping
/// from names to either (cloud-init's `normalize_pubkey_data`).
pub fn public_keys(value: &Value<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    match &value.data {
        Data::Map(entries) => entries.iter().for_each(|(_, value)| key_lines(value, &mut keys)),
        _ => key_lines(value, &mut keys),
    }
    keys
}

/// The lines of a text or of a list of texts.
#[inline(never)]
fn key_lines(value: &Value<'_>, keys: &mut Vec<String>) {
    let texts = value.items().unwrap_or(core::slice::from_ref(value));
    for text in texts.iter().filter_map(Value::as_str) {
        let lines = text.lines().map(str::trim_ascii).filter(|line| !line.is_empty());
        keys.extend(lines.map(ToOwned::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_never_becomes_another_path() {
        assert_eq!(InstanceId::parse("a/../b").unwrap().directory_name(), "a_.._b");
        for bad in ["", " ", ".", "..", "a\0b", "a\nb", &"x".repeat(256)] {
            assert!(InstanceId::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            InstanceId::parse("..").unwrap_err().to_string(),
            "unable to use instance-id \"..\": it names a directory"
        );
    }

    #[test]
    fn keys_come_as_text_list_or_mapping() {
        let text = |text: &str| Value::bare(Data::Str(text.to_owned().into()));
        assert_eq!(public_keys(&text("a 1\n\n b 2 ")), ["a 1", "b 2"]);
        let list = Value::bare(Data::Seq(vec![text("a"), text("b\nc")]));
        assert_eq!(public_keys(&list), ["a", "b", "c"]);
        let map = Value::bare(Data::Map(vec![(text("mine"), text("a")), (text("yours"), list)]));
        assert_eq!(public_keys(&map), ["a", "a", "b", "c"]);
        assert!(public_keys(&Value::bare(Data::Null)).is_empty());
    }
}
