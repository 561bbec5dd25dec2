//! `glowplug clean`: what provisioning left is taken away, so that the next
//! boot is a first one.

use crate::cli::{Arguments, Ended, say};
use crate::http::cause;
use crate::log_file::AS_IT_IS;
use crate::stage::need_root;
use crate::{output, program};
use glowplug::error::{Error, Result};
use glowplug::fetch::{Fetch, may_exist};
use glowplug::limits;
use glowplug::network::glob;
use glowplug::state::paths::HANDOFF;
use glowplug::sys::root::Root;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The logs.
const LOGS: &[&str] = &["/var/log/cloud-init.log", "/var/log/cloud-init-output.log"];

/// What marks a line of fstab that provisioning has written.
const OURS_IN_FSTAB: &str = "comment=cloudconfig";

/// Files of network back ends that provisioning writes; the name may have `*`.
const NETWORK: &[&str] = &[
    "/etc/NetworkManager/conf.d/30-cloud-init-ip6-addr-gen-mode.conf",
    "/etc/NetworkManager/conf.d/99-cloud-init.conf",
    "/etc/NetworkManager/system-connections/cloud-init-*.nmconnection",
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/netplan/51-cloud-init-ports.yaml",
    "/etc/network/interfaces.d/50-cloud-init",
    "/etc/systemd/network/10-cloud-init-*.network",
    "/etc/systemd/network/10-cloud-init-*.netdev",
    "/etc/systemd/network/10-cloud-init-*.link",
    "/etc/udev/rules.d/70-persistent-net.rules",
];

/// What is known of this boot, below [`HANDOFF`].
const BOOT: &[&str] = &[
    "instance",
    "seed-state",
    "seed",
    "late",
    "journal",
    "left",
    "log",
    "timings",
    "data/urlcache",
    "glowplug.included",
];

/// Files of sshd.
const SSH: &[&str] = &["/etc/ssh/sshd_config.d/50-cloud-init.conf"];

pub(crate) fn clean(arguments: &Arguments) -> Ended {
    let root = arguments.value("root").unwrap_or("/");
    let is_own = root == "/";
    if is_own {
        need_root("clean")?;
    }
    let root = Root::open(root)?;
    let mut failed = false;
    for path in doomed(&root, arguments, is_own) {
        if let Err(error) = remove(&path) {
            say(&format!("glowplug: unable to remove {}: {}", path.display(), cause(&error)));
            failed = true;
        }
    }
    if arguments.has("machine-id") {
        failed |= !forget_machine_id(&root);
    }
    if wants(arguments, "fstab") {
        failed |= !change(&root, "/etc/fstab", &without_ours);
    }
    if is_own {
        failed |= !run_own_scripts();
    }
    if arguments.has("reboot") && !failed {
        failed = !run(&["shutdown", "-r", "now"]);
    }
    Ok(u8::from(failed))
}

/// Runs a program, with its output here: the log of all output may be gone by
/// now. `false` where that failed.
fn run(words: &[&str]) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let why = match Command::new(program).args(arguments).status() {
        Ok(status) if status.success() => return true,
        Ok(status) => program::ending(status),
        Err(error) => cause(&error),
    };
    say(&format!("glowplug: unable to run {}: {why}", words.join(" ")));
    false
}

/// Whether such configuration is to go.
fn wants(arguments: &Arguments, kind: &str) -> bool {
    arguments.values("configs").any(|wanted| wanted == kind || wanted == "all")
}

/// Lets the next boot make a new machine-id: systemd for a file that says so,
/// others where there is none. `false` where that failed.
fn forget_machine_id(root: &Root) -> bool {
    const PATH: &str = "/etc/machine-id";
    if ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].iter().any(|path| may_exist(root, path)) {
        return change(root, PATH, &|_| Some("uninitialized\n".into()));
    }
    let removed = inside(root, PATH).map_or(Ok(()), |path| remove(&path));
    if let Err(error) = &removed {
        say(&format!("glowplug: unable to remove {PATH}: {}", cause(error)));
    }
    removed.is_ok()
}

/// Changes a file that is there, in place: it may be a mount of its own. `false`
/// where that failed.
fn change(root: &Root, path: &str, change: &dyn Fn(&str) -> Option<String>) -> bool {
    let done = in_place(root, path, change);
    if let Err(error) = &done {
        say(&format!("glowplug: {error}"));
    }
    done.is_ok()
}

fn in_place(root: &Root, path: &str, change: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let Some(text) = root.read(path, limits::ROOT_FILE)? else { return Ok(()) };
    let failed = |why: String| Error::new("change", path, why);
    let text = String::from_utf8(text).map_err(|_| failed("it is not UTF-8".into()))?;
    let Some(text) = change(&text) else { return Ok(()) };
    let real = root.fixed(path)?.path;
    let file = File::options().write(true).truncate(true).custom_flags(AS_IT_IS).open(real);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| failed(cause(&error)))
}

/// The lines of fstab that provisioning has not written; `None`: all of them.
fn without_ours(fstab: &str) -> Option<String> {
    let kept: String = fstab.split_inclusive('\n').filter(|line| !line.contains(OURS_IN_FSTAB)).collect();
    (kept.len() < fstab.len()).then_some(kept)
}

/// How a path of the root is called outside of it. Links on the way are
/// followed within the root, a link at its end is not; `None` for those that
/// are nowhere, or not root's.
fn inside(root: &Root, path: &str) -> Option<PathBuf> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    Some(Path::new(&root.outside(&root.real_path(folder)?)).join(name))
}

/// Everything that is to go.
fn doomed(root: &Root, arguments: &Arguments, is_own: bool) -> Vec<PathBuf> {
    let mut doomed = matching(root, "/var/lib/cloud/*");
    doomed.retain(|path| arguments.has("seed") || !path.ends_with("seed"));
    if arguments.has("logs") {
        doomed.extend(LOGS.iter().filter_map(|path| inside(root, path)));
        doomed.extend(output::files(root).iter().filter_map(|path| inside(root, path)));
    }
    for (kind, paths) in [("network", NETWORK), ("ssh_config", SSH)] {
        if wants(arguments, kind) {
            doomed.extend(paths.iter().flat_map(|pattern| matching(root, pattern)));
        }
    }
    // What this boot left would tell the stages that all is done. The program and
    // its units stay: they may be running from there.
    if is_own {
        doomed.extend(["status.json", "result.json"].map(|name| Path::new("/run/cloud-init").join(name)));
        doomed.extend(BOOT.iter().map(|name| Path::new(HANDOFF).join(name)));
    }
    doomed.sort();
    doomed.dedup();
    doomed
}

/// The files that a path means whose last component may be a pattern.
fn matching(root: &Root, pattern: &str) -> Vec<PathBuf> {
    let Some(path) = inside(root, pattern) else { return Vec::new() };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |path: &PathBuf| {
        path.file_name().and_then(|own| own.to_str()).is_some_and(|own| glob::matches(name, own))
    };
    entries.map(|entry| entry.path()).filter(fits).collect()
}

/// Removes a file, a link or a directory with all in it; absent is done.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The programs in /etc/cloud/clean.d, which others put there; whether all
/// ended well.
fn run_own_scripts() -> bool {
    let mut scripts: Vec<PathBuf> = fs::read_dir("/etc/cloud/clean.d")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    scripts.sort();
    let mut good = true;
    let runs = |path: &&PathBuf| {
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o111 != 0)
    };
    for script in scripts.iter().filter(runs) {
        good &= run(&[&script.display().to_string()]);
    }
    good
}
