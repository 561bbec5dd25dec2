//! What is put into a root: the programs, what starts the stages, and the
//! hooks of what makes the initramfs.

use super::detect::{Init, cloud_init_links};
use crate::names::NAMES;
use glowplug::fetch::{Fetch, may_exist};
use glowplug::stage::units::{MASKED, UNITS};
use glowplug::sys::root::Root;

/// One thing that is to be in a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A file of root's.
    File { path: String, content: Vec<u8>, mode: u32 },
    /// A symbolic link with this text.
    Link { path: String, target: String },
    /// A link that was there and goes: `uninstall` puts it back.
    Away { path: String, target: String },
    /// A line at the end of a file that is somebody else's.
    Line { path: String, line: String },
}

impl Piece {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::File { path, .. }
            | Self::Link { path, .. }
            | Self::Away { path, .. }
            | Self::Line { path, .. } => path,
        }
    }

    fn text(path: &str, content: &str, mode: u32) -> Self {
        Self::File { path: path.into(), content: content.into(), mode }
    }

    fn link(path: &str, target: &str) -> Self {
        Self::Link { path: path.into(), target: target.into() }
    }
}

/// Where the hooks and the units expect the programs.
pub(super) const RUNNER: &str = "/usr/bin/glowplug";
/// The program of the initramfs.
pub(super) const AGENT: &str = "/usr/bin/glowplug-agent";

/// How glowplug and cloud-init share a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// No cloud-init starts in it.
    Alone,
    /// The one that is there no longer starts.
    Replace,
    /// The one that is there gets a checked seed and does the rest.
    Beside,
}

/// What makes an initramfs.
#[derive(Debug)]
pub(super) struct Maker {
    pub(super) name: &'static str,
    /// The programs it is known by; any of them.
    programs: &'static [&'static str],
    /// Path, content and mode of its hook.
    files: &'static [(&'static str, &'static str, u32)],
    /// Path and text of a line that its own configuration gets.
    line: Option<(&'static str, &'static str)>,
    /// What the names of its archives in /boot begin with. A kernel's release, which begins with a
    /// digit, follows a `*`.
    archives: &'static [&'static str],
    /// The command that packs every initramfs anew.
    pub(super) rebuild: &'static [&'static str],
}

impl Maker {
    /// Whether a file of /boot with this name is an archive of its.
    fn is_archive(&self, name: &str) -> bool {
        self.archives.iter().any(|start| match start.strip_suffix('*') {
            Some(start) => {
                name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            }
            None => name.starts_with(start),
        })
    }
}

macro_rules! embedded {
    ($path:literal) => {
        include_str!(concat!("../../../initramfs/", $path))
    };
}

/// The makers that have a hook. Where a root has several, each gets its own.
static MAKERS: [Maker; 4] = [
    Maker {
        name: "initramfs-tools",
        programs: &["/usr/sbin/update-initramfs"],
        files: &[
            ("/usr/share/initramfs-tools/hooks/glowplug", embedded!("initramfs-tools/hooks/glowplug"), 0o755),
            (
                "/usr/share/initramfs-tools/scripts/init-bottom/provision-glowplug",
                embedded!("initramfs-tools/scripts/init-bottom/provision-glowplug"),
                0o755,
            ),
        ],
        line: None,
        archives: &["initrd.img-"],
        rebuild: &["update-initramfs", "-u", "-k", "all"],
    },
    Maker {
        name: "dracut",
        programs: &["/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut"],
        files: &[
            (
                "/usr/lib/dracut/modules.d/90glowplug/module-setup.sh",
                embedded!("dracut/90glowplug/module-setup.sh"),
                0o755,
            ),
            (
                "/usr/lib/dracut/modules.d/90glowplug/glowplug-agent.service",
                embedded!("dracut/90glowplug/glowplug-agent.service"),
                0o644,
            ),
            (
                "/usr/lib/dracut/modules.d/90glowplug/glowplug-agent.sh",
                embedded!("dracut/90glowplug/glowplug-agent.sh"),
                0o755,
            ),
            ("/etc/dracut.conf.d/90-glowplug.conf", "add_dracutmodules+=\" glowplug \"\n", 0o644),
        ],
        line: None,
        archives: &["initramfs-*", "initrd-*"],
        rebuild: &["dracut", "--force", "--regenerate-all"],
    },
    Maker {
        name: "mkinitcpio",
        programs: &["/usr/bin/mkinitcpio"],
        files: &[
            ("/usr/lib/initcpio/install/glowplug", embedded!("mkinitcpio/install/glowplug"), 0o644),
            ("/usr/lib/initcpio/hooks/glowplug", embedded!("mkinitcpio/hooks/glowplug"), 0o644),
            // For its systemd hook, which takes units from the root.
            (
                "/usr/lib/systemd/system/glowplug-agent.service",
                embedded!("dracut/90glowplug/glowplug-agent.service"),
                0o644,
            ),
            ("/etc/mkinitcpio.conf.d/glowplug.conf", "HOOKS+=(glowplug)\n", 0o644),
        ],
        line: None,
        archives: &["initramfs-linux"],
        rebuild: &["mkinitcpio", "-P"],
    },
    Maker {
        name: "mkinitfs",
        programs: &["/sbin/mkinitfs", "/usr/sbin/mkinitfs"],
        files: &[
            (
                "/etc/mkinitfs/features.d/glowplug.files",
                embedded!("mkinitfs/features.d/glowplug.files"),
                0o644,
            ),
            (
                "/etc/mkinitfs/features.d/glowplug.modules",
                embedded!("mkinitfs/features.d/glowplug.modules"),
                0o644,
            ),
            ("/usr/lib/glowplug/add-to-init", embedded!("mkinitfs/add-to-init"), 0o755),
            ("/etc/mkinitfs/glowplug.conf", embedded!("mkinitfs/glowplug.conf"), 0o644),
        ],
        line: Some(("/etc/mkinitfs/mkinitfs.conf", ". /etc/mkinitfs/glowplug.conf")),
        archives: &["initramfs-lts", "initramfs-virt", "initramfs-edge", "initramfs-vanilla"],
        rebuild: &["sh", "-c", "for kernel in /lib/modules/*; do mkinitfs \"${kernel##*/}\" || exit; done"],
    },
];

