//! A network written for what configures it on this machine.
//!
//! To add a back end: one file beside this one, and its line in [`ALL`].

pub mod distribution;
pub mod eni;
pub mod ifcfg;
pub mod keyfile;
pub mod late;
pub mod live;
pub mod lost;
pub mod netplan;
pub mod networkd;
pub mod others;
pub mod ours;
mod section;
mod text;
pub mod udev;
pub mod version1;

use crate::action::{Action, Existing, Owner, WriteFile};
use crate::fetch::{Fetch, may_exist};
use crate::network::order::sort_by;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::string::String;
use alloc::vec::Vec;
use distribution::Distribution;

/// One network back end.
pub struct Renderer {
    /// cloud-init's name for it.
    pub name: &'static str,
    /// Whether the root has it installed (and, where it can be off, enabled).
    pub detect: fn(root: &dyn Fetch) -> bool,
    /// Whether the one in the root reads files of ours from /run.
    pub reads_run: fn(root: &dyn Fetch) -> bool,
    /// Its files for a network. Links appear under their final names.
    pub render: fn(network: &Resolved<'_>, target: Target) -> Vec<Action>,
}

/// Whom the files are for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The distribution, some of which have their own places and dialects.
    pub distribution: &'static Distribution,
    /// Everything goes below /etc, which lasts. Else what a back end also
    /// reads from /run goes there, and is made anew at each boot.
    pub lasting: bool,
}

impl Target {
    /// A boot of `root`, which asks for `lasting` files or not.
    pub fn boot(root: &dyn Fetch, renderer: &Renderer, lasting: bool) -> Self {
        let lasting = lasting || !(renderer.reads_run)(root);
        Self { distribution: Distribution::of(root), lasting }
    }

    /// Where back ends that read both have their folders.
    fn folder(self) -> &'static str {
        if self.lasting { "/etc" } else { "/run" }
    }
}

/// Every back end, in cloud-init's order of preference.
pub static ALL: &[Renderer] =
    &[eni::RENDERER, ifcfg::RENDERER, netplan::RENDERER, keyfile::RENDERER, networkd::RENDERER];

/// The back end of `root`: the first one installed in its distribution's
/// order, then in that of [`ALL`]. `None`: nothing there configures networks,
/// and [`live`] does.
pub fn detect(root: &dyn Fetch) -> Option<&'static Renderer> {
    let order: Vec<&str> = Distribution::of(root).order().collect();
    first_of(root, &order).or_else(|| ALL.iter().find(|renderer| (renderer.detect)(root)))
}

/// The first of the back ends called `names` that `root` has installed.
pub fn first_of(root: &dyn Fetch, names: &[&str]) -> Option<&'static Renderer> {
    for name in names {
        for renderer in ALL {
            if renderer.name == *name && (renderer.detect)(root) {
                return Some(renderer);
            }
        }
    }
    None
}

/// A file of root's, whole; its path is given in parts.
#[inline(never)]
fn file(actions: &mut Vec<Action>, path: &[&str], mode: u32, content: String) {
    actions.push(Action::from(WriteFile {
        path: concat(path),
        content: content.into_bytes(),
        mode,
        owner: Owner::Root,
        existing: Existing::Replace,
    }));
}

