//! Machines of several kinds, and all that the modules plan for one.

use glowplug::action::Action;
use glowplug::cloud_config::{CloudConfig, Layer};
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::instance::{Instance, InstanceId};
use glowplug::module::{self, Context, FileSystem, Host, Plan};
use glowplug::state::paths::InstancePaths;
use glowplug::syntax::yaml;
use std::collections::BTreeMap;

/// A kind of root.
pub(crate) struct Kind {
    /// os-release's ID.
    pub(crate) id: &'static str,
    tools: &'static [&'static str],
}

impl Kind {
    /// Whether the module of a seed plans anything on this root.
    pub(crate) fn has(&self, seed: &str) -> bool {
        seed.split_once(' ').is_none_or(|(_, ids)| ids.split(' ').any(|id| id == self.id))
    }
}

const SHADOW: &[&str] = &[
    "useradd",
    "groupadd",
    "usermod",
    "chpasswd",
    "passwd",
    "sudo",
    "ssh-import-id",
    "apt-get",
    "dnf",
    "zypper",
    "gpg",
    "locale-gen",
    "update-locale",
    "mkfs.ext4",
    "mkfs.xfs",
    "sfdisk",
    "growpart",
    "systemctl",
    "shutdown",
    "ssh-keygen",
    "add-apt-repository",
    "chronyd",
    "rsyslogd",
    "update-ca-certificates",
    "localectl",
    "resize2fs",
    "parted",
    "partx",
];

/// One of each family; the last has no tools.
pub(crate) const ROOTS: &[Kind] = &[
    Kind { id: "debian", tools: SHADOW },
    Kind { id: "fedora", tools: SHADOW },
    Kind { id: "opensuse-leap", tools: SHADOW },
    Kind { id: "arch", tools: SHADOW },
    Kind { id: "alpine", tools: &["apk", "busybox"] },
    Kind { id: "tiny", tools: &[] },
];

struct Tree(BTreeMap<String, (Vec<u8>, u32)>);

impl Tree {
    fn of(kind: &Kind) -> Self {
        let release = format!("ID={}\nVERSION_CODENAME=trixie\nVERSION_ID=1\n", kind.id);
        let mut tree = Self(BTreeMap::new());
        for (path, content) in [
            ("/etc/os-release", &*release),
            ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n"),
            ("/etc/group", "root:x:0:\nold:x:1000:\n"),
            ("/etc/shadow", "root:*:::::::\nold:*:::::::\n"),
            ("/etc/sudoers", "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"),
            ("/etc/ssh/sshd_config", "Port 22\n"),
            ("/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n"),
            ("/etc/hosts", "127.0.0.1 localhost\n"),
            ("/etc/hostname", "old\n"),
            ("/etc/zypp/zypp.conf", "[main]\n"),
            ("/usr/share/zoneinfo/Europe/Berlin", "TZif2"),
            ("/usr/share/i18n/SUPPORTED", "de_DE.UTF-8 UTF-8\n"),
            ("/etc/locale.gen", "# none\n"),
            ("/proc/mounts", "/dev/vda1 / ext4 rw 0 0\n"),
            ("/proc/1/mountinfo", "1 0 254:1 / / rw - ext4 /dev/vda1 rw\n"),
            ("/proc/self/mountinfo", "1 0 254:1 / / rw - ext4 /dev/vda1 rw\n"),
        ] {
            tree.0.insert(path.into(), (content.into(), 0o100_644));
        }
        for device in ["vda", "vda1", "vdb", "vdb1"] {
            tree.0.insert(format!("/dev/{device}"), (Vec::new(), 0o060_660));
            tree.0.insert(format!("/sys/class/block/{device}/size"), (b"20971520\n".to_vec(), 0o100_444));
        }
        for tool in kind.tools {
            tree.0.insert(format!("/usr/sbin/{tool}"), (Vec::new(), 0o100_755));
            tree.0.insert(format!("/usr/bin/{tool}"), (Vec::new(), 0o100_755));
        }
        if kind.id != "alpine" && kind.id != "tiny" {
            tree.0.insert("/run/systemd/system".into(), (Vec::new(), 0o040_755));
        }
        tree
    }
}

impl Fetch for Tree {
    fn read(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>> {
        Ok(self.0.get(path).map(|(content, _)| content.clone()))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        let inside =
            |key: &String| Some(key.strip_prefix(path)?.strip_prefix('/')?.split('/').next()?.into());
        let mut names: Vec<String> = self.0.keys().filter_map(inside).collect();
        names.dedup();
        Ok((!names.is_empty()).then_some(names))
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        Ok(self.0.get(path).map(|(_, mode)| *mode))
    }

    fn name(&self, path: &str) -> String {
        path.into()
    }
}

/// A machine whose random bytes are all alike.
struct Still;

impl Host for Still {
    fn now(&self) -> u64 {
        1_795_372_205_000_000
    }

    fn uptime(&self) -> u64 {
        12_340_000
    }

    fn random(&self, count: usize) -> Result<Vec<u8>> {
        Ok(vec![7; count])
    }

    fn file_system(&self, _: &str) -> Option<FileSystem> {
        None
    }

    fn real_path(&self, path: &str) -> Option<String> {
        Some(path.into())
    }

    fn sizes(&self, _: &str) -> Result<(u64, u64)> {
        Ok((2 << 30, 10 << 30))
    }
}

/// What a module plans.
pub(crate) struct Planned {
    pub(crate) actions: Vec<Action>,
    pub(crate) problems: Vec<Error>,
}

/// Plans one module of a cloud-config.
pub(crate) fn planned(name: &str, text: &str, kind: &Kind) -> Planned {
    let mut planned = Planned { actions: Vec::new(), problems: Vec::new() };
    let value = match yaml::load(text) {
        Ok(value) => value,
        Err(fault) => {
            planned.problems.push(Error::new("read", "user-data", fault.to_string()));
            return planned;
        }
    };
    let config = CloudConfig::new(vec![Layer { name: "user-data", value: &value }]);
    let instance = Instance::new(InstanceId::parse("i-1").unwrap(), "ConfigDrive");
    let paths = InstancePaths::new(&instance.id);
    let root = Tree::of(kind);
    for module in module::ALL.iter().filter(|module| module.name == name) {
        if !module.distros.is_empty() && !module.distros.contains(&kind.id) {
            continue;
        }
        let mut plan = Plan::default();
        let context = Context {
            config: &config,
            instance: &instance,
            jobs: &[],
            paths: &paths,
            root: &root,
            host: &Still,
            jinja: Some(crate::jinja::render),
            arguments: &[],
        };
        (module.plan)(&context, &mut plan);
        planned.actions.append(&mut plan.actions);
        planned.problems.append(&mut plan.problems);
        planned.problems.append(&mut plan.waits);
    }
    planned
}