/// The makers that are in a root.
pub(super) fn makers(root: &Root) -> Vec<&'static Maker> {
    MAKERS.iter().filter(|maker| maker.programs.iter().any(|program| may_exist(root, program))).collect()
}

/// Of several makers those that made the archives in /boot, those of the running kernel before others:
/// dracut's core may be there beside the initramfs-tools that boot the machine. All of them if /boot
/// does not tell.
pub(super) fn in_use(root: &Root, makers: &[&'static Maker]) -> Vec<&'static Maker> {
    if makers.len() < 2 {
        return makers.to_vec();
    }
    let archives = root.list("/boot").ok().flatten().unwrap_or_default();
    let running = rustix::system::uname();
    let running = running.release().to_string_lossy();
    let made = |only_running: bool| -> Vec<&'static Maker> {
        let counts = |name: &&String| !only_running || name.contains(&*running);
        let has_made = |maker: &Maker| archives.iter().filter(counts).any(|name| maker.is_archive(name));
        makers.iter().copied().filter(|maker| has_made(maker)).collect()
    };
    [made(true), made(false), makers.to_vec()].into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// The hooks of some makers.
pub(super) fn hooks(makers: &[&'static Maker]) -> Vec<Piece> {
    let files = makers.iter().flat_map(|maker| maker.files);
    let lines = makers.iter().filter_map(|maker| maker.line);
    let files = files.map(|(path, content, mode)| Piece::text(path, content, *mode));
    files.chain(lines.map(|(path, line)| Piece::Line { path: path.into(), line: line.into() })).collect()
}

/// What makes cloud-init read the seed that the local stage checked: a link
/// that leads nowhere in a boot without one.
pub(super) fn beside(root: &Root, init: Init) -> Vec<Piece> {
    let mut pieces = vec![Piece::link(glowplug::stage::beside::LINK, glowplug::stage::beside::CONFIG)];
    // Where no agent ran, this does its work before cloud-init looks.
    if init == Init::Systemd {
        const UNIT: &str = "glowplug-local.service";
        const BEFORE: &str = "[Unit]\nBefore=cloud-init-local.service cloud-init-main.service\n";
        let folder = unit_folder(root);
        if let Some((_, text)) = UNITS.iter().find(|(name, _)| *name == UNIT) {
            pieces.push(Piece::text(&format!("{folder}/{UNIT}"), text, 0o644));
            pieces.push(Piece::text(&format!("{folder}/{UNIT}.d/beside.conf"), BEFORE, 0o644));
            let wants = format!("/etc/systemd/system/multi-user.target.wants/{UNIT}");
            pieces.push(Piece::link(&wants, &format!("{folder}/{UNIT}")));
        }
    }
    pieces
}

/// What starts the stages after the pivot.
pub(super) fn stages(root: &Root, init: Init) -> Vec<Piece> {
    match init {
        Init::Systemd => systemd(root),
        Init::OpenRc => openrc(),
        Init::RedHatSysv | Init::DebianSysv | Init::BusyBox => sysv(root, init),
    }
}

fn unit_folder(root: &Root) -> &'static str {
    let merged = "/usr/lib/systemd/system";
    if may_exist(root, merged) { merged } else { "/lib/systemd/system" }
}

/// Every unit, wanted and named as its `[Install]` section says.
fn systemd(root: &Root) -> Vec<Piece> {
    const LINKS: &str = "/etc/systemd/system";
    let folder = unit_folder(root);
    let mut pieces = Vec::new();
    for (name, text) in UNITS {
        let unit = format!("{folder}/{name}");
        pieces.push(Piece::text(&unit, text, 0o644));
        let install = text.split_once("[Install]\n").map_or("", |(_, install)| install);
        for (key, values) in install.lines().filter_map(|line| line.split_once('=')) {
            for value in values.split(' ') {
                let path = if key == "Alias" { value.into() } else { format!("{value}.wants/{name}") };
                pieces.push(Piece::link(&format!("{LINKS}/{path}"), &unit));
            }
        }
    }
    pieces
}

fn openrc() -> Vec<Piece> {
    let scripts = [
        ("glowplug", "boot", embedded!("openrc/glowplug")),
        ("glowplug-config", "default", embedded!("openrc/glowplug-config")),
        ("glowplug-final", "default", embedded!("openrc/glowplug-final")),
    ];
    let mut pieces = Vec::new();
    for (name, level, text) in scripts {
        let script = format!("/etc/init.d/{name}");
        pieces.push(Piece::text(&script, text, 0o755));
        pieces.push(Piece::link(&format!("/etc/runlevels/{level}/{name}"), &script));
    }
    pieces
}

/// The scripts with their numbers: the first one below the network's, the
/// others last.
fn sysv(root: &Root, init: Init) -> Vec<Piece> {
    let scripts = [
        ("glowplug", embedded!("sysv/glowplug")),
        ("glowplug-config", embedded!("sysv/glowplug-config")),
        ("glowplug-final", embedded!("sysv/glowplug-final")),
    ];
    let numbers = |folder: &str, usual: u32| [number_before_network(root, folder, usual), 98, 99];
    let mut pieces = Vec::new();
    if init == Init::BusyBox {
        for ((name, text), number) in scripts.into_iter().zip(numbers("/etc/init.d", 40)) {
            pieces.push(Piece::text(&format!("/etc/init.d/S{number:02}{name}"), text, 0o755));
        }
        return pieces;
    }
    for (name, text) in scripts {
        pieces.push(Piece::text(&format!("/etc/init.d/{name}"), text, 0o755));
    }
    let (first, others) = match init {
        Init::DebianSysv => (vec!["/etc/rcS.d".to_owned()], "/etc/rc"),
        _ => ([2, 3, 4, 5].map(|level| format!("/etc/rc.d/rc{level}.d")).into(), "/etc/rc.d/rc"),
    };
    for folder in first {
        let [number, ..] = numbers(&folder, 10);
        pieces.push(Piece::link(&format!("{folder}/S{number:02}glowplug"), "../init.d/glowplug"));
    }
    for level in [2, 3, 4, 5] {
        for (number, name) in [(98, "glowplug-config"), (99, "glowplug-final")] {
            let path = format!("{others}{level}.d/S{number}{name}");
            pieces.push(Piece::link(&path, &format!("../init.d/{name}")));
        }
    }
    pieces
}

/// One less than the number of the first script in a folder that brings the
/// network up; `usual` is what that has where there is none.
fn number_before_network(root: &Root, folder: &str, usual: u32) -> u32 {
    let names = root.list(folder).ok().flatten().unwrap_or_default();
    let number = |name: &String| {
        let (number, service) = name.strip_prefix('S')?.split_at_checked(2)?;
        let network =
            ["network", "NetworkManager", "ifupdown"].iter().any(|start| service.starts_with(start));
        number.parse::<u32>().ok().filter(|_| network)
    };
    names.iter().filter_map(number).min().unwrap_or(usual).saturating_sub(1)
}

/// The names of cloud-init's programs that a root has not.
pub(super) fn names(root: &Root) -> Vec<Piece> {
    let path = |name: &str| format!("/usr/bin/{name}");
    let is_ours = |path: &str| root.read_link(path).as_deref() == Some(RUNNER);
    let is_free = |path: &String| is_ours(path) || !may_exist(root, path);
    NAMES.map(path).into_iter().filter(is_free).map(|path| Piece::link(&path, RUNNER)).collect()
}

/// What keeps the cloud-init of a root from starting. Of its units those that
/// have our names are ours by now.
pub(super) fn in_its_place(root: &Root, init: Init) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if init == Init::Systemd {
        for path in &MASKED {
            let name = path.strip_prefix("/run/systemd/").unwrap_or(path);
            pieces.push(Piece::link(&format!("/etc/systemd/{name}"), "/dev/null"));
        }
    }
    for path in cloud_init_links(root) {
        let target = root.read_link(&path).unwrap_or_default();
        pieces.push(Piece::Away { path, target });
    }
    // Who types a name of its gets what runs. A package's own program stays as
    // it is.
    for name in NAMES {
        let path = format!("/usr/bin/{name}");
        let is_a_packages = may_exist(root, &path) && root.read_link(&path).is_none();
        let path = if is_a_packages { format!("/usr/local/bin/{name}") } else { path };
        pieces.push(Piece::link(&path, RUNNER));
    }
    pieces
}
