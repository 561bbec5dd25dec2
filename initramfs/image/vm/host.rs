//! Programs of the host, and the Debian packages they come from.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use glowplug::error::{Error, Result};

/// Which package holds a program that may be missing.
const PACKAGES: &[(&str, &str)] = &[
    ("apt-cache", "apt"),
    ("apt-get", "apt"),
    ("busybox", "busybox-static"),
    ("debugfs", "e2fsprogs"),
    ("e2fsck", "e2fsprogs"),
    ("depmod", "kmod"),
    ("dpkg", "dpkg"),
    ("mcopy", "mtools"),
    ("mke2fs", "e2fsprogs"),
    ("mmdebstrap", "mmdebstrap"),
    ("mkfs.vfat", "dosfstools"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("sfdisk", "fdisk"),
    ("xorriso", "xorriso"),
    ("xz", "xz-utils"),
    ("zstd", "zstd"),
];

/// Where root's programs are; an ordinary user's PATH leaves them out.
const MORE_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The full path of a program of the host. The error names its package.
pub(crate) fn find(program: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(MORE_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            let package =
                PACKAGES.iter().find(|(name, _)| *name == program).map_or(program, |(_, package)| package);
            Error::new("find", program, format!("not installed; Debian's package {package} has it"))
        })
}

/// A command that runs `program`, found as [`find`] does.
pub(crate) fn command(program: &str) -> Result<Command> {
    find(program).map(Command::new)
}

/// Runs a command to its end and returns what it printed. `doing` and
/// `subject` word the error, whose cause is the program's own last line.
pub(crate) fn run(command: &mut Command, doing: &'static str, subject: &Path) -> Result<Vec<u8>> {
    let output = command.output().map_err(io(doing, subject))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let program = Path::new(command.get_program()).file_name().unwrap_or(OsStr::new("program"));
    let cause = format!("{} ended with {}: {}", program.display(), output.status, line.trim());
    Err(Error::new(doing, subject.display().to_string(), cause))
}

/// Words an [`io::Error`]: `.map_err(io("read", path))`.
pub(crate) fn io(doing: &'static str, subject: &Path) -> impl FnOnce(io::Error) -> Error {
    let subject = subject.display().to_string();
    move |error| match error.raw_os_error() {
        Some(errno) => Error::os(doing, subject, errno),
        None => Error::new(doing, subject, error.to_string()),
    }
}
