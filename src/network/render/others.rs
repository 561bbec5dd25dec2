//! Files of others that are for links of ours too.

use super::ours::{self, Owner, Trees};
use crate::network::glob;
use crate::network::model::Mac;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::string::String;
use alloc::vec::Vec;

/// A file of somebody else's that is for a link of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Its path.
    pub path: String,
    /// The link's name; `None` for a whole configuration beside ours.
    pub link: Option<String>,
    /// Whether the back end obeys it, so that ours would be in its way.
    pub wins: bool,
    /// Whether it is of that link by name or address, and all the file is about.
    pub is_of_it: bool,
}

/// Folders (or files) a back end reads that others write into, the ending of
/// names that count, and whether what is there wins.
type Reads = &'static [(&'static str, &'static str, bool)];

const NETWORK_MANAGER: Reads =
    &[("/etc/NetworkManager/system-connections", "", true), ("/etc/sysconfig/network-scripts", "", false)];
const SCRIPTS: Reads =
    &[("/etc/sysconfig/network-scripts", "", false), ("/etc/sysconfig/network", "", false)];
const INTERFACES: Reads = &[("/etc/network/interfaces.d", "", false), ("/etc/network", "/interfaces", false)];
const NETPLAN: Reads = &[("/etc/netplan", ".yaml", false)];
const NETWORKD: Reads = &[("/etc/systemd/network", ".network", false)];

/// Words before what a file is for, as they stand before `=`.
const KEYS: [&str; 6] = ["interface-name", "mac-address", "DEVICE", "HWADDR", "Name", "MACAddress"];

/// Files for links of `network` that the back end reads and that are neither
/// ours nor an earlier cloud-init's nor in `planned`.
#[inline(never)]
pub fn others(back_end: &str, network: &Resolved<'_>, planned: &[&str], trees: &Trees<'_>) -> Vec<Other> {
    let reads = match back_end {
        "network-manager" => NETWORK_MANAGER,
        "sysconfig" => SCRIPTS,
        "eni" => INTERFACES,
        "netplan" => NETPLAN,
        _ => NETWORKD,
    };
    let mut found = Vec::new();
    for (folder, ending, wins) in reads {
        for path in trees.paths(folder) {
            let name = path.rsplit('/').next().unwrap_or_default();
            let backup = [".bak", ".orig", ".rpmsave", ".rpmnew", "~"].iter().any(|end| name.ends_with(end));
            let script = folder.starts_with("/etc/sysconfig") && !name.starts_with("ifcfg-");
            if backup || script || !path.ends_with(ending) || planned.contains(&&*path) {
                continue;
            }
            let Some(text) = trees.text(&path) else { continue };
            if ours::owner(&path, &text) != Owner::Other {
                continue;
            }
            let mut any = false;
            for link in &network.links {
                if is_for(&text, link, glob::matches) {
                    any = true;
                    let is_of_it = back_end != "eni" && is_for(&text, link, |word, name| word == name);
                    let link = Some((*link.name).into());
                    found.push(Other { path: path.clone(), link, wins: *wins, is_of_it });
                }
            }
            if !any && back_end == "netplan" {
                found.push(Other { path, link: None, wins: *wins, is_of_it: false });
            }
        }
    }
    found
}

/// Whether a line of `text` names the link or its MAC address: `KEY=NAME` of
/// keyfiles, ifcfg and systemd's files, `iface NAME`, and netplan's `NAME:`.
#[inline(never)]
fn is_for(text: &str, link: &ResolvedLink<'_>, matches: fn(&str, &str) -> bool) -> bool {
    if &*link.name == "lo" {
        return false;
    }
    let mac = link.link.hardware();
    text.lines().any(|line| {
        let line = line.trim_ascii();
        if let Some((key, value)) = line.split_once('=') {
            let mut words = value.split([' ', ';', '"', '\'']);
            return KEYS.contains(&key.trim_ascii())
                && words.any(|word| names(word.trim_ascii(), link, mac, matches));
        }
        let iface = line.strip_prefix("iface ").and_then(|rest| rest.split_ascii_whitespace().next());
        iface.or_else(|| line.strip_suffix(':')).is_some_and(|name| name == &*link.name)
    })
}

fn names(word: &str, link: &ResolvedLink<'_>, mac: Option<Mac>, matches: fn(&str, &str) -> bool) -> bool {
    !word.is_empty() && (matches(word, &link.name) || mac.is_some() && Mac::parse(word) == mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::network::parse::{Description, description};

    fn found(back_end: &str, files: &[(&str, &str)]) -> Vec<String> {
        let text = "{version: 1, config: [{type: physical, name: eth0, mac_address: '52:54:00:00:00:0A'}]}";
        let Ok(Description::Network(parsed)) = description("network-config", text.as_bytes(), "x") else {
            panic!()
        };
        let (root, run) = (Tree::of("", files), Tree::of("", &[]));
        let trees = Trees { root: &root, run: &run };
        let resolved = parsed.network.resolve(&[]);
        let found = others(back_end, &resolved, &["/etc/sysconfig/network-scripts/ifcfg-eth0"], &trees);
        found.into_iter().map(|other| format!("{} {:?} {}", other.path, other.link, other.wins)).collect()
    }

    #[test]
    fn a_file_is_for_a_link_by_name_or_address() {
        let connections = "/etc/NetworkManager/system-connections/";
        let file = |name: &str| format!("{connections}{name}");
        let (a, b, c) = (file("a"), file("b"), file("c"));
        let files = [
            (&*a, "[connection]\ninterface-name=eth0\n"),
            (&*b, "[ethernet]\nmac-address=52:54:00:00:00:0a\n"),
            (&*c, "[connection]\ninterface-name=eth1\n"),
            ("/etc/sysconfig/network-scripts/ifcfg-lan", "DEVICE=\"eth0\"\nBOOTPROTO=dhcp\n"),
            ("/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\n"),
            ("/etc/sysconfig/network-scripts/ifcfg-lan.bak", "DEVICE=eth0\n"),
            ("/etc/sysconfig/network-scripts/route-eth0", "DEVICE=eth0\n"),
        ];
        let lan = "/etc/sysconfig/network-scripts/ifcfg-lan Some(\"eth0\") false";
        assert_eq!(
            found("network-manager", &files),
            [&format!("{a} Some(\"eth0\") true"), &format!("{b} Some(\"eth0\") true"), lan]
        );
        assert_eq!(found("sysconfig", &files), [lan]);
    }

    #[test]
    fn every_back_end_has_its_way_of_naming_a_link() {
        let files = [
            ("/etc/network/interfaces", "auto lo\niface lo inet loopback\niface eth0 inet dhcp\n"),
            ("/etc/netplan/01-lan.yaml", "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n"),
            ("/etc/netplan/02-other.yaml", "network: {version: 2}\n"),
            ("/etc/systemd/network/80-dhcp.network", "[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n"),
            ("/etc/systemd/network/80-dhcp.link", "[Match]\nName=eth0\n"),
        ];
        assert_eq!(found("eni", &files), ["/etc/network/interfaces Some(\"eth0\") false"]);
        assert_eq!(
            found("netplan", &files),
            ["/etc/netplan/01-lan.yaml Some(\"eth0\") false", "/etc/netplan/02-other.yaml None false"]
        );
        assert_eq!(found("networkd", &files), ["/etc/systemd/network/80-dhcp.network Some(\"eth0\") false"]);
    }
}
