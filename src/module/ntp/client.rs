//! The programs that set the clock, and where each distribution has their files.

use crate::cloud_config::CloudConfig;
use crate::fetch::{Fetch, may_exist};
use crate::module::distribution::{Distribution, Family};
use crate::module::system::has_program;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A program that sets the clock, as a distribution has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Client {
    /// A program that is there when the client is.
    pub(super) program: String,
    /// Its configuration.
    pub(super) path: String,
    pub(super) packages: Vec<String>,
    pub(super) service: String,
    /// A template below the folder of templates, without `.tmpl`.
    pub(super) template_name: String,
    /// The template itself, which wins.
    pub(super) template: Option<String>,
}

/// Where programs that set the clock are; one of them is there when none is to be installed.
static PROGRAMS: [&str; 5] = [
    "/usr/sbin/chronyd",
    "/usr/lib/systemd/systemd-timesyncd",
    "/lib/systemd/systemd-timesyncd",
    "/usr/sbin/ntpd",
    "/usr/sbin/ntpdate",
];

/// Whether a client may have to be installed: one that is named, or any.
pub(super) fn may_install(config: &CloudConfig<'_>, root: &dyn Fetch) -> bool {
    if config.find("ntp").is_none() || !config.is_true("ntp.enabled", true) {
        return false;
    }
    let is_named = |key: &&str| config.text(key).is_some_and(|name| name != "auto");
    ["ntp.ntp_client", "ntp.config.check_exe", "system_info.ntp_client"].iter().any(is_named)
        || !PROGRAMS.iter().any(|path| may_exist(root, path))
}

impl Client {
    /// The first that is there, else the one to be installed.
    pub(super) fn preferred(root: &dyn Fetch, distribution: &Distribution) -> Option<Self> {
        let names: &[&str] = match distribution.family {
            Family::Alpine => &["chrony", "ntp"],
            _ => &["chrony", "systemd-timesyncd", "ntp", "ntpdate"],
        };
        let mut known = names.iter().filter_map(|name| Self::named(name, distribution));
        known
            .find(|client| has_program(root, &client.program))
            .or_else(|| Self::named("chrony", distribution))
    }

    /// Paths, packages and services as cloud-init has them.
    pub(super) fn named(name: &str, distribution: &Distribution) -> Option<Self> {
        use Family::{Alpine, Debian, Gentoo, Other, Photon};
        let family = distribution.family;
        let timesyncd = if family == Debian {
            "/lib/systemd/systemd-timesyncd"
        } else {
            "/usr/lib/systemd/systemd-timesyncd"
        };
        let (program, path, package, service, template) = match name {
            "chrony" => {
                let path = if matches!(family, Debian | Alpine) {
                    "/etc/chrony/chrony.conf"
                } else {
                    "/etc/chrony.conf"
                };
                let service = if matches!(family, Debian | Gentoo | Other) { "chrony" } else { "chronyd" };
                ("chronyd", path, "chrony", service, "chrony.conf")
            }
            "systemd-timesyncd" => {
                let path = if family == Photon {
                    "/etc/systemd/timesyncd.conf"
                } else {
                    "/etc/systemd/timesyncd.conf.d/cloud-init.conf"
                };
                // Debian has it as a package of its own; elsewhere it comes with systemd.
                let package = if family == Debian { "systemd-timesyncd" } else { "" };
                (timesyncd, path, package, "systemd-timesyncd", "")
            }
            "ntp" => {
                let package = if family == Alpine { "" } else { "ntp" };
                let service = if matches!(family, Debian | Gentoo | Other) { "ntp" } else { "ntpd" };
                ("ntpd", "/etc/ntp.conf", package, service, "ntp.conf")
            }
            "ntpdate" => ("ntpdate", "/etc/ntp.conf", "ntpdate", "ntpdate", "ntp.conf"),
            "openntpd" => ("ntpd", "/etc/ntpd.conf", "", "ntpd", "ntpd.conf"),
            _ => return None,
        };
        let packages = if package.is_empty() { Vec::new() } else { Vec::from([package.to_string()]) };
        let template_name =
            if template.is_empty() { String::new() } else { format!("{template}.{}", distribution.name) };
        let [program, path, service] = [program, path, service].map(Into::into);
        Some(Self { program, path, packages, service, template_name, template: None })
    }
}
