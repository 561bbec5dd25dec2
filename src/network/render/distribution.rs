//! Which distribution a root is, which back ends it prefers, and where it has
//! their files.

use crate::fetch::Fetch;
use crate::os_release::{self, field};

/// What distributions do differently; as cloud-init 26.2 has it.
#[derive(Debug)]
pub struct Distribution {
    /// IDs of os-release and names of cloud-init's, as words.
    names: &'static str,
    /// Back ends in the order of preference, as words; empty leaves it to the
    /// order of [`super::ALL`]. (cloud.cfg's `renderers`)
    order: &'static str,
    /// Where the network is described to ifupdown.
    pub(super) interfaces: &'static str,
    /// Whose dialect its ifcfg files are in; `None` where there are none.
    pub(super) scripts: Option<Scripts>,
}

/// The dialects of ifcfg files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts {
    /// Of Red Hat's network scripts and NetworkManager's ifcfg-rh.
    RedHat,
    /// Of SUSE's wicked.
    Suse,
}

const INTERFACES: &str = "/etc/network/interfaces";
const INTERFACES_D: &str = "/etc/network/interfaces.d/50-cloud-init";

/// Every distribution cloud-init knows that has something of its own.
static KNOWN: &[Distribution] = &[
    Distribution {
        names: "debian raspberry-pi-os raspbian",
        order: "netplan eni networkd",
        interfaces: INTERFACES_D,
        scripts: None,
    },
    Distribution {
        names: "ubuntu",
        order: "netplan eni sysconfig",
        interfaces: "/etc/network/interfaces.d/50-cloud-init.cfg",
        scripts: None,
    },
    Distribution {
        names: "fedora",
        order: "netplan network-manager networkd sysconfig eni",
        interfaces: INTERFACES,
        scripts: Some(Scripts::RedHat),
    },
    Distribution {
        names: "rhel centos rocky almalinux ol cloudlinux eurolinux miraclelinux virtuozzo",
        order: "eni netplan network-manager sysconfig networkd",
        interfaces: INTERFACES,
        scripts: Some(Scripts::RedHat),
    },
    Distribution {
        names: "amazon amzn aosc openmandriva openeuler OpenCloudOS opencloudos TencentOS tencentos",
        order: "",
        interfaces: INTERFACES,
        scripts: Some(Scripts::RedHat),
    },
    Distribution {
        names: "suse opensuse opensuse-leap opensuse-microos opensuse-tumbleweed sles sle_hpc sle-micro",
        order: "",
        interfaces: INTERFACES,
        scripts: Some(Scripts::Suse),
    },
    OTHER,
];

/// Without anything of its own.
const OTHER: Distribution = Distribution {
    names: "alpine arch azurelinux cos gentoo mariner photon dragonfly freebsd netbsd openbsd",
    order: "",
    interfaces: INTERFACES,
    scripts: None,
};

static UNKNOWN: Distribution = OTHER;

impl Distribution {
    /// The distribution of this name.
    #[inline(never)]
    pub fn named(name: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.names.split_ascii_whitespace().any(|own| own == name))
    }

    /// The distribution of `root`: by ID, else by the first of `ID_LIKE` that
    /// is known, else (before os-release there was) by its own file in /etc,
    /// else one with nothing of its own.
    #[inline(never)]
    pub fn of(root: &dyn Fetch) -> &'static Self {
        let text = os_release::text(root);
        for name in ["ID", "ID_LIKE"] {
            for id in field(&text, name).split_ascii_whitespace() {
                if let Some(known) = Self::named(id) {
                    return known;
                }
            }
        }
        &UNKNOWN
    }

    /// Whether it is of a family whose network scripts are ifcfg files.
    pub fn has_ifcfg(&self) -> bool {
        self.scripts.is_some()
    }

    /// Back ends in the order of preference.
    pub(super) fn order(&self) -> impl Iterator<Item = &'static str> {
        self.order.split_ascii_whitespace()
    }
}
