//! `manage_etc_hosts`, `manage_resolv_conf` and `resolv_conf`: files of the
//! resolver.

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::Error;
use crate::syntax::order::order;
use crate::syntax::value::Data;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::take;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("manage_etc_hosts", Kind::Either(&[Kind::Bool, Kind::OneOf(&["template", "localhost"])])),
    Key::new("manage_resolv_conf", Kind::Bool),
    Key::new("manage-resolv-conf", Kind::Bool),
    Key::new(
        "resolv_conf",
        Kind::Map(&[
            Key::new("nameservers", NAMES),
            Key::new("searchdomains", NAMES),
            Key::new("domain", Kind::Text),
            Key::new("sortlist", NAMES),
            Key::new("options", Kind::MapOf(&Kind::Scalar)),
        ]),
    ),
];

const NAMES: Kind = Kind::Either(&[Kind::List(&Kind::Text), Kind::Text]);

/// How /etc/hosts is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtcHosts {
    /// Written whole from a template.
    Template,
    /// The machine's own line is kept in it.
    Localhost,
}

/// What `manage_etc_hosts` asks for; `None`: nothing.
pub fn etc_hosts(config: &CloudConfig<'_>) -> Option<EtcHosts> {
    match config.text("manage_etc_hosts").map(str::trim_ascii) {
        Some("localhost") => Some(EtcHosts::Localhost),
        Some(text) if text.eq_ignore_ascii_case("template") => Some(EtcHosts::Template),
        _ => config.is_true("manage_etc_hosts", false).then_some(EtcHosts::Template),
    }
}

/// The lines of resolv.conf(5) that are asked for; `None` where it is not to be
/// managed. What makes no sense is a problem, and the others count.
pub fn resolv_conf(config: &CloudConfig<'_>, problems: &mut Vec<Error>) -> Option<String> {
    if !["manage_resolv_conf", "manage-resolv-conf"].iter().any(|key| config.is_true(key, false)) {
        return None;
    }
    let Some(setting) = config.get("resolv_conf") else {
        let why = "manage_resolv_conf is set, and there is no resolv_conf";
        problems.push(Error::new("write", "/etc/resolv.conf", why));
        return None;
    };
    if !matches!(setting.value.data, Data::Map(_)) {
        problems.push(setting.mismatch("read", setting.value, "resolv_conf", "a mapping"));
        return None;
    }
    let mut text = String::new();
    let mut line = |words: &[&str]| {
        let mut blank = "";
        for word in words {
            text.push_str(blank);
            text.push_str(word);
            blank = " ";
        }
        text.push('\n');
    };
    for server in words(&setting, "nameservers", problems) {
        line(&["nameserver", server]);
    }
    for (keyword, key) in [("search", "searchdomains"), ("domain", "domain"), ("sortlist", "sortlist")] {
        let words = words(&setting, key, problems);
        if !words.is_empty() {
            line(&[&[keyword], &*words].concat());
        }
    }
    let options = options(&setting, problems);
    if !options.is_empty() {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        line(&[&["options"], &*options].concat());
    }
    Some(text)
}

/// Words of a list, or one.
fn words<'a>(setting: &Setting<'a>, key: &str, problems: &mut Vec<Error>) -> Vec<&'a str> {
    let Some(value) = setting.value.get_set(key) else { return Vec::new() };
    let mut words = Vec::new();
    for item in value.items().unwrap_or(core::slice::from_ref(value)) {
        match item.as_str().map(str::trim_ascii) {
            Some(word) if is_word(word) => words.push(word),
            Some(_) => problems.push(setting.error("read", item, "it is not one word")),
            None => problems.push(setting.mismatch("read", item, key, "a string")),
        }
    }
    words
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|byte| byte <= b' ')
}

/// Flags that are set in their order, then `name:value` by name.
fn options(setting: &Setting<'_>, problems: &mut Vec<Error>) -> Vec<String> {
    let Some(options) = setting.value.get_set("options") else { return Vec::new() };
    if !matches!(options.data, Data::Map(_)) {
        problems.push(setting.mismatch("read", options, "options", "a mapping"));
    }
    let (mut flags, mut values) = (Vec::new(), Vec::<String>::new());
    for (key, value) in options.entries() {
        let text = match (key.as_str(), &value.data) {
            (Some(_), Data::Bool(false)) => continue,
            (Some(name), Data::Bool(true)) if is_word(name) => {
                flags.push(name.to_string());
                continue;
            }
            (_, Data::Int(number)) => Some(number.to_string()),
            (_, Data::Str(text)) => Some(text.to_string()),
            _ => None,
        };
        match (key.as_str(), text) {
            (Some(name), Some(text)) if is_word(name) && is_word(&text) => {
                values.push([name, ":", &text].concat());
            }
            _ => problems.push(setting.error("use the option at", key, "it is neither a flag nor a value")),
        }
    }
    for at in order(values.len(), &|one, other| values[one].cmp(&values[other])) {
        flags.push(take(&mut values[at]));
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    fn conf(text: &str) -> (Option<String>, Vec<String>) {
        let mut problems = Vec::new();
        let conf = resolv_conf(&layer(text), &mut problems);
        (conf, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_key_has_its_line() {
        let text = "manage-resolv-conf: yes\nresolv_conf: {nameservers: [10.0.0.1, 'fe80::1'], searchdomains: [a.b, c.d], \
                    domain: a.b, sortlist: [10.0.0.1/255], options: {rotate: true, timeout: 1, debug: false, attempts: 2, edns0: true}}";
        let (conf, problems) = conf(text);
        assert_eq!(
            conf.as_deref(),
            Some(
                "nameserver 10.0.0.1\nnameserver fe80::1\nsearch a.b c.d\ndomain a.b\nsortlist 10.0.0.1/255\n\
                 options rotate edns0 attempts:2 timeout:1\n"
            )
        );
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn what_makes_no_sense_leaves_the_others() {
        assert_eq!(conf("{resolv_conf: {domain: a}}"), (None, vec![]));
        let (none, problems) = conf("{manage_resolv_conf: true}");
        assert_eq!((none, problems.len()), (None, 1));
        let (text, problems) =
            conf("{manage_resolv_conf: true, resolv_conf: {nameservers: [1, 'a b', c], options: {a: [x]}}}");
        assert_eq!(text.as_deref(), Some("nameserver c\n"));
        assert_eq!(
            problems,
            [
                "unable to read user-data:1:56: nameservers is an integer, not a string",
                "unable to read user-data:1:59: it is not one word",
                "unable to use the option at user-data:1:80: it is neither a flag nor a value"
            ]
        );
    }

    #[test]
    fn hosts_are_kept_as_asked() {
        assert_eq!(etc_hosts(&layer("{manage_etc_hosts: true}")), Some(EtcHosts::Template));
        assert_eq!(etc_hosts(&layer("{manage_etc_hosts: template}")), Some(EtcHosts::Template));
        assert_eq!(etc_hosts(&layer("{manage_etc_hosts: localhost}")), Some(EtcHosts::Localhost));
        assert_eq!(etc_hosts(&layer("{manage_etc_hosts: false}")), None);
        assert_eq!(etc_hosts(&layer("{}")), None);
    }
}
