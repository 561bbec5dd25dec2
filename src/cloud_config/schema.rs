//! Which keys a cloud-config may have, and what each may hold. The files
//! beside this one name what they read in a `KEYS` of their own; to add one:
//! its line in [`ALL`].

use super::{
    config_stage, disk_setup, disks, final_stage, host_keys, hostname, init_stage, mounts, passwords, runcmd,
    ssh, system_files, tools, users, virtual_network, write_files,
};
use crate::error::Error;
use crate::syntax::value::{Data, Place, Value};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A key of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it may hold; `null` counts as absent everywhere.
    pub kind: Kind,
    /// Whether the mapping means nothing without it.
    pub required: bool,
    /// What is written today in its place; empty: nothing else.
    pub instead: &'static str,
}

impl Key {
    /// A key that may be absent.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, instead: "" }
    }

    /// The key as one that is read for the sake of what was written long ago.
    #[must_use]
    pub const fn old(self, instead: &'static str) -> Self {
        Self { instead, ..self }
    }

    /// The key as one that must be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Anything: what is in it is not looked at.
    Any,
    /// `null`.
    Null,
    /// A truth value, or a word that counts as one.
    Bool,
    /// A whole number.
    Integer,
    /// A whole number or a fraction.
    Number,
    /// A string.
    Text,
    /// `!!binary`.
    Binary,
    /// A string or a number, a truth value or a date, all taken as text.
    Scalar,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A list.
    List(&'static Kind),
    /// A mapping of these keys.
    Map(&'static [Key]),
    /// A mapping of any keys.
    MapOf(&'static Kind),
    /// Any of these.
    Either(&'static [Kind]),
}

/// Every key that something here reads.
pub static ALL: &[&[Key]] = &[
    SYSTEM,
    disk_setup::KEYS,
    virtual_network::KEYS,
    init_stage::KEYS,
    disks::KEYS,
    system_files::KEYS,
    tools::KEYS,
    config_stage::KEYS,
    final_stage::KEYS,
    host_keys::KEYS,
    hostname::KEYS,
    mounts::KEYS,
    passwords::KEYS,
    runcmd::KEYS,
    ssh::KEYS,
    users::KEYS,
    write_files::KEYS,
];

/// The keys of the engine itself.
static SYSTEM: &[Key] = &[
    Key::new("allow_userdata", Kind::Bool),
    Key::new("cloud_config_modules", MODULES),
    Key::new("cloud_final_modules", MODULES),
    Key::new("cloud_init_modules", MODULES),
    Key::new("datasource", Kind::Any),
    Key::new("datasource_list", Kind::List(&Kind::Text)),
    Key::new("launch-index", Kind::Integer),
    Key::new("manual_cache_clean", Kind::Bool),
    Key::new("merge_how", MERGERS),
    Key::new("merge_type", MERGERS),
    Key::new("network", Kind::Any),
    Key::new("output", Kind::Any),
    Key::new("reporting", Kind::Any),
    Key::new("system_info", Kind::Any),
    Key::new("unverified_modules", Kind::List(&Kind::Text)),
    Key::new("updates", Kind::Map(&[Key::new("network", Kind::Map(&[Key::new("when", EVENTS)]))])),
    Key::new("vendor_data", VENDOR),
    Key::new("vendor_data2", VENDOR),
];

/// When the network's description counts anew.
const EVENTS: Kind = Kind::List(&Kind::OneOf(&["boot", "boot-new-instance", "boot-legacy", "hotplug"]));

const MODULES: Kind = Kind::List(&Kind::Either(&[
    Kind::Text,
    Kind::List(&Kind::Any),
    Kind::Map(&[
        Key::new("name", Kind::Text).required(),
        Key::new("frequency", Kind::Text),
        Key::new("args", Kind::List(&Kind::Any)),
    ]),
]));

const MERGERS: Kind = Kind::Either(&[
    Kind::Text,
    Kind::List(&Kind::Map(&[
        Key::new("name", Kind::Text).required(),
        Key::new("settings", Kind::List(&Kind::Text)),
    ])),
]);

const VENDOR: Kind = Kind::Map(&[
    Key::new("enabled", Kind::Bool),
    Key::new("disabled_handlers", Kind::List(&Kind::Text)),
    Key::new("prefix", Kind::Either(&[Kind::Text, Kind::List(&Kind::Scalar)])),
]);

/// cloud-init's modules that are not done here, each with the keys that would
/// make it do something. One that is in `module::ALL` counts as done.
pub static NOT_DONE: &[(&str, &[&str])] = &[
    ("apt_pipelining", &["apt_pipelining"]),
    ("byobu", &["byobu_by_default"]),
    ("chef", &["chef"]),
    ("emit_upstart", &[]),
    ("fan", &["fan"]),
    ("grub_dpkg", &["grub_dpkg", "grub-dpkg"]),
    ("install_hotplug", &[]),
    ("landscape", &["landscape"]),
    ("lxd", &["lxd"]),
    ("mcollective", &["mcollective"]),
    ("migrator", &[]),
    ("raspberry_pi", &["rpi"]),
    ("refresh_rmc_and_interface", &[]),
    ("reset_rmc", &[]),
    ("rightscale_userdata", &[]),
    ("salt_minion", &["salt_minion"]),
    ("spacewalk", &["spacewalk"]),
    ("ubuntu_autoinstall", &["autoinstall"]),
    ("ubuntu_drivers", &["drivers"]),
];

/// Something of a document that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// The path of keys, `write_files.0.path`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Whether nothing comes of it: a key that nothing reads, a word that is none of those known.
    pub is_lost: bool,
}

impl Finding {
    /// As an error of `file`.
    pub fn error(&self, file: &str) -> Error {
        let Place { line, column } = self.place;
        Error::at("use", file, line, column, format!("{}: {}", self.path, self.message))
    }
}

/// Everything that is wrong with a cloud-config, in the order of its keys.
pub fn check(config: &Value<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, value) in config.entries() {
        let name = key_text(key);
        let known = ALL.iter().flat_map(|keys| keys.iter()).find(|known| known.name == name);
        if name == "network" {
            findings.extend(of_no_effect(config));
        } else if let Some(known) = known {
            check_value(value, &known.kind, &name, &mut findings);
        } else {
            let message = unknown(&name);
            findings.push(Finding { place: key.place, message, path: name.into_owned(), is_lost: true });
        }
    }
    findings
}

/// `network:`, which counts elsewhere.
fn of_no_effect(config: &Value<'_>) -> Option<Finding> {
    let (key, _) = config.entries().iter().find(|(key, _)| key_text(key) == "network")?;
    let message = "it has no effect in user-data: it counts in /etc/cloud and as the seed's network-config";
    Some(Finding { place: key.place, path: "network".into(), message: message.into(), is_lost: true })
}

/// The keys of a cloud-config that have another name today.
pub fn old_names(config: &Value<'_>) -> Vec<Finding> {
    let known = |name: &str| ALL.iter().flat_map(|keys| keys.iter()).find(|known| known.name == name);
    let old = |(key, _): &(Value<'_>, Value<'_>)| {
        let name = key_text(key);
        let instead = known(&name).map_or("", |known| known.instead);
        let message = format!("it is deprecated; write {instead}");
        let path = name.into_owned();
        (!instead.is_empty()).then_some(Finding { place: key.place, message, path, is_lost: false })
    };
    config.entries().iter().filter_map(old).collect()
}

/// What is said of a top-level key that nothing reads.
fn unknown(name: &str) -> String {
    if let Some((module, _)) = NOT_DONE.iter().find(|(_, keys)| keys.contains(&name)) {
        return format!("glowplug does not do {module}");
    }
    no_such_key(name, &mut ALL.iter().flat_map(|keys| keys.iter()).map(|key| key.name))
}

fn no_such_key(name: &str, known: &mut dyn Iterator<Item = &'static str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("no such key; is {near} meant?"),
        None => "no such key".into(),
    }
}

