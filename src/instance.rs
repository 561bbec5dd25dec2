//! Who this machine is: identity, metadata, and the raw parts of its seed.

use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use crate::syntax::{json, yaml};
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use nanoserde::SerBin;

/// An instance-id that is safe to keep: 1 to 255 bytes, no control
/// characters, neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq, SerBin)]
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
        Err(Error::new("use instance-id", fill("\"{}\"", &[text]), why))
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
#[derive(Clone, Debug, Default, PartialEq, Eq, SerBin)]
pub struct Machine {
    /// DMI's product UUID; empty where there is none.
    pub product_uuid: String,
    /// Hardware addresses of its NICs, lower-case, sorted.
    pub macs: Vec<String>,
}

/// The metadata every datasource has in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerBin)]
pub struct Metadata {
    /// `local-hostname`.
    pub local_hostname: Option<String>,
    /// SSH keys, a line each, in the seed's order.
    pub public_keys: Vec<String>,
}

/// A file of a seed.
#[derive(Clone, Debug, PartialEq, Eq, SerBin)]
pub struct File {
    /// Its name on the seed; of an injected file the absolute path in the root.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Names of a seed's files in [`Instance::raw`]. Metadata as JSON.
pub const META_DATA: &str = "meta_data.json";
/// Metadata as YAML, of all places it comes from.
pub const META_DATA_YAML: &str = "meta-data";
/// User-data as it came.
pub const USER_DATA: &str = "user_data";
/// The cloud's own user-data, as JSON.
pub const VENDOR_DATA: &str = "vendor_data.json";
/// The same as text of any kind that user-data may have.
pub const VENDOR_DATA_TEXT: &str = "vendor-data";
/// A second one, of the tenant's choice.
pub const VENDOR_DATA2: &str = "vendor_data2.json";
/// The network's description: OpenStack's.
pub const NETWORK_DATA: &str = "network_data.json";
/// The network's description: cloud-init's own, version 1 or 2, as YAML.
pub const NETWORK_CONFIG: &str = "network-config";
/// The network's description: interfaces(5).
pub const INTERFACES: &str = "interfaces";
/// Cloud-config that the datasource itself adds, below everything else a seed
/// says.
pub const DATASOURCE_CONFIG: &str = "datasource-config";
/// ec2/latest/meta-data.json.
pub const EC2_META_DATA: &str = "ec2-meta-data.json";

/// One machine's identity and configuration, as its seed gave it; this is
/// what the instance cache keeps.
#[derive(Clone, Debug, PartialEq, Eq, SerBin)]
pub struct Instance {
    /// Who it is.
    pub id: InstanceId,
    /// Name of the datasource without prefix: `ConfigDrive`.
    pub datasource: String,
    /// What the datasource adds to its name: `[net,ver=2][source=/dev/sr0]`.
    pub detail: String,
    /// Where it was read: a device, a folder, or words for a place without a
    /// path, parted by commas where there are several: `cmdline,/dev/sr0`.
    pub source: String,
    /// `net` or `local`, cloud-init's `dsmode`: here both are done before the
    /// network.
    pub dsmode: String,
    /// Metadata.
    pub metadata: Metadata,
    /// The files of the seed as they were read, empty ones left out; one that
    /// is there and can't be read is empty.
    pub raw: Vec<File>,
    /// Files to be put into the root.
    pub files: Vec<File>,
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
            source: String::new(),
            dsmode: String::new(),
            metadata: Metadata::default(),
            raw: Vec::new(),
            files: Vec::new(),
            machine: Machine::default(),
        }
    }

    /// The file of the seed called `name`; `None` when it has none.
    #[inline(never)]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.raw.iter().find(|file| file.path == name).map(|file| &*file.content)
    }

    /// The network's description with the name that tells its kind
    /// ([`NETWORK_DATA`], [`NETWORK_CONFIG`] or [`INTERFACES`]); a datasource
    /// keeps the one that counts. Empty: there is one and it can't be read.
    #[inline(never)]
    pub fn network(&self) -> Option<(&'static str, &[u8])> {
        [NETWORK_DATA, NETWORK_CONFIG, INTERFACES].iter().find_map(|name| Some((*name, self.file(name)?)))
    }

    /// All metadata, of which [`Instance::metadata`] has what every datasource
    /// shares; null where it can't be read.
    #[inline(never)]
    pub fn meta_data(&self) -> Value<'_> {
        let yaml = self.file(META_DATA_YAML).and_then(|yaml| core::str::from_utf8(yaml).ok());
        let value = match yaml {
            // A file that says nothing is an empty mapping.
            Some(yaml) => yaml::load(yaml).ok().map(|value| match value.data {
                Data::Null => Value::bare(Data::Map(Vec::new())),
                _ => value,
            }),
            None => json::parse(self.file(META_DATA).unwrap_or_default()).ok(),
        };
        value.unwrap_or_else(|| Value::bare(Data::Null))
    }

    /// Takes from `earlier`, the same instance as it was read before, the
    /// files that could not be read this time: a drive that is going bad takes
    /// nothing back. The value: whether there are any.
    #[inline(never)]
    pub fn keep_unread(&mut self, earlier: &Self) -> bool {
        let mut any = false;
        for file in &mut self.raw {
            if file.content.is_empty() {
                file.content.extend_from_slice(earlier.file(&file.path).unwrap_or_default());
                any = true;
            }
        }
        any
    }

    /// The datasource as cloud-init writes it into `I/datasource`.
    pub fn datasource_line(&self) -> String {
        fill("DataSource{}: {}\n", &[&self.datasource, &self.datasource_name()])
    }

    /// The datasource as status.json names it.
    pub fn datasource_name(&self) -> String {
        let mut name = fill("DataSource{} {}", &[&self.datasource, &self.detail]);
        if self.detail.is_empty() {
            name.pop();
        }
        name
    }
}

