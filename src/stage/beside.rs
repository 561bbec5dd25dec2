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
use crate::instance::{Instance, USER_DATA, VENDOR_DATA, VENDOR_DATA_TEXT, VENDOR_DATA2};
use crate::syntax::json;
use crate::syntax::value::Value;
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
        file("vendor-data", vendor_data.as_bytes());
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

/// What cloud-init asks of metadata, as YAML.
#[inline(never)]
fn meta_data(instance: &Instance) -> String {
    let mut text = fill("instance-id: {}\n", &[&quoted(instance.id.as_str())]);
    if let Some(name) = &instance.metadata.local_hostname {
        text.push_str(&fill("local-hostname: {}\n", &[&quoted(name)]));
    }
    let all = instance.meta_data();
    let index = all.get("launch_index").or_else(|| all.get("launch-index"));
    if let Some(index) = index.and_then(Value::as_int) {
        text.push_str(&fill("launch-index: {}\n", &[&index.to_string()]));
    }
    if !instance.metadata.public_keys.is_empty() {
        text.push_str("public-keys:\n");
        for key in &instance.metadata.public_keys {
            text.push_str(&fill("- {}\n", &[&quoted(key)]));
        }
    }
    text
}

/// Vendor-data of both kinds as one text: NoCloud has one. Of what both say
/// the second counts, as in an archive what comes later.
#[inline(never)]
fn vendor_data(instance: &Instance, problems: &mut Vec<Error>) -> String {
    if let Some(text) = instance.file(VENDOR_DATA_TEXT) {
        return String::from_utf8_lossy(text).into_owned();
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
        return core::mem::take(text);
    }
    let mut archive = String::new();
    for text in &texts {
        if archive.is_empty() {
            archive.push_str("#cloud-config-archive\n");
        }
        archive.push_str(&fill("- {}\n", &[&quoted(text)]));
    }
    archive
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
    fn metadata_is_yaml_that_says_the_same() {
        let written = planned(&[(META_DATA, r#"{"launch_index": 3}"#), (USER_DATA, "#!/bin/sh\n")]);
        let value = yaml::load(text(&written, "/meta-data")).unwrap();
        assert_eq!(value.get("instance-id").unwrap().as_str(), Some("i \"1\""));
        assert_eq!(value.get("local-hostname").unwrap().as_str(), Some("h\u{1}\\"));
        assert_eq!(value.get("launch-index").unwrap().as_int(), Some(3));
        let keys = value.get("public-keys").unwrap().items().unwrap();
        assert_eq!(keys[0].as_str(), Some("ssh-rsa A é"));
        assert_eq!(text(&written, "/user-data"), "#!/bin/sh\n");
        let config = yaml::load(text(&written, "/run/glowplug/cloud.cfg")).unwrap();
        let seed = config.get("datasource").unwrap().get("NoCloud").unwrap().get("seedfrom").unwrap();
        assert_eq!(seed.as_str(), Some("/run/glowplug/nocloud/"));
        assert!(!written.iter().any(|(path, _)| path.ends_with("/vendor-data")));
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