/// The word of `known` that `name` was probably meant to be.
pub fn nearest(name: &str, known: &mut dyn Iterator<Item = &'static str>) -> Option<&'static str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let wanted = plain(name);
    let near = known.map(|word| (distance(&wanted, &plain(word)), word)).min()?;
    // A third of a word that is wrong is another word.
    (near.0 <= 2 && near.0 * 3 <= name.len()).then_some(near.1)
}

/// How many characters have to be put in, taken out, changed or swapped with
/// their neighbour to make one of two texts the other; long ones are far apart.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > LONGEST {
        return LONGEST;
    }
    let mut rows = [(0..=b.len()).collect::<Vec<_>>(), Vec::new(), Vec::new()];
    for (i, x) in a.iter().enumerate() {
        let mut row = alloc::vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = rows[0][j] + usize::from(x != y);
            let mut best = change.min(rows[0][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(rows[1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.rotate_right(1);
        rows[0] = row;
    }
    rows[0][b.len()]
}

/// A key as it is written in paths.
fn key_text<'v>(key: &'v Value<'_>) -> Cow<'v, str> {
    match &key.data {
        Data::Str(text) | Data::Float(text) | Data::BigInt(text) | Data::Timestamp(text) => {
            Cow::Borrowed(text)
        }
        Data::Int(number) => number.to_string().into(),
        Data::Bool(value) => if *value { "true" } else { "false" }.into(),
        _ => "null".into(),
    }
}

fn check_value(value: &Value<'_>, kind: &Kind, path: &str, findings: &mut Vec<Finding>) {
    let mut found = |place: Place, message: String| {
        // A word that is none of those known is taken for no.
        let is_lost = matches!(kind, Kind::OneOf(_) | Kind::Bool) && value.as_str().is_some();
        findings.push(Finding { place, path: path.to_string(), message, is_lost });
    };
    match kind {
        _ if value.data == Data::Null => {}
        Kind::OneOf(words) => match value.as_str() {
            Some(word) if words.iter().any(|known| known.eq_ignore_ascii_case(word)) => {}
            Some(word) => {
                let near = nearest(word, &mut words.iter().copied());
                let hint = near.map(|near| format!("; is {near} meant?")).unwrap_or_default();
                found(value.place, format!("{word} is none of {}{hint}", words.join(", ")));
            }
            None => found(value.place, format!("it is {}, not one of {}", value.kind(), words.join(", "))),
        },
        _ if !fits(value, kind) => {
            found(value.place, format!("it is {}, not {}", value.kind(), text(kind)));
        }
        Kind::List(kind) => {
            for (index, item) in value.items().unwrap_or_default().iter().enumerate() {
                check_value(item, kind, &format!("{path}.{index}"), findings);
            }
        }
        Kind::Map(keys) => check_keys(value, keys, path, findings),
        Kind::MapOf(kind) => {
            for (key, value) in value.entries() {
                check_value(value, kind, &format!("{path}.{}", key_text(key)), findings);
            }
        }
        Kind::Either(kinds) => check_either(value, kinds, path, findings),
        _ => {}
    }
}

fn check_keys(value: &Value<'_>, keys: &'static [Key], path: &str, findings: &mut Vec<Finding>) {
    for (key, value) in value.entries() {
        let name = key_text(key);
        let path = format!("{path}.{name}");
        if let Some(known) = keys.iter().find(|known| known.name == name) {
            check_value(value, &known.kind, &path, findings);
        } else {
            let message = no_such_key(&name, &mut keys.iter().map(|key| key.name));
            findings.push(Finding { place: key.place, path, message, is_lost: true });
        }
    }
    for key in keys.iter().filter(|key| key.required && value.get_set(key.name).is_none()) {
        let message = format!("{} is missing", key.name);
        findings.push(Finding { place: value.place, path: path.to_string(), message, is_lost: false });
    }
}

/// Of several kinds that a value may be, the one with the least to say counts.
fn check_either(value: &Value<'_>, kinds: &[Kind], path: &str, findings: &mut Vec<Finding>) {
    let mut least: Option<Vec<Finding>> = None;
    for kind in kinds.iter().filter(|kind| fits(value, kind)) {
        let mut own = Vec::new();
        check_value(value, kind, path, &mut own);
        if least.as_ref().is_none_or(|least| own.len() < least.len()) {
            least = Some(own);
        }
    }
    findings.extend(least.unwrap_or_default());
}

/// Whether a value is of a kind as far as can be seen without looking inside.
fn fits(value: &Value<'_>, kind: &Kind) -> bool {
    const TRUTHS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "1", "0"];
    match kind {
        Kind::Any => true,
        Kind::Null => value.data == Data::Null,
        Kind::Bool => match &value.data {
            Data::Bool(_) | Data::Int(0 | 1) => true,
            Data::Str(word) => TRUTHS.iter().any(|truth| truth.eq_ignore_ascii_case(word)),
            _ => false,
        },
        Kind::Integer => matches!(value.data, Data::Int(_) | Data::BigInt(_)),
        Kind::Number => matches!(value.data, Data::Int(_) | Data::BigInt(_) | Data::Float(_)),
        Kind::Text | Kind::OneOf(_) => matches!(value.data, Data::Str(_)),
        Kind::Binary => matches!(value.data, Data::Bytes(_)),
        Kind::Scalar => !matches!(value.data, Data::Seq(_) | Data::Map(_) | Data::Bytes(_)),
        Kind::List(_) => matches!(value.data, Data::Seq(_)),
        Kind::Map(_) | Kind::MapOf(_) => matches!(value.data, Data::Map(_)),
        Kind::Either(kinds) => kinds.iter().any(|kind| fits(value, kind)),
    }
}

/// What a reader calls a kind.
pub fn text(kind: &Kind) -> String {
    let word = match kind {
        Kind::Any => "anything",
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Text => "a string",
        Kind::Binary => "binary data",
        Kind::Scalar => "a string or number",
        Kind::OneOf(words) => return format!("one of {}", words.join(", ")),
        Kind::List(_) => "a list",
        Kind::Map(_) | Kind::MapOf(_) => "a mapping",
        Kind::Either(kinds) => {
            let named: Vec<String> =
                kinds.iter().filter(|kind| !matches!(kind, Kind::Null)).map(text).collect();
            return named.join(" or ");
        }
    };
    word.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml;

    fn findings(text: &str) -> Vec<String> {
        let value = yaml::load(text).unwrap();
        check(&value).iter().map(|finding| finding.error("f").to_string()).collect()
    }

    #[test]
    fn a_good_config_has_nothing_to_say() {
        let text = "hostname: a\nruncmd: [[ls, 1], 'x', null]\nwrite_files:\n- {path: /a, permissions: 0644, content: !!binary eA==}\npreserve_hostname: yes\nfqdn: ~\n";
        assert_eq!(findings(text), [""; 0]);
    }

    #[test]
    fn a_key_of_long_ago_is_told_with_the_one_of_today() {
        let value = yaml::load("apt_update: true\napt: {}\napt_mirror: x\n").unwrap();
        let texts: Vec<String> =
            old_names(&value).iter().map(|finding| finding.error("f").to_string()).collect();
        assert_eq!(
            texts,
            [
                "unable to use f:1:1: apt_update: it is deprecated; write package_update",
                "unable to use f:3:1: apt_mirror: it is deprecated; write apt.primary",
            ]
        );
        assert_eq!(check(&value), []);
    }

    #[test]
    fn everything_wrong_is_told_with_its_place_and_a_hint() {
        let text = "write-files: []\nwrite_files:\n- {pth: /a}\n- path: 5\n  encoding: bsae64\n- text\nrunmcd: x\nlxd: {}\nfoo: 1\nruncmd: [{a: b}]\nhostname: 12\n";
        assert_eq!(
            findings(text),
            [
                "unable to use f:1:1: write-files: no such key; is write_files meant?",
                "unable to use f:3:4: write_files.0.pth: no such key; is path meant?",
                "unable to use f:3:3: write_files.0: path is missing",
                "unable to use f:4:9: write_files.1.path: it is an integer, not a string",
                "unable to use f:5:13: write_files.1.encoding: bsae64 is none of gz, gzip, gz+base64, gzip+base64, gz+b64, gzip+b64, b64, base64, text/plain; is base64 meant?",
                "unable to use f:6:3: write_files.2: it is a string, not a mapping",
                "unable to use f:7:1: runmcd: no such key; is runcmd meant?",
                "unable to use f:8:1: lxd: glowplug does not do lxd",
                "unable to use f:9:1: foo: no such key",
                "unable to use f:10:10: runcmd.0: it is a mapping, not a string or a list",
                "unable to use f:11:11: hostname: it is an integer, not a string",
            ]
        );
    }
}
