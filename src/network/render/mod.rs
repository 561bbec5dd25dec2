//! A network written for what configures it on this machine.
//!
//! To add a back end: one file beside this one, and its line in [`ALL`].

pub mod distribution;
pub mod eni;
pub mod ifcfg;
pub mod keyfile;
pub mod live;
pub mod netplan;
pub mod networkd;
mod udev;

use crate::action::{Action, Existing, Owner, WriteFile};
use crate::fetch::Fetch;
use crate::network::model::{Dns, Method, Static};
use crate::network::order::sort_by;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One network back end.
pub struct Renderer {
    /// cloud-init's name for it.
    pub name: &'static str,
    /// Whether the root has it installed (and, where it can be off, enabled).
    pub detect: fn(root: &dyn Fetch) -> bool,
    /// Its files for a network. Links appear under their final names.
    pub render: fn(network: &Resolved<'_>) -> Vec<Action>,
}

/// Every back end, in cloud-init's order of preference.
pub static ALL: &[Renderer] =
    &[eni::RENDERER, ifcfg::RENDERER, netplan::RENDERER, keyfile::RENDERER, networkd::RENDERER];

/// The back end of `root`: the first one installed in its distribution's
/// order, then in that of [`ALL`]. `None`: nothing there configures networks,
/// and [`live`] does.
pub fn detect(root: &dyn Fetch) -> Option<&'static Renderer> {
    let order = distribution::order(root);
    order
        .iter()
        .filter_map(|name| ALL.iter().find(|renderer| renderer.name == *name))
        .chain(ALL)
        .find(|renderer| (renderer.detect)(root))
}

/// Formatting to the end of a text, which cannot fail.
trait Append {
    fn append(&mut self, arguments: fmt::Arguments<'_>);
}

impl Append for String {
    fn append(&mut self, arguments: fmt::Arguments<'_>) {
        let _ = fmt::Write::write_fmt(self, arguments);
    }
}

/// A file of root's, whole.
fn file(path: impl Into<String>, mode: u32, content: impl Into<Vec<u8>>) -> Action {
    Action::from(WriteFile {
        path: path.into(),
        content: content.into(),
        mode,
        owner: Owner::Root,
        existing: Existing::Replace,
    })
}

/// Whether `root` has something at `path`. A file longer than a byte is an
/// error to read, and there all the same.
fn exists(root: &dyn Fetch, path: &str) -> bool {
    !matches!(root.read(path, 1), Ok(None))
}

/// Whether `root` has the program `name` where programs are.
fn has_program(root: &dyn Fetch, name: &str) -> bool {
    ["usr/sbin", "usr/bin", "sbin", "bin"].iter().any(|folder| exists(root, &format!("{folder}/{name}")))
}

/// Whether systemd in `root` starts `unit` at boot.
fn is_enabled(root: &dyn Fetch, unit: &str) -> bool {
    ["etc", "usr/lib", "lib"].iter().any(|folder| {
        let path = format!("{folder}/systemd/system/multi-user.target.wants");
        matches!(root.list(&path), Ok(Some(names)) if names.iter().any(|name| name == unit))
    })
}

/// Links sorted by name, as several back ends list them.
fn sorted<'r, 'a>(network: &'r Resolved<'a>) -> Vec<&'r ResolvedLink<'a>> {
    let mut links: Vec<_> = network.links.iter().collect();
    sort_by(&mut links, |a, b| a.name < b.name);
    links
}

/// Items with `separator` between them.
fn joined<T: fmt::Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(separator);
        }
        text.append(format_args!("{item}"));
    }
    text
}

/// All name servers and search domains a network mentions, each once: those
/// of its links, then the global ones.
fn all_dns(network: &Resolved<'_>) -> Dns {
    let mut all = Dns::default();
    let subnets = sorted(network).into_iter().flat_map(|link| &link.link.subnets);
    for dns in subnets.map(|subnet| &subnet.dns).chain([network.dns]) {
        for server in &dns.servers {
            if !all.servers.contains(server) {
                all.servers.push(*server);
            }
        }
        for domain in &dns.search {
            if !all.search.contains(domain) {
                all.search.push(domain.clone());
            }
        }
    }
    all
}

impl ResolvedLink<'_> {
    /// The fixed addresses.
    fn fixed(&self) -> impl Iterator<Item = &Static> {
        self.link.subnets.iter().filter_map(|subnet| match &subnet.method {
            Method::Static(fixed) => Some(fixed),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Result};

    /// A root that is only names; a name ending in `=` is a file with content.
    struct Root<'a>(&'a [&'a str]);

    impl Fetch for Root<'_> {
        fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
            let content = self.0.iter().find_map(|file| {
                let (name, content) = file.split_once('=').unwrap_or((file, "x program"));
                (name == path).then_some(content)
            });
            match content {
                Some(content) if content.len() > limit => Err(Error::new("read", path, "too long")),
                content => Ok(content.map(|content| content.as_bytes().to_vec())),
            }
        }

        fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
            let inside =
                |file: &&str| Some(file.strip_prefix(path)?.strip_prefix('/')?.split('/').next()?.into());
            let names: Vec<String> = self.0.iter().filter_map(inside).collect();
            Ok((!names.is_empty()).then_some(names))
        }

        fn mode(&self, path: &str) -> Option<u32> {
            matches!(self.read(path, usize::MAX), Ok(Some(_))).then_some(0o100_644)
        }

        fn name(&self, path: &str) -> String {
            path.into()
        }
    }

    fn detected(files: &[&str]) -> Option<&'static str> {
        detect(&Root(files)).map(|renderer| renderer.name)
    }

    const WANTS: &str = "etc/systemd/system/multi-user.target.wants";

    #[test]
    fn the_distribution_decides_between_two() {
        let wants = [format!("{WANTS}/NetworkManager.service"), format!("{WANTS}/systemd-networkd.service")];
        let both = |os_release| {
            let mut files = vec![os_release, "usr/bin/nmcli", "usr/lib/systemd/systemd-networkd"];
            files.extend(wants.iter().map(String::as_str));
            files.push("usr/lib/systemd/systemd");
            detected(&files)
        };
        assert_eq!(both("etc/os-release=ID=debian\n"), Some("networkd"));
        assert_eq!(both("etc/os-release=ID=fedora\n"), Some("network-manager"));
        assert_eq!(
            both("usr/lib/os-release=ID=\"mint\"\nID_LIKE=\"ubuntu debian\"\n"),
            Some("network-manager")
        );
        assert_eq!(both("etc/os-release=ID=other\n"), Some("network-manager"));
    }

    #[test]
    fn each_is_found_by_what_it_needs() {
        let eni = ["sbin/ifup", "sbin/ifdown", "sbin/ifquery", "etc/network/interfaces"];
        assert_eq!(detected(&eni), Some("eni"));
        assert_eq!(detected(&eni[1..]), None);
        assert_eq!(detected(&["usr/sbin/netplan", "etc/os-release=ID=debian\n"]), Some("netplan"));
        let rhel = "etc/os-release=ID=\"rhel\"\n";
        let plugin = "usr/lib64/NetworkManager/1.40.0-1/libnm-settings-plugin-ifcfg-rh.so";
        assert_eq!(detected(&[rhel, plugin]), Some("sysconfig"));
        assert_eq!(detected(&[plugin]), None, "only where ifcfg files are at home");
    }

    #[test]
    fn what_is_installed_and_off_does_not_count() {
        let files = ["usr/lib/systemd/systemd", "usr/lib/systemd/systemd-networkd", "usr/bin/nmcli"];
        assert_eq!(detected(&files), None);
        assert_eq!(detected(&[]), None);
    }
}
