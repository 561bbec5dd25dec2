//! The root file system: busybox, the runner, and start-up scripts that run
//! its stages and report.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use glowplug::error::{Error, Result};

use super::contents::Contents;
use super::host;

/// Label of the file system; the kernel line names it.
pub(crate) const LABEL: &str = "glowplug-root";

/// Size of the image; sparse, a few MiB are really there.
const IMAGE_BYTES: u64 = 128 << 20;

/// Folders a root needs beside those that come with its files.
const FOLDERS: &[(&str, u32)] = &[
    ("dev", 0o755),
    ("home/admin", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("usr/bin", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
];

/// Owners other than root: path, user, group.
const OWNERS: &[(&str, u32, u32)] = &[("/home/admin", 1000, 1000), ("/etc/shadow", 0, 42)];

/// Puts the root together in the folder `tree`.
pub(crate) fn stage(runner: &Path, tree: &Path) -> Result<()> {
    super::empty_folder(tree)?;
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("initramfs/image/root");
    copy_folder(&files, tree)?;
    for (name, mode) in FOLDERS {
        let folder = tree.join(name);
        fs::create_dir_all(&folder).map_err(host::io("make", &folder))?;
        set_mode(&folder, *mode)?;
    }
    let report = tree.join("usr/share/report.sh");
    fs::create_dir_all(tree.join("usr/share")).map_err(host::io("make", &report))?;
    fs::copy(files.with_file_name("report.sh"), &report).map_err(host::io("copy", &report))?;
    set_mode(&report, 0o644)?;
    // a checkout keeps the executable bit alone
    set_mode(&tree.join("etc/shadow"), 0o640)?;
    let program = tree.join("usr/bin/glowplug");
    fs::copy(runner, &program).map_err(host::io("copy", runner))?;
    set_mode(&program, 0o755)?;
    install_busybox(tree)
}

/// Makes an ext4 image of `tree`, everything owned as [`OWNERS`] says.
pub(crate) fn make(tree: &Path, image: &Path) -> Result<()> {
    let file = File::create(image).map_err(host::io("make", image))?;
    file.set_len(IMAGE_BYTES).map_err(host::io("make", image))?;
    let mut format = host::command("mke2fs")?;
    format.args(["-q", "-F", "-t", "ext4", "-L", LABEL, "-E", "root_owner=0:0", "-d"]).arg(tree).arg(image);
    host::run(&mut format, "format", image)?;
    // whoever built the tree owns its files: give them to the users of the root
    let mut commands = String::new();
    for (path, entry) in Contents::list(image)? {
        let owner = OWNERS
            .iter()
            .find(|(owned, ..)| *owned == path)
            .map_or((0, 0), |(_, user, group)| (*user, *group));
        if (entry.user, entry.group) != owner {
            let _ = writeln!(commands, "sif <{0}> uid {1}\nsif <{0}> gid {2}", entry.inode, owner.0, owner.1);
        }
    }
    super::contents::debugfs(image, &["-w"], &commands).map(drop)
}

/// Copies busybox and makes a link for each of its applets.
fn install_busybox(tree: &Path) -> Result<()> {
    let busybox = host::find("busybox")?;
    let program = fs::read(&busybox).map_err(host::io("read", &busybox))?;
    if is_dynamic(&program) {
        let cause = "it needs a libc; Debian's package busybox-static has one that needs none";
        return Err(Error::new("use", busybox.display().to_string(), cause));
    }
    let list = host::run(host::command("busybox")?.arg("--list-full"), "list", &busybox)?;
    let placed = tree.join("bin/busybox");
    fs::create_dir_all(tree.join("bin")).map_err(host::io("make", &placed))?;
    fs::write(&placed, program).map_err(host::io("write", &placed))?;
    set_mode(&placed, 0o755)?;
    for applet in String::from_utf8_lossy(&list).lines() {
        let link = tree.join(applet);
        if let Some(folder) = link.parent() {
            fs::create_dir_all(folder).map_err(host::io("make", folder))?;
        }
        if !link.exists() {
            symlink("/bin/busybox", &link).map_err(host::io("make", &link))?;
        }
    }
    Ok(())
}

/// Whether an ELF-64 program names an interpreter (elf(5), `PT_INTERP`).
fn is_dynamic(program: &[u8]) -> bool {
    let number = |at: usize, size: usize| {
        let bytes = program.get(at..at + size).unwrap_or_default();
        bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let (table, entry_size, entries) = (number(32, 8), number(54, 2), number(56, 2));
    (0..entries).any(|entry| number(table.saturating_add(entry * entry_size), 4) == 3)
}

/// Copies files and folders with their permission bits for everybody.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(host::io("make", to))?;
    for entry in fs::read_dir(from).map_err(host::io("read", from))?.flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(host::io("copy", &source))?;
            let executable = entry.metadata().is_ok_and(|data| data.permissions().mode() & 0o100 != 0);
            set_mode(&target, if executable { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(host::io("set the mode of", path))
}
