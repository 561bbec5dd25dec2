//! Which distribution a root is, and which back ends it prefers.

use crate::fetch::Fetch;
use crate::limits;
use alloc::string::String;

/// Orders of cloud-init 26.2's cloud.cfg templates, by the ID of os-release.
const ORDERS: &[(&str, &str)] = &[
    ("ubuntu", "netplan eni sysconfig"),
    ("debian", "netplan eni networkd"),
    ("fedora", "netplan network-manager networkd sysconfig eni"),
    (
        "rhel centos rocky almalinux ol cloudlinux eurolinux miraclelinux virtuozzo",
        "eni netplan network-manager sysconfig networkd",
    ),
];

/// The order of `root`'s distribution as words, by ID, else by the first of
/// `ID_LIKE` that is known; empty when none is.
#[inline(never)]
pub fn order(root: &dyn Fetch) -> &'static str {
    let text = os_release(root);
    for name in ["ID", "ID_LIKE"] {
        for id in value(&text, name).split_ascii_whitespace() {
            for (ids, order) in ORDERS {
                if ids.split_ascii_whitespace().any(|known| known == id) {
                    return order;
                }
            }
        }
    }
    ""
}

/// Whether `root` is of the family whose network scripts are ifcfg files.
pub fn has_ifcfg(root: &dyn Fetch) -> bool {
    order(root).contains("sysconfig")
}

/// os-release(5): /etc first, then /usr/lib.
fn os_release(root: &dyn Fetch) -> String {
    for path in ["etc/os-release", "usr/lib/os-release"] {
        if let Ok(Some(bytes)) = root.read(path, limits::ATTRIBUTE) {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    String::new()
}

/// The value of a variable, without quotes.
fn value<'t>(text: &'t str, name: &str) -> &'t str {
    for line in text.split('\n') {
        if let Some(value) = line.trim_ascii().strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            return value.trim_matches(['"', '\'']);
        }
    }
    ""
}