#[inline(never)]
fn concat(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// Whether `root` has something at the path of these parts.
fn exists(root: &dyn Fetch, path: &[&str]) -> bool {
    may_exist(root, &concat(path))
}

/// Whether `root` has each of the programs where programs are.
#[inline(never)]
fn has_programs(root: &dyn Fetch, names: &[&str]) -> bool {
    let folders = ["usr/sbin/", "usr/bin/", "sbin/", "bin/"];
    names.iter().all(|name| folders.iter().any(|folder| exists(root, &[folder, name])))
}

/// Whether systemd in `root` starts `unit` at boot.
#[inline(never)]
fn is_enabled(root: &dyn Fetch, unit: &str) -> bool {
    ["etc", "usr/lib", "lib"].iter().any(|folder| {
        names(root, &[folder, "/systemd/system/multi-user.target.wants"]).iter().any(|name| name == unit)
    })
}

/// The names in a folder of `root`, whose path is given in parts.
fn names(root: &dyn Fetch, folder: &[&str]) -> Vec<String> {
    root.list(&concat(folder)).ok().flatten().unwrap_or_default()
}

/// The links by their names, those of a lower rank first.
#[inline(never)]
fn by_name<'r, 'a>(
    network: &'r Resolved<'a>,
    rank: fn(&ResolvedLink<'_>) -> u8,
) -> Vec<&'r ResolvedLink<'a>> {
    let mut links = Vec::new();
    links.extend(&network.links);
    sort_by(&mut links, |a, b| (rank(a), &*a.name) < (rank(b), &*b.name));
    links
}

/// Writes resolv.conf(5) from everything a network mentions, each once: the
/// settings of its links, then the global ones, `most` servers in all. False
/// when there is nothing to write.
#[inline(never)]
fn resolv_conf(actions: &mut Vec<Action>, network: &Resolved<'_>, header: &str, most: usize) -> bool {
    let mut found = text::Resolver::default();
    for link in &network.links {
        for subnet in &link.link.subnets {
            found.add(&subnet.dns, true);
        }
        if let Some(dns) = &link.link.dns {
            found.add(dns, true);
        }
    }
    found.add(&network.described.dns, true);
    let any = !found.is_empty();
    if any {
        let mut text = String::from(header);
        for server in found.servers.iter().take(most) {
            text::push(&mut text, &["nameserver ", server, "\n"]);
        }
        if !found.search.is_empty() {
            text::push(&mut text, &["search ", &text::joined(&found.search, " "), "\n"]);
        }
        file(actions, &["/etc/resolv.conf"], 0o644, text);
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Result};
    use crate::network::parse::{Description, description};

    /// A root that is only names; a name ending in `=` is a file with content.
    struct Root<'a>(&'a [&'a str]);

    impl Fetch for Root<'_> {
        fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
            let content = self.0.iter().find_map(|file| {
                let (name, content) = file.split_once('=').unwrap_or((file, "x program"));
                (name == path.trim_start_matches('/')).then_some(content)
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

        fn mode(&self, path: &str) -> Result<Option<u32>> {
            Ok(self.read(path, usize::MAX)?.map(|_| 0o100_644))
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

    /// They were lost in silence by all but netplan.
    #[test]
    fn windows_of_routes_are_in_every_back_ends_files() {
        let text = "{version: 2, ethernets: {eth0: {addresses: [10.0.0.5/24], routes: [{to: 10.9.0.0/16, \
            via: 10.0.0.1, congestion-window: 20, advertised-receive-window: 30}]}}}";
        let Ok(Description::Network(parsed)) = description("network-config", text.as_bytes(), "x") else {
            panic!()
        };
        let resolved = parsed.network.resolve(&[]);
        for (back_end, distribution, words) in [
            ("eni", "debian", "initcwnd 20 initrwnd 30"),
            ("sysconfig", "rhel", "initcwnd 20 initrwnd 30"),
            ("sysconfig", "opensuse", "initcwnd 20 initrwnd 30"),
            ("network-manager", "rhel", "initcwnd=20,initrwnd=30"),
            ("networkd", "debian", "InitialAdvertisedReceiveWindow=30\nInitialCongestionWindow=20"),
            ("netplan", "ubuntu", "congestion-window: 20"),
        ] {
            let renderer = ALL.iter().find(|renderer| renderer.name == back_end).unwrap();
            let target = Target { distribution: Distribution::named(distribution).unwrap(), lasting: true };
            let has = |action: &Action| match action {
                Action::WriteFile(file) => String::from_utf8_lossy(&file.content).contains(words),
                _ => false,
            };
            assert!((renderer.render)(&resolved, target).iter().any(has), "{back_end}");
        }
    }
}
