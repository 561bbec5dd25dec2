//! Writing one file so that at any moment the old or the new one is there.

use super::root::{Located, Root};
use super::{failed, path};
use crate::action::{Existing, WriteFile};
use crate::error::{Error, Result};
use crate::selinux::Kind;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{
    AtFlags, FileType, Gid, OFlags, Uid, XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr,
};
use rustix::io::{Errno, write as write_some};

/// Directories made on the way to a file.
const DIRECTORY_MODE: u32 = 0o755;

/// Writes `file` at `place` of `root`; `begun` as in [`super::apply::Applier::apply`].
#[inline(never)]
pub(super) fn write(
    root: &Root,
    place: &str,
    file: &WriteFile,
    owner: (Uid, Gid),
    begun: Option<u64>,
) -> Result<()> {
    let located = root.locate(place, DIRECTORY_MODE, None)?;
    if located.present.is_some_and(|status| status.kind() != FileType::RegularFile) {
        return Err(Error::new("write", &file.path, "what is there is not a regular file"));
    }
    let done = match (located.present, file.existing) {
        (Some(status), Existing::Append) => append(&located, status.size, file, owner, begun),
        _ => replace(&located, file, owner, root.label(place, Kind::File)),
    };
    done.and_then(|()| root.note_change(&located.directory))
        .map_err(|errno| failed("write", &file.path, errno))
}

/// The name a file has while it is written, beside its target.
pub(super) fn temporary_name(name: &str) -> String {
    /// `NAME_MAX` less what is put around it.
    const MOST: usize = 240;
    let name = name.get(..name.floor_char_boundary(MOST)).unwrap_or(name);
    [".", name, ".glowplug"].concat()
}

type Done = core::result::Result<(), Errno>;

#[inline(never)]
fn replace(at: &Located, file: &WriteFile, owner: (Uid, Gid), label: Option<Vec<u8>>) -> Done {
    let temporary = temporary_name(&at.name);
    let result = fill(at, file, owner, label, &temporary)
        .and_then(|()| path::rename_at(at.directory.as_fd(), &temporary, &at.name));
    if result.is_err() {
        let _ = path::unlink_at(at.directory.as_fd(), &temporary, AtFlags::empty());
    }
    result
}

/// Writes the new file under its temporary name. What it replaces is not lost
/// to a machine that stops before all is flushed.
#[inline(never)]
fn fill(at: &Located, file: &WriteFile, owner: (Uid, Gid), label: Option<Vec<u8>>, temporary: &str) -> Done {
    let directory = at.directory.as_fd();
    let (mode, owner) = match (at.present, file.existing) {
        (Some(old), Existing::KeepMetadata) => (old.mode & 0o7777, (old.uid, old.gid)),
        _ => (file.mode, owner),
    };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    let creation = if at.present.is_some() { 0o600 } else { mode & 0o777 };
    let mut new = path::open_at(directory, temporary, flags, creation);
    if matches!(new, Err(Errno::EXIST)) {
        // left by one that was interrupted
        path::unlink_at(directory, temporary, AtFlags::empty())?;
        new = path::open_at(directory, temporary, flags, creation);
    }
    let new = new?;
    path::set_label(&new, label)?;
    let new = new.as_fd();
    write_all(new, &file.content)?;
    if at.present.is_some() {
        let old = path::open_at(directory, &at.name, OFlags::RDONLY | OFlags::NOFOLLOW, 0)?;
        copy_attributes(old.as_fd(), new)?;
    }
    path::settle(new, Some(owner), mode)?;
    if at.present.is_some() {
        path::sync(new)?;
    }
    Ok(())
}

/// Access lists, labels and capabilities of the file that is replaced.
#[inline(never)]
fn copy_attributes(old: BorrowedFd<'_>, new: BorrowedFd<'_>) -> Done {
    // A directory's default list has come over; the old file may have lost its own since.
    match fremovexattr(new, c"system.posix_acl_access") {
        Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
        Err(errno) => return Err(errno),
    }
    let mut names = alloc::vec![0; 4096];
    let length = match flistxattr(old, &mut *names) {
        Ok(length) => length,
        // Nothing to keep, or a list past what a file system like ext4 holds.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
        Err(errno) => return Err(errno),
    };
    let mut value = alloc::vec![0; 65536];
    let mut rest = names.get(..length).unwrap_or_default();
    while let Ok(name) = CStr::from_bytes_until_nul(rest) {
        rest = rest.get(name.count_bytes() + 1..).unwrap_or_default();
        // A capability belongs to the bytes it was given to.
        if name == c"security.capability" {
            continue;
        }
        let size = fgetxattr(old, name, &mut *value)?;
        let value = value.get(..size).unwrap_or_default();
        path::kept(fsetxattr(new, name, value, XattrFlags::empty()))?;
    }
    Ok(())
}

#[inline(never)]
fn append(at: &Located, length: u64, file: &WriteFile, owner: (Uid, Gid), begun: Option<u64>) -> Done {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW;
    let old = path::open_at(at.directory.as_fd(), &at.name, flags, 0)?;
    let old = old.as_fd();
    let missing = match begun {
        Some(begun) => not_yet_written(old, begun, length, &file.content)?,
        None => &file.content,
    };
    let result = write_all(old, missing);
    if result.is_err() {
        // A full disk takes a part: the file is as it was, or the next boot finds that part.
        let _ = rustix::fs::ftruncate(old, length);
        result?;
    }
    path::settle(old, Some(owner), file.mode)
}

/// The part of `content` that an interrupted append did not leave behind
/// `begun`.
fn not_yet_written<'c>(
    file: BorrowedFd<'_>,
    begun: u64,
    length: u64,
    content: &'c [u8],
) -> core::result::Result<&'c [u8], Errno> {
    let added = usize::try_from(length.saturating_sub(begun)).unwrap_or(usize::MAX);
    let (compared, missing) = content.split_at_checked(added).unwrap_or((content, &[]));
    let mut tail: Vec<u8> = alloc::vec![0; compared.len()];
    let whole = path::fill(file, &mut tail, begun)?;
    // A torn part counts only when nothing came after it.
    Ok(if whole && tail == compared { missing } else { content })
}

#[inline(never)]
fn write_all(file: BorrowedFd<'_>, mut rest: &[u8]) -> Done {
    while !rest.is_empty() {
        match write_some(file, rest) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
