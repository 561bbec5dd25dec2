//! System calls that take a path. Every text gets its final NUL in one place:
//! rustix would do that at each call for itself, at the cost of a kilobyte each.

use crate::text::to_bytes;
use alloc::ffi::CString;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ffi::CStr;
use core::result::Result;
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, CWD, Dev, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid, XattrFlags};
use rustix::io::{Errno, pread, retry_on_intr};

/// The text as the kernel takes it; EINVAL for one with a NUL byte in it. A path
/// that a file of the root names need not be UTF-8.
#[inline(never)]
pub(super) fn terminated(text: &str) -> Result<CString, Errno> {
    CString::new(to_bytes(text)).map_err(|_| Errno::INVAL)
}

/// Opens `path` of the running system.
pub(super) fn open(path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    open_at(CWD, path, flags, 0)
}

/// openat(2), always `O_CLOEXEC`.
#[inline(never)]
pub(super) fn open_at(at: BorrowedFd<'_>, name: &str, flags: OFlags, mode: u32) -> Result<OwnedFd, Errno> {
    let (name, flags, mode) = (terminated(name)?, flags | OFlags::CLOEXEC, Mode::from_raw_mode(mode));
    retry_on_intr(|| fs::openat(at, &*name, flags, mode))
}

/// openat2(2) with `RESOLVE_IN_ROOT`, always `O_CLOEXEC`; a symbolic link on
/// the way is ELOOP unless they are followed.
#[inline(never)]
pub(super) fn open_within(
    root: BorrowedFd<'_>,
    path: &str,
    flags: OFlags,
    follows: bool,
) -> Result<OwnedFd, Errno> {
    // O_CREAT never comes through here, so the mode stays empty.
    let (path, flags, mode) = (terminated(path)?, flags | OFlags::CLOEXEC, Mode::empty());
    let links = if follows { ResolveFlags::empty() } else { ResolveFlags::NO_SYMLINKS };
    retry_on_intr(|| fs::openat2(root, &*path, flags, mode, ResolveFlags::IN_ROOT | links))
}

/// Where a SELinux label is kept.
const LABEL: &CStr = c"security.selinux";

/// Gives an open file its label; where the file system or the kernel takes
/// none from us, it stays without.
#[inline(never)]
pub(super) fn set_label(file: &OwnedFd, label: Option<Vec<u8>>) -> Result<(), Errno> {
    let Some(label) = label else { return Ok(()) };
    kept(fs::fsetxattr(file, LABEL, &label, XattrFlags::empty()))
}

/// As [`set_label`], for the symbolic link `name` in a directory.
#[inline(never)]
pub(super) fn set_link_label(at: BorrowedFd<'_>, name: &str, label: Option<Vec<u8>>) -> Result<(), Errno> {
    let Some(label) = label else { return Ok(()) };
    let number = u64::from(at.as_raw_fd().unsigned_abs()).to_string();
    let path = terminated(&["/proc/self/fd/", &number, "/", name].concat())?;
    kept(fs::lsetxattr(&*path, LABEL, &label, XattrFlags::empty()))
}

/// What came of setting an attribute: one that can't be kept here is no error.
pub(super) fn kept(set: Result<(), Errno>) -> Result<(), Errno> {
    match set {
        Err(Errno::OPNOTSUPP | Errno::PERM) => Ok(()),
        other => other,
    }
}

/// What this program asks of stat(2), a fourth of what that tells.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// Type and permission bits.
    pub mode: u32,
    /// User.
    pub uid: Uid,
    /// Group.
    pub gid: Gid,
    /// Bytes.
    pub size: u64,
    /// Device it lies on.
    pub device: Dev,
    /// Its number there.
    pub inode: u64,
    /// Whether it has more names than this one (st_nlink).
    pub has_other_names: bool,
}

impl Status {
    /// Regular file, directory, link, …
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }
}

