//! Files of back ends that are ours to replace and take away: those a boot of
//! ours wrote, and those an earlier cloud-init left.

use super::{concat, names};
use crate::fetch::{self, Fetch};
use crate::text::contains;
use alloc::string::String;
use alloc::vec::Vec;

/// First line of each file a boot writes. A file without it that is not
/// cloud-init's either is somebody else's.
pub const MARK: &str = "# Written by glowplug, which replaces it when the network's description changes.\n";

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An earlier boot of ours wrote it.
    Ours,
    /// An earlier cloud-init did.
    CloudInit,
    /// Somebody else.
    Other,
}

/// Folders in which back ends have a file for each link, below /etc and those
/// read from /run as well.
static FOLDERS: [&str; 12] = [
    "/etc/NetworkManager/conf.d",
    "/etc/NetworkManager/system-connections",
    "/etc/netplan",
    "/etc/network/interfaces.d",
    "/etc/sysconfig/network",
    "/etc/sysconfig/network-scripts",
    "/etc/systemd/network",
    "/etc/udev/rules.d",
    "/run/NetworkManager/conf.d",
    "/run/NetworkManager/system-connections",
    "/run/netplan",
    "/run/systemd/network",
];

/// Files beside those in folders.
static FILES: [&str; 2] = ["/etc/network/interfaces", "/etc/resolv.conf"];

/// Two trees as one: what is in /run is not in the root's folder of that name.
#[derive(Clone, Copy)]
pub struct Trees<'t> {
    /// The root.
    pub root: &'t dyn Fetch,
    /// The running /run.
    pub run: &'t dyn Fetch,
}

impl<'t> Trees<'t> {
    /// The tree a path is in, and the path within it.
    pub fn place<'p>(&self, path: &'p str) -> (&'t dyn Fetch, &'p str) {
        match path.strip_prefix("/run/") {
            Some(rest) => (self.run, rest),
            None => (self.root, path),
        }
    }

    /// The text of the file at `path`.
    #[inline(never)]
    pub fn text(&self, path: &str) -> Option<String> {
        let (tree, path) = self.place(path);
        fetch::text(tree, path)
    }

    /// The paths of the files in `folder`.
    #[inline(never)]
    pub fn paths(&self, folder: &str) -> Vec<String> {
        let (tree, inner) = self.place(folder);
        let mut paths = Vec::new();
        for name in names(tree, &[inner]) {
            paths.push(concat(&[folder, "/", &name]));
        }
        paths
    }

    /// The files of back ends that are ours or an earlier cloud-init's, and
    /// which.
    #[inline(never)]
    pub fn owned(&self) -> Vec<(String, Owner)> {
        let mut paths = Vec::new();
        for folder in FOLDERS {
            paths.append(&mut self.paths(folder));
        }
        for path in FILES {
            paths.push(path.into());
        }
        let mut owned = Vec::new();
        for path in paths {
            match self.text(&path).map(|text| owner(&path, &text)) {
                None | Some(Owner::Other) => {}
                Some(owner) => owned.push((path, owner)),
            }
        }
        owned
    }
}

/// Whose the file at `path` is. cloud-init says so in the comments a file
/// begins with, but for those of systemd, which it only names after itself.
#[inline(never)]
pub fn owner(path: &str, text: &str) -> Owner {
    if text.starts_with(MARK) {
        return Owner::Ours;
    }
    let named = contains(path, "/systemd/network/10-cloud-init-");
    let comments = text.lines().take_while(|line| line.is_empty() || line.starts_with(['#', ';']));
    if named || comments.into_iter().any(|line| contains(line, "cloud-init")) {
        return Owner::CloudInit;
    }
    Owner::Other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    #[test]
    fn files_are_known_by_their_first_lines() {
        let marked = concat(&[MARK, "x=1\n"]);
        let root = Tree::of(
            "",
            &[
                ("/etc/sysconfig/network-scripts/ifcfg-eth0", &marked),
                (
                    "/etc/sysconfig/network-scripts/ifcfg-eth1",
                    "# Created by cloud-init on instance boot automatically, do not edit.\n#\nDEVICE=eth1\n",
                ),
                ("/etc/sysconfig/network-scripts/ifcfg-eth2", "DEVICE=eth2\n# not cloud-init\n"),
                ("/etc/systemd/network/10-cloud-init-eth0.network", "[Match]\nName=eth0\n"),
                ("/etc/systemd/network/20-lan.network", "[Match]\nName=eth0\n"),
                ("/etc/resolv.conf", "; Created by cloud-init automatically, do not edit.\n;\n"),
            ],
        );
        let run = Tree::of("", &[("netplan/50-cloud-init.yaml", &marked)]);
        let owned = Trees { root: &root, run: &run }.owned();
        let owned: Vec<(&str, Owner)> = owned.iter().map(|(path, owner)| (&**path, *owner)).collect();
        assert_eq!(
            owned,
            [
                ("/etc/sysconfig/network-scripts/ifcfg-eth0", Owner::Ours),
                ("/etc/sysconfig/network-scripts/ifcfg-eth1", Owner::CloudInit),
                ("/etc/systemd/network/10-cloud-init-eth0.network", Owner::CloudInit),
                ("/run/netplan/50-cloud-init.yaml", Owner::Ours),
                ("/etc/resolv.conf", Owner::CloudInit),
            ]
        );
    }
}
