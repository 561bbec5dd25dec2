//! `ca_certs`, `rsyslog` and `random_seed`.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::{Error, Result};
use crate::syntax::encoding;
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("ca_certs", CERTIFICATES),
    Key::new("ca-certs", CERTIFICATES),
    Key::new("random_seed", Kind::Map(SEED)),
    Key::new("rsyslog", Kind::Either(&[Kind::Map(RSYSLOG), Kind::List(&CONFIG)])),
    Key::new("rsyslog_dir", Kind::Text),
    Key::new("rsyslog_filename", Kind::Text),
];

const CERTIFICATES: Kind = Kind::Map(&[
    Key::new("remove_defaults", Kind::Bool),
    Key::new("remove-defaults", Kind::Bool),
    Key::new("trusted", Kind::Either(&[Kind::List(&Kind::Text), Kind::Text])),
]);

static SEED: &[Key] = &[
    Key::new("file", Kind::Text),
    Key::new("data", Kind::Either(&[Kind::Text, Kind::Binary])),
    Key::new("encoding", Kind::OneOf(&["raw", "base64", "b64", "gzip", "gz"])),
    Key::new("command", Kind::List(&Kind::Text)),
    Key::new("command_required", Kind::Bool),
];

static RSYSLOG: &[Key] = &[
    Key::new("configs", Kind::List(&CONFIG)),
    Key::new("config_dir", Kind::Text),
    Key::new("config_filename", Kind::Text),
    Key::new("remotes", Kind::MapOf(&Kind::Either(&[Kind::Text, Kind::Null]))),
    Key::new("service_reload_command", Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)])),
    Key::new("install_rsyslog", Kind::Bool),
    Key::new("check_exe", Kind::Text),
    Key::new("packages", Kind::List(&Kind::Text)),
];

static CONFIG: Kind = Kind::Either(&[
    Kind::Text,
    Kind::Map(&[Key::new("content", Kind::Text).required(), Key::new("filename", Kind::Text)]),
]);

/// Certificates that are to be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates<'a> {
    /// In PEM, one each.
    pub trusted: Vec<&'a str>,
    /// Whether the distribution's own are not.
    pub remove_defaults: bool,
}

/// Reads `ca_certs`; what is none is a problem, and the others count.
pub fn certificates<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Option<Certificates<'a>> {
    let (name, setting) =
        ["ca_certs", "ca-certs"].iter().find_map(|name| Some((*name, config.get(name)?)))?;
    let mut trusted = Vec::new();
    if let Some(value) = setting.value.get_set("trusted") {
        for item in items(value) {
            match item.as_str() {
                Some(text) if !text.trim_ascii().is_empty() => trusted.push(text),
                _ => problems.push(setting.mismatch("trust the certificate at", item, "it", "a text")),
            }
        }
    }
    let removes = |key: &str| config.is_true(&fill("{}.{}", &[name, key]), false);
    let remove_defaults = removes("remove-defaults") || removes("remove_defaults");
    Some(Certificates { trusted, remove_defaults })
}

/// The items of a list, or the one there is.
fn items<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    value.items().unwrap_or(core::slice::from_ref(value))
}

/// Files of rsyslog.conf(5), and what has them read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rsyslog<'a> {
    /// Paths and contents, each path once.
    pub files: Vec<(String, String)>,
    /// The command that has them read; `None`: as the system does it.
    pub reload: Option<Vec<&'a str>>,
    /// A program that is there when rsyslog is, and the packages that bring it;
    /// `None`: it is not to be installed.
    pub install: Option<(&'a str, Vec<String>)>,
}

