//! The local datasources against the real cloud-init's: over tests/data/seeds,
//! and over every mixture of places that add to a NoCloud seed.
//!
//! /usr/bin/python3 with cloud-init 22.4 must be there: without it this fails.
//! Differences that are meant stand with their reasons in
//! tests/data/seeds/differences.tsv; one that no longer differs fails too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use glowplug::datasource::{self, Medium, Reading, Surroundings};
use glowplug::instance::{
    DATASOURCE_CONFIG, INTERFACES, Instance, NETWORK_CONFIG, USER_DATA, VENDOR_DATA, VENDOR_DATA_TEXT,
    VENDOR_DATA2,
};
use glowplug::kernel_line::KernelLine;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;
use glowplug::sys::root::Root;
use python::Python;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../support/python.rs"]
mod python;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/seeds")
}

fn oracle() -> Python {
    Python::start(&[data().join("../../support/datasource.py")], None)
}

/// What a datasource is asked about.
#[derive(Default)]
struct Case {
    datasource: String,
    root: PathBuf,
    drive: Option<PathBuf>,
    kernel: String,
    serial: String,
    /// The root's configuration, JSON.
    config: String,
}

impl Case {
    /// The case that a folder of tests/data/seeds is.
    fn of(folder: &Path) -> Self {
        let ask = fs::read_to_string(folder.join("ask.json")).unwrap();
        let ask = json::parse(ask.as_bytes()).unwrap();
        let text = |key| ask.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let has_drive = ask.get("drive").and_then(Value::as_bool) == Some(true);
        Self {
            datasource: text("datasource"),
            root: folder.join("root"),
            drive: has_drive.then(|| folder.join("drive")),
            kernel: text("kernel"),
            serial: text("serial"),
            config: ask.get("config").map_or_else(|| "{}".into(), shown),
        }
    }

    /// The question; the root's path stands for `@ROOT@`.
    fn question(&self) -> String {
        let drive = self.drive.as_ref().map_or("null".into(), |drive| quoted(drive.to_str().unwrap()));
        let root = self.root.to_str().unwrap();
        format!(
            r#"{{"datasource": {}, "root": {}, "drive": {drive}, "kernel": {}, "serial": {}, "config": {}}}"#,
            quoted(&self.datasource),
            quoted(root),
            quoted(&self.kernel.replace("@ROOT@", root)),
            quoted(&self.serial.replace("@ROOT@", root)),
            self.config.replace("@ROOT@", root),
        )
    }

    /// cloud-init's answer.
    fn theirs(&self, oracle: &mut Python) -> String {
        comparable(&shown(&oracle.ask(&self.question())).replace(self.root.to_str().unwrap(), ""))
    }

    /// Our own answer, and what we call the outcome where nothing is claimed.
    fn ours(&self) -> String {
        fs::create_dir_all(&self.root).unwrap();
        let root = Root::open(self.root.to_str().unwrap()).unwrap();
        let line = KernelLine::parse(&self.kernel.replace("@ROOT@", ""));
        let config = self.config.replace("@ROOT@", "");
        let config = [("cloud.cfg", json::parse(config.as_bytes()).unwrap())];
        let firmware = [self.serial.replace("@ROOT@", "")];
        let surroundings = Surroundings {
            root: &root,
            firmware: &firmware,
            kernel: line.get("ds"),
            config: &config,
            remote: None,
        };
        let tree = self.drive.as_ref().map(|drive| Root::open(drive.to_str().unwrap()).unwrap());
        let medium = tree.as_ref().map(|tree| Medium { tree, name: "/dev/vdb" });
        let datasource = datasource::named(&self.datasource).unwrap();
        let mut problems = Vec::new();
        // A drive that is none is passed over by both.
        let mut reading = (datasource.read)(&surroundings, None, &mut problems);
        if medium.is_some() && !matches!(reading, Ok(Reading::Whole(_))) {
            match (datasource.read)(&surroundings, medium.as_ref(), &mut problems) {
                Ok(Reading::Nothing) => {}
                Err(_) if reading.is_ok() && !matches!(reading, Ok(Reading::Nothing)) => {}
                other => reading = other,
            }
        }
        let claimed = match reading {
            Ok(reading) => reading.instance(),
            Err(_) => None,
        };
        claimed.map_or("null".into(), |instance| described(&instance))
    }
}

fn shown(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write(value, Style::File, &mut out);
    out.replace('\n', "")
}

fn quoted(text: &str) -> String {
    shown(&Value::bare(Data::Str(text.into())))
}

