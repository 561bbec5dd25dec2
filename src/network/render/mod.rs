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
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

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

/// A file of root's, whole.
fn file(path: impl Into<String>, mode: u32, content: impl Into<Vec<u8>>) -> Action {
    Action::WriteFile(WriteFile {
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
    links.sort_by(|a, b| a.name.cmp(&b.name));
    links
}

/// Items with `separator` between them.
fn joined<T: core::fmt::Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(separator);
        }
        text.push_str(&format!("{item}"));
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
