//! Beside cloud-init: the seed, checked, is handed to the cloud-init of the
//! root as a NoCloud seed under /run, and all but the network is left to it.
//!
//! cloud-init reads /etc/cloud/cloud.cfg.d/*.cfg. One of them is a link into
//! /run: it is what switches this on, and it leads nowhere in a boot without a
//! seed, when cloud-init is to look for itself.

use super::consume::vendor_texts;
use super::handoff::{self, write};
use crate::action::Action;
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::instance::{Instance, META_DATA_YAML, USER_DATA, VENDOR_DATA, VENDOR_DATA_TEXT, VENDOR_DATA2};
use crate::syntax::encoding::base64;
use crate::syntax::value::{Data, Value};
use crate::syntax::{json, yaml};
use crate::sys::root::Root;
use crate::text::fill;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The link in the root; its name is behind those of distributions.
pub const LINK: &str = "/etc/cloud/cloud.cfg.d/zz-glowplug.cfg";

/// Where it leads.
pub const CONFIG: &str = "/run/glowplug/cloud.cfg";

/// What ds-identify leaves: it goes before /etc/cloud. Written too for where no
/// agent ran, when that has looked already.
const IDENTIFIED: &str = "/run/cloud-init/cloud.cfg";

/// The seed that cloud-init reads.
pub const SEED: &str = "/run/glowplug/nocloud";

/// The instance, for a boot whose drive is gone; cloud-init keeps its own.
pub const CACHE: &str = "/var/lib/glowplug/instance.cache";

/// Whether the root's cloud-init is to get the seed.
pub fn is_on(root: &Root) -> bool {
    root.read_link(LINK).as_deref() == Some(CONFIG)
}

/// The instance of the last boot; `None` when there is none.
pub fn cached(root: &dyn Fetch) -> Result<Option<Box<Instance>>> {
    handoff::read(root, CACHE)
}

/// Keys of metadata that are done with: the network is ours, and nothing else
/// is to be fetched.
static OURS: [&str; 2] = ["network-interfaces", "seedfrom"];

/// The files that hand `instance` over; the network is ours.
#[inline(never)]
pub fn plan(instance: &Instance, problems: &mut Vec<Error>, take: &mut dyn FnMut(Action)) {
    take(Action::make_directory(SEED, 0o700));
    let mut file = |name: &str, content: &[u8]| {
        write(&fill("{}/{}", &[SEED, name]), content, 0o600, take);
    };
    file("meta-data", meta_data(instance).as_bytes());
    file("user-data", instance.file(USER_DATA).unwrap_or_default());
    let vendor_data = vendor_data(instance, problems);
    if !vendor_data.is_empty() {
        file("vendor-data", &vendor_data);
    }
    // No drive is looked at once more: what counts is what was checked.
    let config = fill(
        "# The seed that glowplug read and checked.\n\
         datasource_list: [ NoCloud, None ]\n\
         datasource:\n  NoCloud:\n    seedfrom: {}/\n    fs_label: null\n\
         network:\n  config: disabled\n",
        &[SEED],
    );
    for path in &[CONFIG, IDENTIFIED] {
        write(path, config.as_bytes(), 0o644, take);
    }
}

/// Metadata as YAML: all that the seed says, with the names that NoCloud has
/// for it, and the random bytes as a config drive's datasource decodes them.
#[inline(never)]
fn meta_data(instance: &Instance) -> String {
    let text = |text: &str| Value::bare(Data::Str(text.to_string().into()));
    let mut entries = Vec::from([(text("instance-id"), text(instance.id.as_str()))]);
    let mut put = |key: &str, value| entries.push((text(key), value));
    if let Some(name) = &instance.metadata.local_hostname {
        put("local-hostname", text(name));
    }
    if !instance.metadata.public_keys.is_empty() {
        put(
            "public-keys",
            Value::bare(Data::Seq(instance.metadata.public_keys.iter().map(|key| text(key)).collect())),
        );
    }
    // A dsmode that is wrong was told when the seed was read.
    put("dsmode", text(&instance.dsmode));
    let all = instance.meta_data();
    let random = all.get("random_seed").and_then(Value::as_str);
    if let Some(random) = random.filter(|_| instance.file(META_DATA_YAML).is_none())
        && let Ok(bytes) = base64(random.as_bytes())
    {
        put("random_seed", Value::bare(Data::Bytes(bytes.into())));
    }
    let mut merged = Value::bare(Data::Map(entries));
    merged.fill_in(all);
    if let Data::Map(entries) = &mut merged.data {
        entries.retain(|(key, _)| !key.as_str().is_some_and(|key| OURS.contains(&key)));
    }
    yaml::emit::dump_decimal(&merged)
}

/// Vendor-data of both kinds as one text: NoCloud has one. Of what both say
/// the second counts, as in an archive what comes later.
#[inline(never)]
fn vendor_data(instance: &Instance, problems: &mut Vec<Error>) -> Vec<u8> {
    if let Some(text) = instance.file(VENDOR_DATA_TEXT) {
        return text.to_vec();
    }
    let mut texts: Vec<String> = Vec::new();
    for name in &[VENDOR_DATA, VENDOR_DATA2] {
        let raw = instance.file(name).unwrap_or_default();
        // Why it is none was told when the seed was read.
        let Ok(value) = json::parse(raw) else { continue };
        for text in vendor_texts(&value, name, problems) {
            texts.extend(text.as_str().map(String::from));
        }
    }
    if let [text] = &mut *texts {
        return core::mem::take(text).into_bytes();
    }
    let mut archive = String::new();
    for text in &texts {
        if archive.is_empty() {
            archive.push_str("#cloud-config-archive\n");
        }
        archive.push_str(&fill("- {}\n", &[&quoted(text)]));
    }
    archive.into_bytes()
}

