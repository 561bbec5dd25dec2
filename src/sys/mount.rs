//! Mounting: the kernel's own file systems, the root, and a disc that nobody
//! else sees.

use super::superblock::Superblock;
use super::{failed, tree};
use crate::error::{Error, Result};
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, mkdirat, open};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, UnmountFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, mount, mount_move, mount_remount, unmount,
};
use rustix::process::{chdir, chroot};

/// One of the kernel's own file systems.
pub struct Pseudo {
    /// The kernel's name of the file system.
    pub kind: &'static str,
    /// Where it belongs.
    pub at: &'static str,
    flags: MountFlags,
    options: &'static str,
}

/// What an initramfs needs mounted, in order, as systemd mounts them too.
pub static PSEUDO: [Pseudo; 4] = [
    Pseudo {
        kind: "proc",
        at: "/proc",
        flags: MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC),
        options: "",
    },
    Pseudo {
        kind: "sysfs",
        at: "/sys",
        flags: MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC),
        options: "",
    },
    Pseudo { kind: "devtmpfs", at: "/dev", flags: MountFlags::NOSUID, options: "mode=0755" },
    Pseudo {
        kind: "tmpfs",
        at: "/run",
        flags: MountFlags::NOSUID.union(MountFlags::NODEV),
        options: "mode=0755",
    },
];

/// Mounts one of [`PSEUDO`], making its directory; mounted already is done.
pub fn mount_pseudo(pseudo: &Pseudo) -> Result<()> {
    let _ = mkdirat(CWD, pseudo.at, Mode::from_raw_mode(0o755));
    if is_mount_point(pseudo.at) {
        return Ok(());
    }
    let options = CString::new(pseudo.options).unwrap_or_default();
    match mount(pseudo.kind, pseudo.at, pseudo.kind, pseudo.flags, &*options) {
        Ok(()) | Err(Errno::BUSY) => Ok(()),
        Err(errno) => Err(failed("mount", pseudo.at, errno)),
    }
}

/// Whether something is mounted at the directory `path`: it lies on another
/// device than its parent.
pub fn is_mount_point(path: &str) -> bool {
    let device = |path: &str| rustix::fs::lstat(path).map(|stat| stat.st_dev);
    let parent =
        path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
    matches!((device(path), device(parent)), (Ok(at), Ok(above)) if at != above)
}

/// Mounts a disc read-only, nosuid, nodev, noexec, attached to no path:
/// nothing else on the machine sees it, and it is gone when the descriptor
/// closes (fsopen(2), fsmount(2)).
pub fn mount_disc(device: &str, superblock: &Superblock) -> Result<OwnedFd> {
    let open = || -> core::result::Result<OwnedFd, Errno> {
        let context = fsopen(superblock.kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_set_string(&context, "source", device)?;
        fsconfig_set_flag(&context, "ro")?;
        fsconfig_create(&context)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
            | MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let mounted = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
        // fsmount's descriptor is O_PATH; reading the directory wants a real one.
        rustix::fs::openat(mounted, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    };
    open().map_err(|errno| match errno {
        Errno::NODEV => Error::new(
            "mount",
            device,
            alloc::format!("this kernel has no {} (module not packed?)", superblock.kind),
        ),
        errno => failed("mount", device, errno),
    })
}

/// Mounts the root file system at `target`, tried with each of `kinds`.
pub fn mount_root(device: &str, target: &str, kinds: &[String], writable: bool, options: &str) -> Result<()> {
    let _ = mkdirat(CWD, target, Mode::from_raw_mode(0o755));
    let flags = if writable { MountFlags::empty() } else { MountFlags::RDONLY };
    let data = CString::new(options).map_err(|_| Error::new("mount", device, "a NUL byte in rootflags"))?;
    let mut failure = Error::new("mount", device, "no file system is known for it");
    for kind in kinds {
        match mount(device, target, &**kind, flags, &*data) {
            Ok(()) => return Ok(()),
            Err(errno) => failure = failed("mount", alloc::format!("{device} as {kind}"), errno),
        }
    }
    Err(failure)
}

/// File systems of the running kernel that live on a block device.
pub fn known_kinds() -> Vec<String> {
    tree::attribute("/proc/filesystems")
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.starts_with("nodev"))
        .map(|line| String::from(line.trim()))
        .collect()
}

/// Makes a mounted file system writable or read-only.
pub fn remount(target: &str, writable: bool) -> Result<()> {
    let flags = if writable { MountFlags::empty() } else { MountFlags::RDONLY };
    mount_remount(target, flags, c"").map_err(|errno| failed("remount", target, errno))
}

/// Whether the file system at `path` is mounted read-only.
pub fn is_read_only(path: &str) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|stat| stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Leaves the initramfs for `root`: the kernel's file systems are moved over
/// (one whose directory is missing there is let go), the initramfs' files
/// deleted, and `root` becomes `/`.
pub fn switch_root(root: &str, tell: &mut dyn FnMut(Error)) -> Result<()> {
    for at in ["/dev", "/proc", "/sys", "/run"] {
        let target = alloc::format!("{root}{at}");
        if let Err(errno) = mount_move(at, &*target) {
            tell(failed("move", alloc::format!("{at} to {target}"), errno));
            let _ = unmount(at, UnmountFlags::DETACH);
        }
    }
    chdir(root).map_err(|errno| failed("enter", root, errno))?;
    tree::delete_below("/");
    mount_move(".", "/").map_err(|errno| failed("move", alloc::format!("{root} to /"), errno))?;
    chroot(".").map_err(|errno| failed("change root to", root, errno))?;
    chdir("/").map_err(|errno| failed("enter", "/", errno))
}

/// Opens the console for standard input, output and error, which an
/// initramfs without /dev/console leaves closed.
pub fn open_console() {
    let Ok(console) = open("/dev/console", OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
    else {
        return;
    };
    let _ = rustix::stdio::dup2_stdin(&console);
    let _ = rustix::stdio::dup2_stdout(&console);
    let _ = rustix::stdio::dup2_stderr(&console);
}