/// SSH keys as seeds write them: one text of many lines, a list, or a mapping
/// from names to either (cloud-init's `normalize_pubkey_data`). `take` gets
/// one at a time.
#[inline(never)]
pub fn public_keys<'v>(value: &'v Value<'_>, take: &mut dyn FnMut(&'v str)) {
    if let Data::Map(entries) = &value.data {
        return entries.iter().for_each(|(_, value)| key_lines(value, take));
    }
    key_lines(value, take);
}

/// The lines of a text or of a list of texts.
#[inline(never)]
fn key_lines<'v>(value: &'v Value<'_>, take: &mut dyn FnMut(&'v str)) {
    for text in value.items().unwrap_or(core::slice::from_ref(value)) {
        for line in text.as_str().unwrap_or_default().lines() {
            let line = line.trim_ascii();
            if !line.is_empty() {
                take(line);
            }
        }
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
    fn what_can_not_be_read_stays_as_it_was() {
        let instance = |files: &[(&str, &str)]| {
            let mut instance = Instance::new(InstanceId::parse("i").unwrap(), "ConfigDrive");
            let file = |(path, content): &(&str, &str)| File {
                path: (*path).to_owned(),
                content: content.as_bytes().to_vec(),
            };
            instance.raw = files.iter().map(file).collect();
            instance
        };
        let earlier = instance(&[(META_DATA, "old"), (USER_DATA, "old"), (NETWORK_DATA, "old")]);
        let mut now = instance(&[(META_DATA, "new"), (USER_DATA, ""), (VENDOR_DATA, "")]);
        assert!(now.keep_unread(&earlier));
        assert_eq!(now, instance(&[(META_DATA, "new"), (USER_DATA, "old"), (VENDOR_DATA, "")]));
        assert_eq!(now.file(NETWORK_DATA), None, "what is not there any more is gone");
    }

    #[test]
    fn one_description_of_the_network_counts() {
        let mut instance = Instance::new(InstanceId::parse("i").unwrap(), "NoCloud");
        assert_eq!(instance.network(), None);
        for name in [INTERFACES, NETWORK_CONFIG, NETWORK_DATA] {
            instance.raw.push(File { path: name.into(), content: name.into() });
            assert_eq!(instance.network(), Some((name, name.as_bytes())));
        }
    }

    fn public_keys<'v>(value: &'v Value<'_>) -> Vec<&'v str> {
        let mut keys = Vec::new();
        super::public_keys(value, &mut |key| keys.push(key));
        keys
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