fn text_of(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// An instance as the oracle describes one.
fn described(instance: &Instance) -> String {
    let metadata = instance.meta_data();
    let mut keys = String::new();
    for key in &instance.metadata.public_keys {
        let _ = write!(keys, "{}{}", if keys.is_empty() { "" } else { "," }, quoted(key));
    }
    let as_json = |name| instance.file(name).map_or("null".into(), |file| shown(&json::parse(file).unwrap()));
    let (vendor, vendor2) = if instance.datasource == "ConfigDrive" {
        (as_json(VENDOR_DATA), as_json(VENDOR_DATA2))
    } else {
        (quoted(&text_of(instance.file(VENDOR_DATA_TEXT))), "null".into())
    };
    let network = match instance.network() {
        None => "null".into(),
        Some((INTERFACES, text)) => quoted(&text_of(Some(text))),
        Some((NETWORK_CONFIG, text)) => {
            let value = yaml::load(std::str::from_utf8(text).unwrap()).unwrap();
            // cloud-init takes this key off for OVF when it reads, for others later.
            let inner = value.get("network").filter(|_| instance.datasource == "OVF");
            shown(inner.unwrap_or(&value))
        }
        Some((_, text)) => shown(&json::parse(text).unwrap()),
    };
    let config = instance
        .file(DATASOURCE_CONFIG)
        .map_or("{}".into(), |config| shown(&yaml::load(std::str::from_utf8(config).unwrap()).unwrap()));
    format!(
        r#"{{"text": {}, "id": {}, "hostname": {}, "keys": [{keys}], "metadata": {}, "user": {}, "vendor": {vendor}, "vendor2": {vendor2}, "network": {network}, "config": {config}}}"#,
        quoted(&instance.datasource_name()),
        quoted(instance.id.as_str()),
        instance.metadata.local_hostname.as_ref().map_or("null".into(), |name| quoted(name)),
        shown(&metadata),
        quoted(&text_of(instance.file(USER_DATA))),
    )
}

/// An answer without what is told elsewhere in it, or told otherwise: defaults
/// that cloud-init adds to metadata, and all of a first version's.
fn comparable(answer: &str) -> String {
    let mut value = json::parse(answer.as_bytes()).unwrap();
    let is_first = value.get("text").and_then(Value::as_str).is_some_and(|text| text.contains(",ver=1]"));
    if let Data::Map(entries) = &mut value.data {
        entries.retain(|(key, _)| !(is_first && key.as_str() == Some("metadata")));
        for (key, value) in entries {
            if let (Some("metadata"), Data::Map(entries)) = (key.as_str(), &mut value.data) {
                let told = ["instance-id", "dsmode", "local-hostname", "network-config"];
                entries.retain(|(key, _)| !told.contains(&key.as_str().unwrap()));
            }
        }
    }
    shown(&value)
}

/// Cases with a reason to differ.
fn differences() -> Vec<String> {
    let table = fs::read_to_string(data().join("differences.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split_once('\t').expect("case, tab, reason").0.to_owned()).collect()
}

#[test]
fn seeds_are_what_cloud_init_makes_of_them() {
    let mut oracle = oracle();
    let mut expected = differences();
    let (mut claimed, mut wrong) = (0, String::new());
    let mut folders: Vec<PathBuf> =
        fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() >= 20, "only {} cases are there", folders.len());
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let case = Case::of(&folder);
        let theirs = case.theirs(&mut oracle);
        let ours = comparable(&case.ours());
        claimed += usize::from(theirs != "null");
        let known = expected.iter().position(|known| *known == name);
        if let Some(known) = known {
            expected.swap_remove(known);
        }
        if (ours == theirs) == known.is_some() {
            let _ = writeln!(wrong, "{name}:\n  ours   {ours}\n  theirs {theirs}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(expected.is_empty(), "no such cases: {expected:?}");
    assert!(claimed > 8, "cloud-init claimed {claimed} seeds alone");
}

/// Writes a seed whose values tell where they are from.
fn write_seed(folder: &Path, name: &str) {
    fs::create_dir_all(folder).unwrap();
    let meta = format!(
        "local-hostname: {name}\n{name}: only\nshared: {name}\ndeep: {{{name}: 1, shared: {name}}}\n"
    );
    fs::write(folder.join("meta-data"), meta).unwrap();
    fs::write(folder.join("user-data"), if name == "drive" { "" } else { name }).unwrap();
    if name != "net" {
        fs::write(folder.join("vendor-data"), name).unwrap();
    }
    if name == "drive" || name == "folder" {
        fs::write(folder.join("network-config"), format!("{{version: 1, config: [], name: {name}}}"))
            .unwrap();
    }
}

#[test]
fn every_mixture_of_places_is_merged_as_cloud_init_does() {
    let folder = std::env::temp_dir().join(format!("glowplug-datasource-{}", std::process::id()));
    let mut oracle = oracle();
    let (mut compared, mut claimed) = (0, 0);
    for mixture in 0..256_u32 {
        let has = |place: u32| mixture & (1 << place) != 0;
        let _ = fs::remove_dir_all(&folder);
        let root = folder.join("root");
        let seeds = root.join("var/lib/cloud/seed");
        fs::create_dir_all(&seeds).unwrap();
        write_seed(&root.join("srv/seed"), "far");
        for (place, path, name) in [
            (0, seeds.join("nocloud"), "folder"),
            (1, seeds.join("nocloud-net"), "net"),
            (2, folder.join("drive"), "drive"),
        ] {
            if has(place) {
                write_seed(&path, name);
            }
        }
        let far = if has(5) { ";s=@ROOT@/srv/seed/" } else { "" };
        let mut config = String::new();
        if has(6) {
            config += r#""user-data": "inline", "meta-data": {"shared": "inline", "deep": {"inline": 1}}"#;
        }
        if has(7) {
            config += if config.is_empty() { "" } else { ", " };
            config += r#""seedfrom": "@ROOT@/srv/seed/""#;
        }
        let case = Case {
            datasource: "NoCloud".into(),
            root,
            drive: has(2).then(|| folder.join("drive")),
            kernel: if has(3) {
                format!("ro ds=nocloud-net;h=line;shared=line{far} quiet")
            } else {
                "ro".into()
            },
            serial: if has(4) { format!("ds=nocloud;i=serial;shared=serial{far}") } else { "VM-1".into() },
            config: format!(r#"{{"datasource": {{"NoCloud": {{{config}}}}}}}"#),
        };
        let theirs = case.theirs(&mut oracle);
        let ours = comparable(&case.ours());
        assert_eq!(ours, theirs, "mixture {mixture:08b}: {}", case.question());
        compared += 1;
        claimed += u32::from(theirs != "null");
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(compared == 256 && claimed > 240, "{claimed} of {compared}");
}
