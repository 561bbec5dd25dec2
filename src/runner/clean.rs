//! `glowplug clean`: what provisioning left is taken away, so that the next
//! boot is a first one.

use crate::cli::{Arguments, Ended, say};
use crate::stage::need_root;
use crate::{output, program};
use glowplug::action::Program;
use glowplug::network::glob;
use glowplug::sys::root::Root;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The logs.
const LOGS: &[&str] = &["/var/log/cloud-init.log", "/var/log/cloud-init-output.log"];

/// Files of network back ends that provisioning writes; the name may have `*`.
const NETWORK: &[&str] = &[
    "/etc/NetworkManager/conf.d/30-cloud-init-ip6-addr-gen-mode.conf",
    "/etc/NetworkManager/conf.d/99-cloud-init.conf",
    "/etc/NetworkManager/system-connections/cloud-init-*.nmconnection",
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/network/interfaces.d/50-cloud-init",
    "/etc/systemd/network/10-cloud-init-*.network",
    "/etc/systemd/network/10-cloud-init-*.netdev",
    "/etc/udev/rules.d/70-persistent-net.rules",
];

/// Files of sshd.
const SSH: &[&str] = &["/etc/ssh/sshd_config.d/50-cloud-init.conf"];

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let root = Path::new(arguments.value("root").unwrap_or("/"));
    if arguments.value("root").is_none() {
        need_root("clean")?;
    }
    let mut failed = false;
    let mut remove = |path: &Path| {
        if let Err(error) = remove(path) {
            say(&format!("glowplug: unable to remove {}: {error}", path.display()));
            failed = true;
        }
    };
    for path in doomed(root, arguments) {
        remove(&path);
    }
    let machine_id = inside(root, "/etc/machine-id");
    if arguments.has("machine-id")
        && machine_id.exists()
        && let Err(error) = fs::write(&machine_id, "uninitialized\n")
    {
        say(&format!("glowplug: unable to write {}: {error}", machine_id.display()));
        failed = true;
    }
    if root == Path::new("/") {
        failed |= !run_own_scripts();
    }
    if arguments.has("reboot") && !failed {
        program::run(&Program::new(&["shutdown", "-r", "now"]))?;
    }
    Ok(u8::from(failed))
}

fn inside(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// Everything that is to go.
fn doomed(root: &Path, arguments: &Arguments) -> Vec<PathBuf> {
    let mut doomed = Vec::new();
    for entry in fs::read_dir(inside(root, "/var/lib/cloud")).into_iter().flatten().flatten() {
        if arguments.has("seed") || entry.file_name() != "seed" {
            doomed.push(entry.path());
        }
    }
    if arguments.has("logs") {
        doomed.extend(LOGS.iter().map(|path| inside(root, path)));
        let opened = root.to_str().and_then(|root| Root::open(root).ok());
        doomed.extend(opened.iter().flat_map(output::files).map(|path| inside(root, &path)));
    }
    let configs: Vec<&str> = arguments.values("configs").collect();
    for (kind, paths) in [("network", NETWORK), ("ssh_config", SSH)] {
        if configs.contains(&kind) || configs.contains(&"all") {
            doomed.extend(paths.iter().flat_map(|pattern| matching(root, pattern)));
        }
    }
    // What this boot left would tell the stages that all is done.
    if root == Path::new("/") {
        doomed.extend(["status.json", "result.json"].map(|name| Path::new("/run/cloud-init").join(name)));
    }
    doomed.sort();
    doomed.dedup();
    doomed
}

/// The files that a path means whose last component may be a pattern.
fn matching(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let path = inside(root, pattern);
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
    // Not by what notes all output: the log is gone by now.
    for script in scripts.iter().filter(runs) {
        let why = match Command::new(script).status() {
            Ok(status) if status.success() => continue,
            Ok(status) => program::ending(status),
            Err(error) => error.to_string(),
        };
        say(&format!("glowplug: unable to run {}: {why}", script.display()));
        good = false;
    }
    good
}
