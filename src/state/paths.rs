//! Where state lives: cloud-init's own paths.

use crate::instance::InstanceId;
use alloc::string::{String, ToString};

/// Everything that survives a boot.
pub const CLOUD: &str = "/var/lib/cloud";
/// The link to the present instance.
pub const INSTANCE_LINK: &str = "/var/lib/cloud/instance";
/// The instance cache, reached through that link.
pub const CACHE: &str = "/var/lib/cloud/instance/instance.cache";
/// By being there keeps the present instance, whatever seed there is.
pub const MANUAL_CLEAN: &str = "/var/lib/cloud/instance/manual-clean";
/// The present instance-id, a line.
pub const INSTANCE_ID: &str = "/var/lib/cloud/data/instance-id";
/// The one before, a line.
pub const PREVIOUS_INSTANCE_ID: &str = "/var/lib/cloud/data/previous-instance-id";
/// The datasource before, a line.
pub const PREVIOUS_DATASOURCE: &str = "/var/lib/cloud/data/previous-datasource";
/// What the host name was last set to, JSON.
pub const SET_HOSTNAME: &str = "/var/lib/cloud/data/set-hostname";
/// A digest of the network's files as they were last written into /etc.
pub const NETWORK_DIGEST: &str = "/var/lib/cloud/data/glowplug-network";
/// MAC addresses of NICs that were waited for at the last boot in vain, a line
/// each.
pub const MISSING_NICS: &str = "/var/lib/cloud/data/glowplug-missing-nics";
/// Turns everything off by being there.
pub const DISABLED: &str = "/etc/cloud/cloud-init.disabled";

/// What the agent leaves for the runner; /run survives the pivot.
pub const HANDOFF: &str = "/run/glowplug";
/// The instance of this boot, framed as the cache.
pub const HANDOFF_INSTANCE: &str = "/run/glowplug/instance";
/// The agent's log.
pub const HANDOFF_LOG: &str = "/run/glowplug/log";
/// Steps and their times: `STEP<TAB>START<TAB>DURATION`, microseconds.
pub const TIMINGS: &str = "/run/glowplug/timings";
/// Copies of files that one of ours took the place of, each at its own path
/// below.
pub const REPLACED: &str = "/var/lib/glowplug/replaced";
/// Files for the root that it could not take, each at its own path below.
pub const HANDOFF_LEFT: &str = "/run/glowplug/left";
/// MAC addresses of NICs that are described and had not come, a line each.
pub const HANDOFF_LATE: &str = "/run/glowplug/late";
/// The journal where the root can't keep it.
pub const HANDOFF_JOURNAL: &str = "/run/glowplug/journal";
/// The seed's answer in one word: found, cached, absent, fallback,
/// timed-out, broken, remote, off.
pub const HANDOFF_SEED: &str = "/run/glowplug/seed-state";
/// The seed's files as they were read.
pub const HANDOFF_FILES: &str = "/run/glowplug/seed";

/// Directories cloud-init makes below [`CLOUD`].
pub static DIRECTORIES: [&str; 9] = [
    "/var/lib/cloud/scripts/per-instance",
    "/var/lib/cloud/scripts/per-once",
    "/var/lib/cloud/scripts/per-boot",
    "/var/lib/cloud/scripts/vendor",
    "/var/lib/cloud/seed",
    "/var/lib/cloud/instances",
    "/var/lib/cloud/handlers",
    "/var/lib/cloud/sem",
    "/var/lib/cloud/data",
];

/// The paths of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstancePaths {
    folder: String,
}

impl InstancePaths {
    /// Those of the instance called `id`.
    pub fn new(id: &InstanceId) -> Self {
        Self { folder: [CLOUD, "/instances/", &id.directory_name()].concat() }
    }

    /// Its directory.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// A file or directory in it.
    pub fn file(&self, name: &str) -> String {
        [&self.folder, "/", name].concat()
    }

    /// The journal.
    pub fn journal(&self) -> String {
        self.file("glowplug.journal")
    }

    /// Warnings and errors of modules that are marked, in the form of the log, until a status
    /// that has them is kept.
    pub fn untold(&self) -> String {
        self.file("glowplug.untold")
    }

    /// What a module planned by that is under way.
    pub fn plan_record(&self, module: &str) -> String {
        self.file(&["glowplug.plan-", module].concat())
    }
}

/// The semaphore of a module: `config_NAME`, `-` written as `_`; per instance
/// beside it, or once for the machine with the suffix `.once`.
pub fn semaphore(module: &str, frequency: Frequency, instance: &InstancePaths) -> Option<String> {
    let name = module.replace('-', "_");
    match frequency {
        Frequency::Always => None,
        Frequency::Instance => Some([&instance.folder, "/sem/config_", &name].concat()),
        Frequency::Once => Some([CLOUD, "/sem/config_", &name, ".once"].concat()),
    }
}

/// A semaphore's content: `PID: EPOCH.FRACTION`.
pub fn semaphore_text(pid: u32, realtime: u64) -> String {
    let seconds = decimal_point(realtime, 1_000_000);
    [&u64::from(pid).to_string(), ": ", &seconds, "\n"].concat()
}

/// A number with a fraction of its `parts`, a power of ten: `12.034`.
pub(crate) fn decimal_point(number: u64, parts: u64) -> String {
    // The 1 in front keeps the zeros.
    let fraction = (parts + number % parts).to_string();
    [&(number / parts).to_string(), ".", fraction.strip_prefix('1').unwrap_or_default()].concat()
}

/// How often a module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Every boot.
    Always,
    /// Once for each instance.
    Instance,
    /// Once in the life of the root.
    Once,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semaphores_are_named_as_cloud_init_names_them() {
        let paths = InstancePaths::new(&InstanceId::parse("i/1").unwrap());
        let semaphore = |name, frequency| semaphore(name, frequency, &paths);
        assert_eq!(
            semaphore("set-hostname", Frequency::Instance).as_deref(),
            Some("/var/lib/cloud/instances/i_1/sem/config_set_hostname")
        );
        assert_eq!(
            semaphore("scripts-per-once", Frequency::Once).as_deref(),
            Some("/var/lib/cloud/sem/config_scripts_per_once.once")
        );
        assert_eq!(semaphore("bootcmd", Frequency::Always), None);
        assert_eq!(semaphore_text(7, 1_500_000_000_000_042), "7: 1500000000.000042\n");
    }

    #[test]
    fn a_fraction_keeps_its_zeros() {
        assert_eq!(decimal_point(12_034, 1000), "12.034");
        assert_eq!(decimal_point(5, 1_000_000), "0.000005");
        assert_eq!(decimal_point(1_000_000, 1_000_000), "1.000000");
    }
}
