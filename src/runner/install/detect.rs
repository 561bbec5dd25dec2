//! What a root uses: its init system, what makes its initramfs, and whether
//! cloud-init would provision it.

use glowplug::fetch::{Fetch, may_exist};
use glowplug::stage::units::cloud_init_is_enabled;
use glowplug::sys::root::Root;

/// What starts a root's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Init {
    Systemd,
    OpenRc,
    /// /etc/rc.d/rc3.d, as Red Hat has it.
    RedHatSysv,
    /// /etc/rcS.d and /etc/rc2.d, as Debian has it.
    DebianSysv,
    /// Scripts of /etc/init.d in the order of their names, run by BusyBox'
    /// init as Buildroot does.
    BusyBox,
}

impl Init {
    /// As people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::OpenRc => "OpenRC",
            Self::RedHatSysv | Self::DebianSysv => "System V init",
            Self::BusyBox => "BusyBox init",
        }
    }

    /// What the root's /sbin/init is; `None` where nothing known starts it.
    pub(super) fn of(root: &Root) -> Option<Self> {
        let program = root.read_link("/sbin/init").unwrap_or_default();
        let has = |path: &str| may_exist(root, path);
        let systemd = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].iter().any(|path| has(path));
        if systemd && (program.contains("systemd") || !has("/sbin/init")) {
            return Some(Self::Systemd);
        }
        if has("/sbin/openrc") || has("/usr/bin/openrc") {
            return Some(Self::OpenRc);
        }
        if program.contains("busybox") && has("/etc/init.d") {
            return Some(Self::BusyBox);
        }
        if has("/etc/rc.d/rc3.d") {
            return Some(Self::RedHatSysv);
        }
        has("/etc/rcS.d").then_some(Self::DebianSysv)
    }
}

/// How the root's distribution calls itself.
pub(super) fn distribution(root: &Root) -> String {
    let read = |path: &str| {
        let content = root.read(path, 64 << 10).ok().flatten()?;
        Some(String::from_utf8_lossy(&content).into_owned())
    };
    let name = || {
        let text = read("/etc/os-release").or_else(|| read("/usr/lib/os-release"))?;
        let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(value.trim_matches(['"', '\'']).to_owned())
    };
    let old = || read("/etc/redhat-release").map(|text| text.trim().to_owned());
    name().or_else(old).unwrap_or_else(|| "a root without a name".into())
}

/// The links that start cloud-init under OpenRC or System V init.
pub(super) fn cloud_init_links(root: &Root) -> Vec<String> {
    let mut folders: Vec<String> =
        ["sysinit", "boot", "default"].map(|level| format!("/etc/runlevels/{level}")).into();
    for level in ["S", "2", "3", "4", "5"] {
        folders.extend(["/etc/rc", "/etc/rc.d/rc"].map(|start| format!("{start}{level}.d")));
    }
    let mut links = Vec::new();
    for folder in folders {
        for name in root.list(&folder).ok().flatten().unwrap_or_default() {
            let service =
                name.strip_prefix('S').map_or(&*name, |rest| rest.trim_start_matches(char::is_numeric));
            let path = format!("{folder}/{name}");
            // Where /etc/rc3.d is a link to /etc/rc.d/rc3.d, once is enough.
            let known = root.real_path(&folder).is_some_and(|real| real != folder);
            if service.starts_with("cloud-") && !known && root.read_link(&path).is_some() {
                links.push(path);
            }
        }
    }
    links
}

/// Whether cloud-init would provision this root when it next boots.
pub(super) fn cloud_init_starts(root: &Root, init: Init) -> bool {
    if init == Init::Systemd { cloud_init_is_enabled(root) } else { !cloud_init_links(root).is_empty() }
}
