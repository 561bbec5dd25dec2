//! A read-only root that is written for a while, and is afterwards mounted as it
//! was: a remount sets every flag, so those that were there are named again.

use super::path::terminated;
use super::{failed, tree};
use crate::error::{Error, Result};
use alloc::string::{String, ToString};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount_remount};

/// How a directory's file system is mounted (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    path: String,
    flags: MountFlags,
    /// What the file system itself was mounted with, without those flags.
    options: String,
}

/// Flags by their names in mountinfo.
static FLAGS: [(&str, MountFlags); 13] = [
    ("ro", MountFlags::RDONLY),
    ("rw", MountFlags::empty()),
    ("nosuid", MountFlags::NOSUID),
    ("nodev", MountFlags::NODEV),
    ("noexec", MountFlags::NOEXEC),
    ("noatime", MountFlags::NOATIME),
    ("nodiratime", MountFlags::NODIRATIME),
    ("relatime", MountFlags::RELATIME),
    ("nosymfollow", MountFlags::from_bits_retain(1 << 8)),
    ("sync", MountFlags::SYNCHRONOUS),
    ("mand", MountFlags::PERMIT_MANDATORY_FILE_LOCKING),
    ("lazytime", MountFlags::LAZYTIME),
    ("i_version", MountFlags::from_bits_retain(1 << 23)),
];

impl Mounted {
    /// Reads how the file system of an open directory is mounted; `path` is the
    /// directory, which a remount names.
    #[inline(never)]
    pub fn of(directory: &OwnedFd, path: &str) -> Result<Self> {
        let number = u64::from(directory.as_raw_fd().unsigned_abs()).to_string();
        let read = |path: &str| tree::text(path).unwrap_or_default();
        let descriptor = read(&["/proc/self/fdinfo/", &number].concat());
        let id = descriptor.lines().find_map(|line| line.strip_prefix("mnt_id:")).unwrap_or_default();
        Self::parse(&read("/proc/self/mountinfo"), id.trim_ascii(), path)
            .ok_or_else(|| Error::new("remount", path, "/proc/self/mountinfo does not say how it is mounted"))
    }

    /// The line of the mount `id`.
    #[inline(never)]
    fn parse(mountinfo: &str, id: &str, path: &str) -> Option<Self> {
        let mut lines = mountinfo.lines().map(|line| line.split(' '));
        let mut fields = lines.find_map(|mut line| (line.next() == Some(id)).then_some(line))?;
        let own = fields.nth(4)?;
        // Past optional fields, `-`, the kind and the source.
        fields.by_ref().find(|field| *field == "-")?;
        let shared = fields.nth(2)?;
        let (mut flags, mut options) = (MountFlags::empty(), String::new());
        for word in own.split(',') {
            flags |= flag(word).unwrap_or(MountFlags::empty());
        }
        if !flags.intersects(MountFlags::NOATIME | MountFlags::RELATIME) {
            flags |= MountFlags::STRICTATIME;
        }
        let mut is_read_only = false;
        for word in shared.split(',') {
            is_read_only |= word == "ro";
            if let Some(flag) = flag(word) {
                // What it has of its own is not this mount's.
                flags |= flag - MountFlags::RDONLY;
            } else {
                options.push_str(if options.is_empty() { "" } else { "," });
                options.push_str(word);
            }
        }
        // The mount alone is read-only: its file system stays as it is.
        if !is_read_only {
            flags |= MountFlags::BIND;
        }
        Some(Self { path: path.into(), flags, options })
    }

    /// Makes it writable, or what it was, read-only.
    #[inline(never)]
    pub fn remount(&self, writable: bool) -> Result<()> {
        let mut flags = self.flags | MountFlags::RDONLY;
        if writable {
            flags -= MountFlags::RDONLY;
        }
        let set = |options: &str| mount_remount(&*terminated(&self.path)?, flags, &*terminated(options)?);
        // A file system need not take what it says of itself, or keep what it is not given.
        let done = match set(&self.options) {
            Err(Errno::INVAL) => set(""),
            done => done,
        };
        done.map_err(|errno| failed("remount", &self.path, errno))
    }
}

fn flag(word: &str) -> Option<MountFlags> {
    FLAGS.iter().find(|(name, _)| *name == word).map(|(_, flag)| *flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_and_option_of_a_mount_is_kept() {
        let text = "20 1 0:19 / /proc rw - proc proc rw\n\
                    36 35 98:0 / /a\\040b ro,nosuid,nodev,noexec,nodiratime,relatime shared:1 master:2 - \
                    ext4 /dev/vda1 ro,sync,errors=remount-ro,data=ordered\n\
                    37 35 98:0 / /b ro,noatime - ext4 /dev/vda1 rw\n38 35 98:0 / /c ro - xfs /dev/x ro\n";
        let of = |id| Mounted::parse(text, id, "/x");
        let mounted = of("36").unwrap();
        let flags = [
            MountFlags::RDONLY,
            MountFlags::NOSUID,
            MountFlags::NODEV,
            MountFlags::NOEXEC,
            MountFlags::NODIRATIME,
            MountFlags::RELATIME,
            MountFlags::SYNCHRONOUS,
        ];
        assert_eq!(mounted.flags, flags.into_iter().collect());
        assert_eq!(mounted.options, "errors=remount-ro,data=ordered");
        assert_eq!(of("37").unwrap().flags, MountFlags::RDONLY | MountFlags::NOATIME | MountFlags::BIND);
        assert_eq!(of("38").unwrap().flags, MountFlags::RDONLY | MountFlags::STRICTATIME);
        assert_eq!((of("3"), of("39"), of("")), (None, None, None));
    }
}
