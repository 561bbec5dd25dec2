//! `hostname`, `fqdn`, `preserve_hostname`, `prefer_fqdn_over_hostname`.

use super::CloudConfig;
use super::schema::{Key, Kind};
use crate::error::Error;
use crate::ip::Ip;
use crate::text::{fill, is_space};
use alloc::string::String;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("hostname", Kind::Text),
    Key::new("fqdn", Kind::Text),
    Key::new("create_hostname_file", Kind::Bool),
    Key::new("preserve_hostname", Kind::Bool),
    Key::new("prefer_fqdn_over_hostname", Kind::Bool),
];

/// Bytes the kernel takes for a host name (sethostname(2)).
const MOST: usize = 64;

const DOING: &str = "set host name at";

/// What a machine is to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hostname<'a> {
    /// The short name.
    pub hostname: &'a str,
    /// The full name; the short one where none is known.
    pub fqdn: &'a str,
    /// Whether the system's name is the full one; `None`: as the
    /// distribution has it.
    pub prefer_fqdn: Option<bool>,
}

/// The names the configuration asks for, else `given`, the metadata's; `None`
/// when neither has one or the name is to be left alone. `fqdn` gives the host
/// name its first label unless `hostname` is there too; a dotted `hostname`
/// is a full name. A name that is none is a problem, and the others count.
pub fn parse<'a>(
    config: &CloudConfig<'a>,
    given: &'a str,
    problems: &mut Vec<Error>,
) -> Option<Hostname<'a>> {
    if config.is_true("preserve_hostname", false) { None } else { names(config, given, problems) }
}

/// As [`parse`], also where the machine's own name is to be left alone.
pub fn names<'a>(
    config: &CloudConfig<'a>,
    given: &'a str,
    problems: &mut Vec<Error>,
) -> Option<Hostname<'a>> {
    let (fqdn, hostname) = (name(config, "fqdn", problems), name(config, "hostname", problems));
    let (hostname, fqdn) = match (fqdn, hostname) {
        (Some(fqdn), Some(hostname)) => (hostname, fqdn),
        (Some(name), None) | (None, Some(name)) => (first_label(name), name),
        (None, None) if given.is_empty() => return None,
        (None, None) => {
            if let Err(why) = check(given) {
                problems.push(Error::new("set host name", fill("\"{}\"", &[given]), why));
                return None;
            }
            (first_label(given), given)
        }
    };
    let prefer = "prefer_fqdn_over_hostname";
    let prefer_fqdn = config.get(prefer).map(|_| config.is_true(prefer, false));
    Some(Hostname { hostname, fqdn, prefer_fqdn })
}

/// The name under `key`.
#[inline(never)]
fn name<'a>(config: &CloudConfig<'a>, key: &str, problems: &mut Vec<Error>) -> Option<&'a str> {
    let setting = config.get(key)?;
    let problem = match setting.value.as_str().map(|text| check(text.trim_ascii())) {
        Some(Ok(name)) => return Some(name),
        Some(Err(why)) => setting.error(DOING, setting.value, why),
        None => setting.mismatch(DOING, setting.value, key, "a string"),
    };
    problems.push(problem);
    None
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The name that metadata gives; an IPv4 address becomes `ip-1-2-3-4`.
pub fn of_metadata(name: &str) -> String {
    let name = name.trim_ascii();
    match name.parse::<Ip>() {
        Ok(address) if !address.is_ipv6() => ["ip-", &name.replace('.', "-")].concat(),
        _ => name.into(),
    }
}

/// Takes a text for a host name; the error is the cause.
#[inline(never)]
pub fn check(name: &str) -> Result<&str, &'static str> {
    if name.is_empty() || name.starts_with('.') {
        Err("the name is empty")
    } else if first_label(name).len() > MOST || name.len() > 253 {
        Err("the name is too long")
    } else if name
        .chars()
        .any(|c| c.is_control() || is_space(c) || matches!(c, '/' | '#' | '"' | '\'' | '\\'))
    {
        Err("the name has blanks, slashes, quotes or control characters")
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    fn names(text: &str, metadata: Option<&str>) -> Option<(String, String)> {
        let (given, mut problems) = (of_metadata(metadata.unwrap_or_default()), Vec::new());
        let name = parse(&layer(text), &given, &mut problems);
        assert_eq!(problems, []);
        name.map(|name| (name.hostname.to_owned(), name.fqdn.to_owned()))
    }

    #[test]
    fn names_come_from_where_cloud_init_takes_them() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(names("{hostname: a, fqdn: b.c}", None), pair("a", "b.c"));
        assert_eq!(names("{fqdn: b.c}", None), pair("b", "b.c"));
        assert_eq!(names("{hostname: a.c}", None), pair("a", "a.c"));
        assert_eq!(names("{}", Some("m.local")), pair("m", "m.local"));
        assert_eq!(names("{}", Some("10.0.0.1")), pair("ip-10-0-0-1", "ip-10-0-0-1"));
        assert_eq!(names("{}", None), None);
        assert_eq!(names("{hostname: a, preserve_hostname: true}", Some("m")), None);
    }

    #[test]
    fn a_name_that_is_none_is_told_with_its_place() {
        let error = |text| {
            let mut problems = Vec::new();
            assert_eq!(parse(&layer(text), "", &mut problems), None);
            problems[0].to_string()
        };
        assert_eq!(
            error("hostname: 12"),
            "unable to set host name at user-data:1:11: hostname is an integer, not a string"
        );
        assert_eq!(
            error("hostname: a/b"),
            "unable to set host name at user-data:1:11: the name has blanks, slashes, quotes or control characters"
        );
        assert!(error(&alloc::format!("hostname: {}", "x".repeat(65))).ends_with("the name is too long"));
    }

    #[test]
    fn one_name_that_is_none_leaves_the_other() {
        let mut problems = Vec::new();
        let name = parse(&layer("{hostname: a, fqdn: [b]}"), "m.local", &mut problems);
        assert_eq!(name.map(|name| (name.hostname, name.fqdn)), Some(("a", "a")));
        assert_eq!(problems.len(), 1);
    }
}
