//! `glowplug cache`: the instance cache, which holds where no drive is.

use crate::cli::{Arguments, Ended, Fault, print};
use crate::input::read;
use crate::stage::need_root;
use glowplug::cloud_config::hostname;
use glowplug::error::{Error, Result};
use glowplug::instance::{File, Instance, InstanceId, META_DATA_YAML};
use glowplug::module::is_public_key;
use glowplug::network::model::Mac;
use glowplug::stage::handoff;
use glowplug::state::cache;
use glowplug::state::paths::{CACHE, HANDOFF_INSTANCE};
use glowplug::syntax::{json, yaml};
use glowplug::sys::root::Root;
use glowplug::text::escaped;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A key that is no file of the seed.
struct Key {
    name: &'static str,
    get: fn(&Instance) -> String,
    set: fn(&mut Instance, &str) -> Result<()>,
}

static KEYS: &[Key] = &[
    Key {
        name: "instance-id",
        get: |instance| instance.id.as_str().into(),
        set: |instance, value| InstanceId::parse(value).map(|id| instance.id = id),
    },
    Key {
        name: "datasource",
        get: |instance| instance.datasource.clone(),
        set: |instance, value| {
            // It is part of a file's name.
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(refused("datasource", value, "it is not letters and digits alone"));
            }
            instance.datasource = value.into();
            Ok(())
        },
    },
    Key {
        name: "detail",
        get: |instance| instance.detail.clone(),
        set: |instance, value| {
            if value.chars().any(char::is_control) {
                return Err(refused("detail", value, "it is more than a line"));
            }
            instance.detail = value.into();
            Ok(())
        },
    },
    Key {
        name: "local-hostname",
        get: |instance| instance.metadata.local_hostname.clone().unwrap_or_default(),
        set: |instance, value| {
            if !value.is_empty() {
                hostname::check(value).map_err(|why| refused("local-hostname", value, why))?;
            }
            instance.metadata.local_hostname = (!value.is_empty()).then(|| value.into());
            Ok(())
        },
    },
    Key {
        name: "public-keys",
        get: |instance| instance.metadata.public_keys.join("\n"),
        set: |instance, value| {
            let keys = value.lines().map(str::trim).filter(|key| !key.is_empty());
            let keys: Vec<String> = keys.map(String::from).collect();
            if !keys.iter().all(|key| is_public_key(key)) {
                return Err(Error::new("set", "public-keys", "one is no line of authorized_keys"));
            }
            instance.metadata.public_keys = keys;
            Ok(())
        },
    },
    Key {
        name: "product-uuid",
        get: |instance| instance.machine.product_uuid.clone(),
        set: |instance, value| {
            if !value.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
                return Err(refused("product-uuid", value, "it is no UUID"));
            }
            instance.machine.product_uuid = value.to_ascii_lowercase();
            Ok(())
        },
    },
    Key {
        name: "macs",
        get: |instance| instance.machine.macs.join(" "),
        set: |instance, value| {
            if let Some(word) = value.split_whitespace().find(|word| Mac::parse(word).is_none()) {
                return Err(refused("macs", word, "it is no MAC address"));
            }
            instance.machine.macs = value.split_whitespace().map(str::to_ascii_lowercase).collect();
            instance.machine.macs.sort_unstable();
            Ok(())
        },
    },
];

fn refused(key: &str, value: &str, why: &str) -> Error {
    Error::new("set", format!("{key} to {value:?}"), why)
}

/// The key called `name`.
fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// What people call the files of a config drive.
const ALIASES: [(&str, &str); 4] = [
    ("user-data", "user_data"),
    ("meta-data", "meta_data.json"),
    ("vendor-data", "vendor_data.json"),
    ("network-data", "network_data.json"),
];

/// And those of other seeds, whose files have these names themselves.
const OTHER_ALIASES: [(&str, &str); 2] = [("user-data", "user_data"), ("network-data", "network-config")];

pub(crate) fn show(arguments: &Arguments) -> Ended {
    let instance = load(arguments)?;
    let mut text = String::new();
    for Key { name, get, .. } in KEYS {
        let lines: Vec<String> = get(&instance).split('\n').map(escaped).collect();
        let _ = writeln!(text, "{name}: {}", lines.join("\n  "));
    }
    for file in &instance.raw {
        let _ = writeln!(text, "{}: {} bytes", escaped(&file.path), file.content.len());
    }
    for file in &instance.files {
        let _ = writeln!(text, "file {}: {} bytes", escaped(&file.path), file.content.len());
    }
    print(&text)?;
    Ok(0)
}