/// A text in YAML's double quotes.
#[inline(never)]
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() || control == '\u{feff}' => {
                quoted.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    let digit = u32::from(control) >> shift & 15;
                    quoted.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::META_DATA;
    use crate::instance::{File, InstanceId};
    use crate::syntax::yaml;

    fn planned(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut instance = Instance::new(InstanceId::parse("i \"1\"").unwrap(), "ConfigDrive");
        instance.metadata.local_hostname = Some("h\u{1}\\".into());
        instance.metadata.public_keys = vec!["ssh-rsa A é".into()];
        instance.dsmode = "net".into();
        for (path, content) in files {
            instance.raw.push(File { path: (*path).into(), content: (*content).into() });
        }
        let (mut written, mut problems) = (Vec::new(), Vec::new());
        plan(&instance, &mut problems, &mut |action| {
            if let Action::WriteFile(file) = action {
                assert!(file.mode == 0o600 || file.path.ends_with("cloud.cfg"), "{}", file.path);
                written.push((file.path, String::from_utf8(file.content).unwrap()));
            }
        });
        assert_eq!(problems, []);
        written
    }

    fn text<'t>(written: &'t [(String, String)], name: &str) -> &'t str {
        &written.iter().find(|(path, _)| path.ends_with(name)).unwrap().1
    }

    #[test]
    fn metadata_is_all_that_the_seed_says() {
        let json =
            r#"{"launch_index": 3, "availability_zone": "n", "meta": {"role": "x"}, "random_seed": "/w=="}"#;
        let written = planned(&[(META_DATA, json), (USER_DATA, "#!/bin/sh\n")]);
        let value = yaml::load(text(&written, "/meta-data")).unwrap();
        assert_eq!(value.get("instance-id").unwrap().as_str(), Some("i \"1\""));
        assert_eq!(value.get("local-hostname").unwrap().as_str(), Some("h\u{1}\\"));
        assert_eq!(value.get("launch_index").unwrap().as_int(), Some(3));
        assert_eq!(value.get("availability_zone").unwrap().as_str(), Some("n"));
        assert_eq!(value.get("meta").unwrap().get("role").unwrap().as_str(), Some("x"));
        assert_eq!(value.get("random_seed").unwrap().data, Data::Bytes(b"\xff"[..].into()));
        let keys = value.get("public-keys").unwrap().items().unwrap();
        assert_eq!(keys[0].as_str(), Some("ssh-rsa A é"));
        assert_eq!(text(&written, "/user-data"), "#!/bin/sh\n");
        let config = yaml::load(text(&written, "/run/glowplug/cloud.cfg")).unwrap();
        let seed = config.get("datasource").unwrap().get("NoCloud").unwrap().get("seedfrom").unwrap();
        assert_eq!(seed.as_str(), Some("/run/glowplug/nocloud/"));
        assert!(!written.iter().any(|(path, _)| path.ends_with("/vendor-data")));
    }

    #[test]
    fn a_seed_of_nocloud_is_passed_on_as_it_is() {
        let yaml = "instance-id: other\nrole: {a: [1, x]}\nrandom_seed: text\nseedfrom: /else/\n\
                    network-interfaces: auto eth0\n";
        let written = planned(&[(META_DATA_YAML, yaml), (VENDOR_DATA_TEXT, "#cloud-config\na: 1\n")]);
        let value = yaml::load(text(&written, "/meta-data")).unwrap();
        let keys: Vec<_> = value.entries().iter().map(|(key, _)| key.as_str().unwrap()).collect();
        assert_eq!(keys, ["dsmode", "instance-id", "local-hostname", "public-keys", "random_seed", "role"]);
        assert_eq!(value.get("instance-id").unwrap().as_str(), Some("i \"1\""), "what was checked counts");
        assert_eq!(value.get("random_seed").unwrap().as_str(), Some("text"));
        assert_eq!(text(&written, "/vendor-data"), "#cloud-config\na: 1\n");
    }

    #[test]
    fn two_kinds_of_vendor_data_are_one_text() {
        let one = planned(&[(VENDOR_DATA, r##""#cloud-config\na: 1\n""##)]);
        assert_eq!(text(&one, "/vendor-data"), "#cloud-config\na: 1\n");
        let two = planned(&[
            (VENDOR_DATA, r##"{"cloud-init": ["#cloud-config\na: \"1\"\n", "#!/bin/sh\n"]}"##),
            (VENDOR_DATA2, r##""#cloud-config\nb: 2\n""##),
        ]);
        let archive = text(&two, "/vendor-data");
        assert!(archive.starts_with("#cloud-config-archive\n"), "{archive}");
        let value = yaml::load(archive).unwrap();
        let texts: Vec<_> = value.items().unwrap().iter().map(|item| item.as_str().unwrap()).collect();
        assert_eq!(texts, ["#cloud-config\na: \"1\"\n", "#!/bin/sh\n", "#cloud-config\nb: 2\n"]);
    }
}
