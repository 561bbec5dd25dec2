//! Which distribution a root is, and which back ends it prefers.

use crate::fetch::Fetch;
use crate::limits;
use alloc::string::String;

/// Orders of cloud-init 26.2's cloud.cfg templates, by the ID of os-release.
const ORDERS: &[(&[&str], &[&str])] = &[
    (&["ubuntu"], &["netplan", "eni", "sysconfig"]),
    (&["debian"], &["netplan", "eni", "networkd"]),
    (&["fedora"], &["netplan", "network-manager", "networkd", "sysconfig", "eni"]),
    (
        &[
            "rhel",
            "centos",
            "rocky",
            "almalinux",
            "ol",
            "cloudlinux",
            "eurolinux",
            "miraclelinux",
            "virtuozzo",
        ],
        &["eni", "netplan", "network-manager", "sysconfig", "networkd"],
    ),
];

/// The order of `root`'s distribution, by ID, else by the first of `ID_LIKE`
/// that is known; empty when none is.
pub fn order(root: &dyn Fetch) -> &'static [&'static str] {
    let text = os_release(root);
    let own = value(&text, "ID");
    let like = value(&text, "ID_LIKE");
    own.split_ascii_whitespace()
        .chain(like.split_ascii_whitespace())
        .find_map(|id| ORDERS.iter().find(|(ids, _)| ids.contains(&id)))
        .map_or(&[], |(_, order)| *order)
}

/// Whether `root` is of the family whose network scripts are ifcfg files.
pub fn has_ifcfg(root: &dyn Fetch) -> bool {
    order(root).contains(&"sysconfig")
}

/// os-release(5): /etc first, then /usr/lib.
fn os_release(root: &dyn Fetch) -> String {
    ["etc/os-release", "usr/lib/os-release"]
        .iter()
        .find_map(|path| root.read(path, limits::ATTRIBUTE).ok().flatten())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// The value of a variable, without quotes.
fn value<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines()
        .filter_map(|line| line.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value.trim_matches(['"', '\'']))
}