impl From<Stat> for Status {
    fn from(stat: Stat) -> Self {
        Self {
            mode: stat.st_mode,
            uid: Uid::from_raw(stat.st_uid),
            gid: Gid::from_raw(stat.st_gid),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            device: stat.st_dev,
            inode: stat.st_ino,
            has_other_names: stat.st_nlink > 1,
        }
    }
}

/// fstatat(2), symbolic links not followed; `None`: nothing is there.
#[inline(never)]
pub(super) fn stat_at(at: BorrowedFd<'_>, name: &str) -> Result<Option<Status>, Errno> {
    match fs::statat(at, &*terminated(name)?, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat.into())),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// fstat(2).
#[inline(never)]
pub(super) fn stat(file: BorrowedFd<'_>) -> Result<Status, Errno> {
    fs::fstat(file).map(Status::from)
}

/// Gives an open file or directory, which has this `status`, this owner and
/// mode where it has others.
#[inline(never)]
pub(super) fn settle(
    file: BorrowedFd<'_>,
    status: &Status,
    owner: Option<(Uid, Gid)>,
    mode: u32,
) -> Result<(), Errno> {
    let mut settled = status.mode & 0o7777 == mode;
    if let Some((uid, gid)) = owner
        && owner != Some((status.uid, status.gid))
    {
        fs::fchown(file, Some(uid), Some(gid))?;
        // It may have taken set-id bits away.
        settled = false;
    }
    if settled { Ok(()) } else { fs::fchmod(file, Mode::from_raw_mode(mode)) }
}

/// fsync(2).
pub(super) fn sync(file: BorrowedFd<'_>) -> Result<(), Errno> {
    retry_on_intr(|| fs::fsync(file))
}

/// syncfs(2) of the file system that `file` is on.
pub(super) fn sync_all(file: BorrowedFd<'_>) -> Result<(), Errno> {
    retry_on_intr(|| fs::syncfs(file))
}

/// mkdirat(2).
#[inline(never)]
pub(super) fn make_directory_at(at: BorrowedFd<'_>, name: &str, mode: u32) -> Result<(), Errno> {
    fs::mkdirat(at, &*terminated(name)?, Mode::from_raw_mode(mode))
}

/// unlinkat(2); what is absent is removed.
#[inline(never)]
pub(super) fn unlink_at(at: BorrowedFd<'_>, name: &str, flags: AtFlags) -> Result<(), Errno> {
    match fs::unlinkat(at, &*terminated(name)?, flags) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// symlinkat(2).
#[inline(never)]
pub(super) fn link_at(at: BorrowedFd<'_>, name: &str, target: &str) -> Result<(), Errno> {
    fs::symlinkat(&*terminated(target)?, at, &*terminated(name)?)
}

/// renameat(2) within a directory.
#[inline(never)]
pub(super) fn rename_at(at: BorrowedFd<'_>, from: &str, to: &str) -> Result<(), Errno> {
    fs::renameat(at, &*terminated(from)?, at, &*terminated(to)?)
}

/// The text of a symbolic link, `PATH_MAX` bytes at the most; EILSEQ for one
/// that is not UTF-8.
#[inline(never)]
pub(super) fn read_link_at(at: BorrowedFd<'_>, name: &str) -> Result<String, Errno> {
    let mut text = Vec::with_capacity(4096);
    fs::readlinkat_raw(at, &*terminated(name)?, rustix::buffer::spare_capacity(&mut text))?;
    String::from_utf8(text).map_err(|_| Errno::ILSEQ)
}

/// Fills `buffer` from the byte `at` of a file; false when that ends before.
#[inline(never)]
pub(super) fn fill(file: BorrowedFd<'_>, mut buffer: &mut [u8], mut at: u64) -> Result<bool, Errno> {
    while !buffer.is_empty() {
        match pread(file, &mut *buffer, at) {
            Ok(0) => return Ok(false),
            Ok(count) => {
                buffer = buffer.get_mut(count..).unwrap_or_default();
                at += count as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(true)
}
