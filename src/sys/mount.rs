//! Mounting: the kernel's own file systems, the root, and a disc that nobody
//! else sees.

use super::path::{self, terminated};
use super::{failed, tree};
use crate::error::{Error, Result};
use crate::text::parent_and_name;
use alloc::string::String;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, UnmountFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, mount, mount_move, unmount,
};
use rustix::process::{chdir, chroot};

/// One of the kernel's own file systems.
struct Pseudo {
    /// The kernel's name of the file system.
    kind: &'static str,
    /// Where it belongs.
    at: &'static str,
    flags: MountFlags,
    options: &'static str,
}

/// What an initramfs needs mounted, in order, as systemd mounts them too.
static PSEUDO: [Pseudo; 4] = [
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

/// Mounts the kernel's own file systems, making their directories; mounted
/// already is done. One that fails is told and the others go on.
#[inline(never)]
pub fn mount_kernels(tell: &mut dyn FnMut(Error)) {
    for Pseudo { kind, at, flags, options } in &PSEUDO {
        let _ = path::make_directory_at(CWD, at, 0o755);
        if is_mount_point(at) {
            continue;
        }
        match mount_at(kind, at, kind, *flags, options) {
            Ok(()) | Err(Errno::BUSY) => {}
            Err(errno) => tell(failed("mount", at, errno)),
        }
    }
}

/// mount(2).
#[inline(never)]
fn mount_at(
    source: &str,
    target: &str,
    kind: &str,
    flags: MountFlags,
    options: &str,
) -> core::result::Result<(), Errno> {
    let (source, target) = (terminated(source)?, terminated(target)?);
    let (kind, options) = (terminated(kind)?, terminated(options)?);
    mount(&*source, &*target, &*kind, flags, &*options)
}

/// Mounts an empty file system in memory at the directory `path`; its files
/// can be executed, 0755. Mounted already is done.
pub fn mount_temporary(path: &str) -> Result<()> {
    if is_mount_point(path) {
        return Ok(());
    }
    let flags = MountFlags::NOSUID.union(MountFlags::NODEV);
    mount_at("tmpfs", path, "tmpfs", flags, "mode=0755").map_err(|errno| failed("mount", path, errno))
}

/// Moves a mount (mount(2) with `MS_MOVE`).
#[inline(never)]
fn move_mount(from: &str, to: &str) -> Result<()> {
    let moved = || mount_move(&*terminated(from)?, &*terminated(to)?);
    moved().map_err(|errno| failed("move", &[from, " to ", to].concat(), errno))
}

/// Whether something is mounted at the directory `path`: it lies on another
/// device than its parent.
#[inline(never)]
pub fn is_mount_point(path: &str) -> bool {
    let device = |path: &str| path::stat_at(CWD, path).ok().flatten().map(|status| status.device);
    let parent = match parent_and_name(path).0 {
        "" => "/",
        parent => parent,
    };
    matches!((device(path), device(parent)), (Some(at), Some(above)) if at != above)
}

/// Whether the file system at `path` is a tmpfs or a ramfs, as that of an
/// initramfs is.
pub fn is_in_memory(path: &str) -> bool {
    // linux/magic.h
    const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    terminated(path)
        .and_then(|path| rustix::fs::statfs(&*path))
        .is_ok_and(|stat| MEMORY.contains(&(stat.f_type.cast_unsigned() & 0xffff_ffff)))
}

/// Mounts a disc with a file system of `kind` read-only, nosuid, nodev, noexec, attached to no path:
/// nothing else on the machine sees it, and it is gone when the descriptor
/// closes (fsopen(2), fsmount(2); before Linux 5.2 a lazy umount(2)).
#[inline(never)]
pub fn mount_disc(device: &str, kind: &str) -> Result<OwnedFd> {
    let open = || -> core::result::Result<OwnedFd, Errno> {
        let context = fsopen(&*terminated(kind)?, FsOpenFlags::FSOPEN_CLOEXEC)?;
        let context = context.as_fd();
        fsconfig_set_string(context, c"source", &*terminated(device)?)?;
        fsconfig_set_flag(context, c"ro")?;
        fsconfig_create(context)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
            | MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let mounted = fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
        // fsmount's descriptor is O_PATH; reading the directory wants a real one.
        path::open_at(mounted.as_fd(), ".", OFlags::RDONLY | OFlags::DIRECTORY, 0)
    };
    let mounted = match open() {
        Err(Errno::NOSYS) => mount_detached(device, kind),
        mounted => mounted,
    };
    mounted.map_err(|errno| match errno {
        Errno::NODEV => {
            let why = ["this kernel has no ", kind, " (module not packed?)"].concat();
            Error::new("mount", device, why)
        }
        errno => failed("mount", device, errno),
    })
}

/// As [`mount_disc`] by mount(2): for a moment the disc has a path, which only
/// root may enter.
#[inline(never)]
fn mount_detached(device: &str, kind: &str) -> core::result::Result<OwnedFd, Errno> {
    const PLACE: &str = "/run/.glowplug-disc";
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    path::make_directory_at(CWD, PLACE, 0o700)?;
    let mounted = mount_at(device, PLACE, kind, flags, "").and_then(|()| {
        let opened = path::open(PLACE, OFlags::RDONLY | OFlags::DIRECTORY);
        unmount(&*terminated(PLACE)?, UnmountFlags::DETACH)?;
        opened
    });
    path::unlink_at(CWD, PLACE, AtFlags::REMOVEDIR)?;
    mounted
}

/// Mounts the root file system at `target`, tried with each of `kinds`, which
/// are parted by commas.
#[inline(never)]
pub fn mount_root(device: &str, target: &str, kinds: &str, writable: bool, options: &str) -> Result<()> {
    let _ = path::make_directory_at(CWD, target, 0o755);
    let flags = if writable { MountFlags::empty() } else { MountFlags::RDONLY };
    let mut failure = Error::new("mount", device, "no file system is known for it");
    for kind in kinds.split(',').filter(|kind| !kind.is_empty()) {
        match mount_at(device, target, kind, flags, options) {
            Ok(()) => return Ok(()),
            Err(errno) => failure = failed("mount", &[device, " as ", kind].concat(), errno),
        }
    }
    Err(failure)
}

/// File systems of the running kernel that live on a block device, parted by
/// commas.
#[inline(never)]
pub fn known_kinds() -> String {
    let mut kinds = String::new();
    for line in tree::attribute("/proc/filesystems").unwrap_or_default().lines() {
        if let Some(kind) = line.strip_prefix('\t') {
            kinds.push_str(if kinds.is_empty() { "" } else { "," });
            kinds.push_str(kind);
        }
    }
    kinds
}

/// Whether the file system at `path` is mounted read-only.
pub fn is_read_only(path: &str) -> bool {
    terminated(path)
        .and_then(|path| rustix::fs::statvfs(&*path))
        .is_ok_and(|stat| stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Whether this is why: a file system that is mounted read-only.
pub fn is_of_read_only(error: &Error) -> bool {
    error.errno() == Some(Errno::ROFS.raw_os_error())
}

/// Leaves the initramfs for `root`: the kernel's file systems are moved over
/// (one whose directory is missing there is let go), the initramfs' files
/// deleted, and `root` becomes `/`.
#[inline(never)]
pub fn switch_root(root: &str, tell: &mut dyn FnMut(Error)) -> Result<()> {
    for pseudo in &PSEUDO {
        if let Err(error) = move_mount(pseudo.at, &[root, pseudo.at].concat()) {
            tell(error);
            let _ = terminated(pseudo.at).and_then(|at| unmount(&*at, UnmountFlags::DETACH));
        }
    }
    terminated(root).and_then(|root| chdir(&*root)).map_err(|errno| failed("enter", root, errno))?;
    tree::delete_below("/");
    move_mount(".", "/")?;
    chroot(c".").map_err(|errno| failed("change root to", root, errno))?;
    chdir(c"/").map_err(|errno| failed("enter", "/", errno))
}

/// Opens the console for standard input, output and error, which an
/// initramfs without /dev/console leaves closed.
#[inline(never)]
pub fn open_console() {
    let Ok(console) = path::open("/dev/console", OFlags::RDWR | OFlags::NOCTTY) else { return };
    let console = console.as_fd();
    let _ = rustix::stdio::dup2_stdin(console);
    let _ = rustix::stdio::dup2_stdout(console);
    let _ = rustix::stdio::dup2_stderr(console);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::mount::{MountPropagationFlags, mount_change};
    use rustix::thread::{UnshareFlags, unshare_unsafe};

    #[test]
    #[allow(unsafe_code)]
    fn a_disc_is_read_only_and_seen_by_nobody() {
        if !rustix::process::geteuid().is_root() {
            // tests/roots runs this as root, with and without the new mount calls.
            return;
        }
        std::thread::spawn(|| {
            // SAFETY: the mount namespace and with it the working directory of
            // this thread alone become its own; no descriptor is shared less.
            unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.unwrap();
            mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).unwrap();
            mount("tmpfs", "/run", "tmpfs", MountFlags::empty(), c"").unwrap();
            let mounts = || std::fs::read_to_string("/proc/thread-self/mountinfo").unwrap();
            let before = mounts();
            let disc = mount_disc("none", "tmpfs").unwrap();
            assert_eq!(mounts(), before, "nobody sees it");
            assert_eq!(std::fs::read_dir("/run").unwrap().count(), 0, "and nothing is left of it");
            let made = path::make_directory_at(disc.as_fd(), "x", 0o755);
            assert_eq!(made, Err(Errno::ROFS));
            assert_eq!(super::super::tree::names(Ok(disc), "").unwrap().unwrap(), Vec::<String>::new());
            let error = mount_disc("/dev/x", "nofs").unwrap_err();
            let text = "unable to mount /dev/x: this kernel has no nofs (module not packed?)";
            assert_eq!(error.to_string(), text);
        })
        .join()
        .unwrap();
    }
}
