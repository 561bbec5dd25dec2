//! `hostname`, `fqdn`, `preserve_hostname`, `prefer_fqdn_over_hostname`.

use super::CloudConfig;
use crate::error::{Error, Result};
use alloc::borrow::ToOwned;
use alloc::string::String;

/// Bytes the kernel takes for a host name (sethostname(2)).
const MOST: usize = 64;

const DOING: &str = "set host name at";

/// What a machine is to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostname {
    /// The short name.
    pub hostname: String,
    /// The full name; the short one where none is known.
    pub fqdn: String,
    /// Whether the system's name is the full one; `None`: as the
    /// distribution has it.
    pub prefer_fqdn: Option<bool>,
}

/// The names the configuration asks for, else the metadata's; `None` when
/// neither has one or the name is to be left alone. `fqdn` gives the host
/// name its first label unless `hostname` is there too; a dotted `hostname`
/// is a full name.
pub fn parse(config: &CloudConfig<'_>, local_hostname: Option<&str>) -> Result<Option<Hostname>> {
    if config.is_true(&["preserve_hostname"], false) {
        return Ok(None);
    }
    let text = |key: &str| match config.get(&[key]) {
        None => Ok(None),
        Some(setting) => match setting.value.as_str() {
            Some(text) => match check(text.trim_ascii()) {
                Ok(name) => Ok(Some(name)),
                Err(why) => Err(setting.error(DOING, setting.value, why)),
            },
            None => Err(setting.mismatch(DOING, setting.value, key, "a string")),
        },
    };
    let (fqdn, hostname) = (text("fqdn")?, text("hostname")?);
    let prefer = ["prefer_fqdn_over_hostname"];
    let prefer_fqdn = config.get(&prefer).map(|_| config.is_true(&prefer, false));
    let (hostname, fqdn) = match (fqdn, hostname) {
        (Some(fqdn), Some(hostname)) => (hostname.to_owned(), fqdn.to_owned()),
        (Some(name), None) | (None, Some(name)) => (first_label(name).to_owned(), name.to_owned()),
        (None, None) => match local_hostname.map(from_metadata).filter(|name| !name.is_empty()) {
            None => return Ok(None),
            Some(name) => {
                check(&name).map_err(|why| Error::new("set host name", ["\"", &name, "\""].concat(), why))?;
                (first_label(&name).to_owned(), name)
            }
        },
    };
    Ok(Some(Hostname { hostname, fqdn, prefer_fqdn }))
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// An IPv4 address as name becomes `ip-1-2-3-4`.
fn from_metadata(name: &str) -> String {
    let name = name.trim_ascii();
    match name.parse::<core::net::Ipv4Addr>() {
        Ok(_) => ["ip-", &name.replace('.', "-")].concat(),
        Err(_) => name.to_owned(),
    }
}

#[inline(never)]
fn check(name: &str) -> core::result::Result<&str, &'static str> {
    if name.is_empty() || name.starts_with('.') {
        Err("the name is empty")
    } else if first_label(name).len() > MOST || name.len() > 253 {
        Err("the name is too long")
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace() || c == '/') {
        Err("the name has blanks, slashes or control characters")
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    fn names(text: &str, metadata: Option<&str>) -> Option<(String, String)> {
        parse(&layer(text), metadata).unwrap().map(|name| (name.hostname, name.fqdn))
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
        let error = |text| parse(&layer(text), None).unwrap_err().to_string();
        assert_eq!(
            error("hostname: 12"),
            "unable to set host name at user-data:1:11: hostname is an integer, not a string"
        );
        assert_eq!(
            error("hostname: a/b"),
            "unable to set host name at user-data:1:11: the name has blanks, slashes or control characters"
        );
        assert!(error(&alloc::format!("hostname: {}", "x".repeat(65))).ends_with("the name is too long"));
    }
}