/// Reads `rsyslog`; what makes no sense is a problem, and the others count.
pub fn rsyslog<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Option<Rsyslog<'a>> {
    let setting = config.get("rsyslog")?;
    let text = |key: &str, old: &str, usual: &'static str| -> &'a str {
        let own = setting.value.get(key).and_then(Value::as_str);
        own.or_else(|| config.text(old).filter(|_| setting.value.items().is_some())).unwrap_or(usual)
    };
    let folder = text("config_dir", "rsyslog_dir", "/etc/rsyslog.d");
    let usual = text("config_filename", "rsyslog_filename", "20-cloud-config.conf");
    let mut rsyslog = Rsyslog::default();
    let mut places = BTreeMap::new();
    let mut add = |name: &str, content: &str| add(&mut rsyslog.files, &mut places, folder, name, content);
    let configs = setting.value.items().or_else(|| setting.value.get_set("configs").map(items));
    for item in configs.unwrap_or_default() {
        let (content, name) = if let Data::Str(text) = &item.data {
            (Some(&**text), usual)
        } else {
            let name = item.get_set("filename").map_or(Some(usual), Value::as_str);
            (item.get("content").and_then(Value::as_str), name.unwrap_or_default())
        };
        match content.filter(|_| is_file_name(name)) {
            Some(content) => add(name, content),
            None => problems.push(setting.error(
                "write the configuration at",
                item,
                "content or filename is missing or no text",
            )),
        }
    }
    let remotes = remotes(&setting, problems);
    if !remotes.is_empty() {
        add(usual, &fill("# begin remotes\n{}# end remotes", &[&remotes]));
    }
    rsyslog.reload = match setting.value.get_set("service_reload_command") {
        Some(value) if value.as_str() != Some("auto") => {
            let words: Option<Vec<&str>> = items(value).iter().map(Value::as_str).collect();
            if words.is_none() {
                problems.push(setting.error(
                    "reload rsyslog at",
                    value,
                    "the command is not a list of words",
                ));
            }
            words
        }
        _ => None,
    };
    if config.is_true("rsyslog.install_rsyslog", false) {
        let packages = setting.value.get_set("packages").map(items).unwrap_or_default();
        let mut packages: Vec<String> = packages.iter().filter_map(Value::as_str).map(Into::into).collect();
        if packages.is_empty() {
            packages.push("rsyslog".into());
        }
        rsyslog.install = Some((config.text("rsyslog.check_exe").unwrap_or("rsyslogd"), packages));
    }
    Some(rsyslog)
}

fn is_file_name(name: &str) -> bool {
    let is_file = |part: &str| !matches!(part, "." | "..");
    !name.trim_ascii().is_empty() && !name.contains(char::is_control) && name.split('/').all(is_file)
}

/// Adds to the content of the file called `name`; `places`: where each path is among `files`.
fn add(
    files: &mut Vec<(String, String)>,
    places: &mut BTreeMap<String, usize>,
    folder: &str,
    name: &str,
    content: &str,
) {
    let name = name.trim_ascii();
    let path = if name.starts_with('/') { name.into() } else { [folder, "/", name].concat() };
    let end = if content.ends_with('\n') { "" } else { "\n" };
    let at = *places.entry(path.clone()).or_insert(files.len());
    match files.get_mut(at) {
        Some((_, text)) => {
            text.push_str(content);
            text.push_str(end);
        }
        None => files.push((path, [content, end].concat())),
    }
}

/// The lines that send messages elsewhere.
fn remotes(setting: &Setting<'_>, problems: &mut Vec<Error>) -> String {
    let mut lines = String::new();
    for (key, value) in setting.value.get_set("remotes").map(Value::entries).unwrap_or_default() {
        let name = key.as_str().unwrap_or_default();
        match value.as_str().map(|text| remote(text, name)) {
            _ if value.data == Data::Null => {}
            Some(Some(line)) => lines.push_str(&line),
            _ => problems.push(setting.error(
                "send messages to the host at",
                value,
                "it is not [MATCH] [@[@]]HOST[:PORT]",
            )),
        }
    }
    lines
}

/// `*.* @[::1]:514 # NAME`, by its parts.
fn remote(text: &str, name: &str) -> Option<String> {
    let mut words = text.split('#').next()?.split_ascii_whitespace();
    let (first, second) = (words.next()?, words.next());
    let (filter, host) = second.map_or(("*.*", first), |second| (first, second));
    let bare = host.trim_start_matches('@');
    let at = match host.len() - bare.len() {
        0 | 1 => "@",
        2 => "@@",
        _ => return None,
    };
    let (address, port) = match bare.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => bare.split_at(bare.find(':').unwrap_or(bare.len())),
    };
    let port_number = port.strip_prefix(':');
    let is_port = port.is_empty() || port_number.is_some_and(|port| port.parse::<u16>().is_ok());
    let is_odd = |c: char| c.is_control() || c.is_whitespace();
    if words.next().is_some()
        || address.is_empty()
        || !is_port
        || address.contains(is_odd)
        || name.contains(char::is_control)
        || filter.starts_with(['$', '&', ':', '{', '}'])
    {
        return None;
    }
    let address = if address.contains(':') { fill("[{}]", &[address]) } else { address.into() };
    Some(fill("{} {}{}{} # {}\n", &[filter, at, &address, port, name]))
}

/// What the kernel's random numbers are stirred with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seed<'a> {
    /// The file it goes to.
    pub file: &'a str,
    /// Its bytes; they are secret.
    pub data: Vec<u8>,
    /// A command that finds more.
    pub command: Vec<&'a str>,
    /// Whether it is a fault when that is not there.
    pub required: bool,
}

