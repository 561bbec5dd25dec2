//! Running in another root than the machine's own: an image that is made ready
//! has its modules run as a machine of its own would, and the machine that
//! makes it keeps its name and its mounts.

use super::mount::is_mount_point;
use super::{failed, path, tree};
use crate::error::Result;
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change};
use rustix::process::{chdir, chroot};
use rustix::system::sethostname;
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Makes `root` the `/` of this process, in mount and UTS namespaces of its
/// own: /proc, /sys and /dev are the machine's, /run is empty and in memory, and
/// the host name is that of its /etc/hostname.
/// What `root` has no directory for is left out, and what is mounted there
/// stays. Called before there is a second thread.
pub fn enter(root: &str) -> Result<()> {
    own_namespaces().map_err(|errno| failed("part the mounts of", root, errno))?;
    for kernels in ["/proc", "/sys", "/dev", "/run"] {
        let at = [root.trim_end_matches('/'), kernels].concat();
        if !matches!(path::stat_at(CWD, &at), Ok(Some(_))) || is_mount_point(&at) {
            continue;
        }
        let mounted = if kernels == "/run" {
            let flags = MountFlags::NOSUID | MountFlags::NODEV;
            mount("tmpfs", &*at, "tmpfs", flags, c"mode=0755")
        } else {
            mount_bind_recursive(kernels, &*at)
        };
        mounted.map_err(|errno| failed("mount", &at, errno))?;
    }
    let entered = chdir(root).and_then(|()| chroot(".")).and_then(|()| chdir("/"));
    entered.map_err(|errno| failed("change root to", root, errno))?;
    // The local stage has given it its name, and that machine's alone.
    if let Some(name) = tree::attribute("/etc/hostname") {
        sethostname(name.trim_ascii().as_bytes()).map_err(|errno| failed("set host name", &name, errno))?;
    }
    Ok(())
}

#[allow(unsafe_code)]
fn own_namespaces() -> core::result::Result<(), Errno> {
    // SAFETY: mounts and names alone become this process's own; no descriptor
    // and no memory is shared less.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS | UnshareFlags::NEWUTS) }?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
}