pub(crate) fn get(arguments: &Arguments) -> Ended {
    let (instance, name) = (load(arguments)?, arguments.operand().unwrap_or_default());
    if let Some(key) = key(name) {
        print(&((key.get)(&instance) + "\n"))?;
        return Ok(0);
    }
    let file = file_name(name, &instance);
    let Some(content) = instance.file(file) else { return Err(no_such(name, &instance)) };
    let mut out = std::io::stdout();
    if out.is_terminal() {
        print(&String::from_utf8_lossy(content))?;
        return Ok(0);
    }
    out.write_all(content)
        .map_err(|error| Error::os("write", "standard output", error.raw_os_error().unwrap_or(0)))?;
    Ok(0)
}

pub(crate) fn set(arguments: &Arguments) -> Ended {
    let [name, value] = arguments.operands() else {
        return Err(Fault::Usage("unable to run cache set: VALUE is missing, see --help".into()));
    };
    if arguments.value("root").is_none() {
        need_root("cache set")?;
    }
    let mut instance = load(arguments)?;
    let value = given(value)?;
    let text = || String::from_utf8(value.clone()).map_err(|_| Error::new("set", name, "it is not UTF-8"));
    if let Some(key) = key(name) {
        (key.set)(&mut instance, text()?.trim_end_matches('\n'))?;
    } else {
        let name = file_name(name, &instance);
        if !FILES.contains(&name) {
            return Err(no_such(name, &instance));
        }
        check(name, &value)?;
        instance.raw.retain(|file| file.path != name);
        if !value.is_empty() {
            instance.raw.push(File { path: name.into(), content: value });
        }
    }
    store(arguments, &instance)?;
    Ok(0)
}

/// The files a seed may have.
const FILES: [&str; 10] = [
    "interfaces",
    "meta-data",
    "network-config",
    "vendor-data",
    "meta_data.json",
    "user_data",
    "vendor_data.json",
    "vendor_data2.json",
    "network_data.json",
    "ec2-meta-data.json",
];

fn file_name<'k>(key: &'k str, instance: &Instance) -> &'k str {
    let aliases = if instance.file(META_DATA_YAML).is_some() { &OTHER_ALIASES[..] } else { &ALIASES };
    aliases.iter().find(|(alias, _)| *alias == key).map_or(key, |(_, name)| name)
}

/// Whether a file can be read as what its name says.
fn check(name: &str, content: &[u8]) -> Result<()> {
    let what = format!("the new {name}");
    if content.is_empty() {
        return Ok(());
    }
    if name.ends_with(".json") {
        return json::parse(content).map(drop).map_err(|error| error.in_file(&what));
    }
    if matches!(name, "meta-data" | "network-config") {
        let text = str::from_utf8(content).map_err(|_| Error::new("set", name, "it is not UTF-8"))?;
        let problem = yaml::load(text).err();
        return problem.map_or(Ok(()), |error| {
            Err(Error::at("read", &what, error.place.line, error.place.column, error.message))
        });
    }
    Ok(())
}

fn no_such(name: &str, instance: &Instance) -> Fault {
    let keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    let files: Vec<&str> = instance.raw.iter().map(|file| &*file.path).collect();
    let why = format!("there is none; there are {}, {}", keys.join(", "), files.join(", "));
    Fault::Failed(Error::new("find key", name, why))
}

/// `-` for standard input, `@FILE` for a file, else the word itself.
fn given(value: &str) -> Result<Vec<u8>> {
    match value.strip_prefix('@') {
        Some(file) => read(file),
        None if value == "-" => read(value),
        None => Ok(value.into()),
    }
}

fn folder(arguments: &Arguments) -> &str {
    arguments.value("root").unwrap_or("/")
}

fn load(arguments: &Arguments) -> Result<Box<Instance>> {
    let root = Root::open(folder(arguments))?;
    handoff::cached(&root)?.ok_or_else(|| Error::new("read the instance cache", CACHE, "there is none"))
}

/// Writes the cache beside its place, then in it. What this boot works with is
/// changed, too.
fn store(arguments: &Arguments, instance: &Instance) -> Result<()> {
    let frame = cache::encode(instance);
    let root = Root::open(folder(arguments))?;
    let place = root.real_path(CACHE).unwrap_or_else(|| CACHE.into());
    replace(&root.outside(&place), &frame, 0o400)?;
    if folder(arguments) == "/" && Path::new(HANDOFF_INSTANCE).exists() {
        replace(HANDOFF_INSTANCE, &frame, 0o600)?;
    }
    Ok(())
}

fn replace(path: &str, content: &[u8], mode: u32) -> Result<()> {
    let new = format!("{path}.new");
    // Left over by a run that was cut short.
    let _ = fs::remove_file(&new);
    let mut options = OpenOptions::new();
    let written = options
        .create_new(true)
        .write(true)
        .mode(mode)
        .open(&new)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, path));
    written.map_err(|error| Error::os("write", path, error.raw_os_error().unwrap_or(0)))
}