/// Reads `random_seed`, and `random_seed` of OpenStack's metadata.
pub fn seed<'a>(config: &CloudConfig<'a>, metadata: Option<&[u8]>, problems: &mut Vec<Error>) -> Seed<'a> {
    let mut seed =
        Seed { file: config.text("random_seed.file").unwrap_or("/dev/urandom"), ..Seed::default() };
    match seed_data(config) {
        Ok(data) => seed.data = data,
        Err(problem) => problems.push(problem),
    }
    let tree = metadata.and_then(|text| json::parse(text).ok());
    if let Some(text) = tree.as_ref().and_then(|tree| tree.get("random_seed")?.as_str()) {
        seed.data.extend(encoding::base64(text.as_bytes()).unwrap_or_default());
    }
    if let Some(setting) = config.get("random_seed.command") {
        match items(setting.value).iter().map(Value::as_str).collect::<Option<Vec<_>>>() {
            Some(words) => seed.command = words,
            None => problems.push(setting.mismatch(
                "run",
                setting.value,
                "random_seed.command",
                "a list of words",
            )),
        }
    }
    seed.required = config.is_true("random_seed.command_required", false);
    seed
}

fn seed_data(config: &CloudConfig<'_>) -> Result<Vec<u8>> {
    let Some(setting) = config.get("random_seed.data") else { return Ok(Vec::new()) };
    let bytes = match &setting.value.data {
        Data::Str(text) => text.as_bytes(),
        Data::Bytes(bytes) => bytes,
        _ => return Err(setting.mismatch("read", setting.value, "random_seed.data", "a string")),
    };
    let encoding = config.text("random_seed.encoding").unwrap_or("raw").to_ascii_lowercase();
    match &*encoding {
        "raw" => Ok(bytes.to_vec()),
        "base64" | "b64" => encoding::base64(bytes),
        "gzip" | "gz" => encoding::gunzip(bytes),
        _ => Err("encoding is none of raw, base64 and gzip"),
    }
    .map_err(|why| setting.error("use the random seed at", setting.value, why))
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn remotes_are_lines() {
        assert_eq!(remote("10.0.0.1", "a").as_deref(), Some("*.* @10.0.0.1 # a\n"));
        assert_eq!(
            remote("*.err @@[fe80::1]:10514 # x", "b").as_deref(),
            Some("*.err @@[fe80::1]:10514 # b\n")
        );
        assert_eq!(remote("host:514", "c").as_deref(), Some("*.* @host:514 # c\n"));
        for bad in ["", "a b c", "@@@x", "x:y", "[x", ":5"] {
            assert_eq!(remote(bad, "d"), None, "{bad}");
        }
    }

    #[test]
    fn files_of_rsyslog_are_gathered() {
        let mut problems = Vec::new();
        let config = layer(
            "rsyslog: {configs: ['*.* /a', {content: \"b\\n\", filename: x.conf}, {content: c, filename: /y}, 'd', {filename: z}], \
             remotes: {n: h, bad: 'a b c'}, service_reload_command: [reload, now]}",
        );
        let found = rsyslog(&config, &mut problems).unwrap();
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        assert_eq!(
            found.files,
            [
                file(
                    "/etc/rsyslog.d/20-cloud-config.conf",
                    "*.* /a\nd\n# begin remotes\n*.* @h # n\n# end remotes\n"
                ),
                file("/etc/rsyslog.d/x.conf", "b\n"),
                file("/y", "c\n"),
            ]
        );
        assert_eq!((found.reload, problems.len()), (Some(vec!["reload", "now"]), 2));
        let old = layer("{rsyslog: ['a'], rsyslog_dir: /r, rsyslog_filename: f}");
        assert_eq!(rsyslog(&old, &mut problems).unwrap().files, [file("/r/f", "a\n")]);
    }

    #[test]
    fn seeds_are_gathered() {
        let mut problems = Vec::new();
        let config = layer(
            "random_seed: {file: /f, data: aGk=, encoding: b64, command: [gather], command_required: true}",
        );
        let found = seed(&config, Some(br#"{"random_seed": "IQ=="}"#), &mut problems);
        let wanted = Seed { file: "/f", data: b"hi!".to_vec(), command: vec!["gather"], required: true };
        assert_eq!((found, problems.len()), (wanted, 0));
        assert_eq!(seed(&layer("{}"), None, &mut problems).file, "/dev/urandom");
    }
}
