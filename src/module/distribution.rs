//! Which distribution a root is, as far as modules act differently.

use super::Context;
use crate::fetch::{Fetch, may_exist};
use crate::os_release::{self, field};
use alloc::string::String;

/// Distributions that do things alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Debian,
    RedHat,
    Suse,
    Alpine,
    Arch,
    Gentoo,
    Photon,
    Other,
}

/// A root's distribution.
#[derive(Clone, Debug)]
pub(super) struct Distribution {
    /// cloud-init's name of it, else os-release's `ID`.
    pub(super) name: String,
    /// Whom it takes after.
    pub(super) family: Family,
}

/// The families and the names of who is in them, as words; also those of
/// os-release's `ID_LIKE`.
const FAMILIES: [(Family, &str); 7] = [
    (Family::Debian, "debian ubuntu raspbian raspberry-pi-os"),
    (
        Family::RedHat,
        "rhel fedora centos rocky almalinux ol amazon amzn cloudlinux eurolinux miraclelinux virtuozzo \
         openeuler openEuler openmandriva",
    ),
    (Family::Suse, "suse opensuse opensuse-leap opensuse-tumbleweed opensuse-microos sles sle_hpc sle-micro"),
    (Family::Alpine, "alpine"),
    (Family::Arch, "arch"),
    (Family::Gentoo, "gentoo"),
    (Family::Photon, "photon mariner azurelinux"),
];

impl Distribution {
    /// What `system_info.distro` of the configuration says, else os-release(5).
    #[inline(never)]
    pub(super) fn of(context: &Context<'_>) -> Self {
        let text = os_release::text(context.root);
        let name = context.config.text("system_info.distro").unwrap_or_else(|| field(&text, "ID"));
        let names = [name, field(&text, "ID"), field(&text, "ID_LIKE")];
        let family = names.iter().flat_map(|names| names.split(' ')).find_map(family);
        let name = match name {
            "opensuse-leap" | "opensuse-tumbleweed" | "opensuse-microos" => "opensuse",
            "amzn" => "amazon",
            name => name,
        };
        Self { name: name.into(), family: family.unwrap_or(Family::Other) }
    }
}

fn family(name: &str) -> Option<Family> {
    FAMILIES.iter().find(|(_, names)| names.split(' ').any(|own| own == name)).map(|(family, _)| *family)
}

/// Whether the root has systemd for its init.
pub fn has_systemd(root: &dyn Fetch) -> bool {
    ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].iter().any(|path| may_exist(root, path))
}
