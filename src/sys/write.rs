//! Writing one file so that at any moment the old or the new one is there.

use super::path::{self, Status};
use super::place::Fault;
use super::root::{Located, Root};
use crate::action::{Existing, WriteFile};
use crate::error::{Error, Result};
use crate::limits;
use crate::selinux::Kind;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, XattrFlags, fchmod, fgetxattr, flistxattr, fremovexattr,
    fsetxattr,
};
use rustix::io::{Errno, pread, write as write_some};

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
        (Some(_), Existing::Append) if !located.place.is_shared() => append(&located, file, owner, begun),
        _ => {
            root.note_unfinished(&located.parent);
            replace(&located, file, owner, root.label(place, Kind::File), begun)
        }
    };
    done.and_then(|()| Ok(root.note_change(&located.directory)?))
        .map_err(|fault| fault.error("write", &file.path))
}

/// The name a file has while it is written, beside its target.
pub(super) fn temporary_name(name: &str) -> String {
    /// `NAME_MAX` less what is put around it.
    const MOST: usize = 240;
    let name = name.get(..name.floor_char_boundary(MOST)).unwrap_or(name);
    [".", name, ".glowplug"].concat()
}

/// Whether a file has such a name.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".glowplug")
}

type Done = core::result::Result<(), Fault>;

/// A file that is there already.
struct Old {
    fd: OwnedFd,
    status: Status,
}

impl Old {
    /// Opens what is at `at`: a regular file, or nothing is waited for.
    #[inline(never)]
    fn open(at: &Located, flags: OFlags) -> core::result::Result<Self, Fault> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = path::open_at(at.directory.as_fd(), &at.name, flags, 0)?;
        let status = path::stat(fd.as_fd())?;
        match status.kind() {
            FileType::RegularFile => Ok(Self { fd, status }),
            _ => Err(Fault::Refused("what is there is not a regular file".into())),
        }
    }
}

#[inline(never)]
fn replace(
    at: &Located,
    file: &WriteFile,
    owner: (Uid, Gid),
    label: Option<Vec<u8>>,
    begun: Option<u64>,
) -> Done {
    at.place.check(owner.0)?;
    let old = if at.present.is_some() { Some(Old::open(at, OFlags::RDONLY)?) } else { None };
    if let Some(Old { status, .. }) = &old
        && file.existing != Existing::Replace
    {
        at.place.check_old(&file.path, status, owner.0, file.existing == Existing::KeepMetadata)?;
    }
    let temporary = temporary_name(&at.name);
    let result = fill(at, file, old.as_ref(), owner, label, &temporary, begun)
        .and_then(|()| Ok(path::rename_at(at.directory.as_fd(), &temporary, &at.name)?));
    if result.is_err() {
        let _ = path::unlink_at(at.directory.as_fd(), &temporary, AtFlags::empty());
    }
    result
}

/// Writes the new file under its temporary name. What it replaces is not lost
/// to a machine that stops before all is flushed. Until all of it is there
/// nobody reads what is only his to read in the end, or runs a part of it as
/// somebody else.
#[inline(never)]
fn fill(
    at: &Located,
    file: &WriteFile,
    old: Option<&Old>,
    owner: (Uid, Gid),
    label: Option<Vec<u8>>,
    temporary: &str,
    begun: Option<u64>,
) -> Done {
    /// Set-id bits and the sticky one.
    const SPECIAL: u32 = 0o7000;
    let (mode, owner) = match (old.map(|old| &old.status), file.existing) {
        // Where others may have put it, it makes no program of root's.
        (Some(old), Existing::KeepMetadata) if at.place.is_shared() => (old.mode & 0o777, (old.uid, old.gid)),
        (Some(old), Existing::KeepMetadata) => (old.mode & 0o7777, (old.uid, old.gid)),
        _ => (file.mode, owner),
    };
    let new = create(at.directory.as_fd(), temporary, creation_mode(old, owner, mode))?;
    path::set_label(&new, label)?;
    let new = new.as_fd();
    // One that somebody else put there would say who reads the new one.
    if let Some(old) = old
        && at.place.check_old("", &old.status, owner.0, true).is_ok()
    {
        copy_attributes(old.fd.as_fd(), new)?;
    }
    path::settle(new, &path::stat(new)?, Some(owner), mode & !SPECIAL)?;
    match old {
        Some(old) if file.existing == Existing::Append => {
            let (missing, kept) = missing(old, begun, &file.content)?;
            copy(old, kept, new)?;
            write_all(new, missing)?;
        }
        _ => write_all(new, &file.content)?,
    }
    if mode & SPECIAL != 0 {
        fchmod(new, Mode::from_raw_mode(mode))?;
    }
    if old.is_some() {
        path::sync(new)?;
    }
    Ok(())
}

/// Makes the file `temporary`; one that was left by an interrupted run is taken away.
#[inline(never)]
fn create(directory: BorrowedFd<'_>, temporary: &str, mode: u32) -> core::result::Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    match path::open_at(directory, temporary, flags, mode) {
        Err(Errno::EXIST) => {
            path::unlink_at(directory, temporary, AtFlags::empty())?;
            path::open_at(directory, temporary, flags, mode)
        }
        new => new,
    }
}

/// The mode to make a file with: who may not open it in the end never can.
fn creation_mode(old: Option<&Old>, owner: (Uid, Gid), mode: u32) -> u32 {
    if old.is_some() || owner != (Uid::ROOT, Gid::ROOT) {
        return 0o600;
    }
    // The directory may give it its own group at first.
    mode & (0o707 | (mode & 7) << 3)
}

/// Access lists, labels and capabilities of the file that is replaced.
#[inline(never)]
fn copy_attributes(old: BorrowedFd<'_>, new: BorrowedFd<'_>) -> core::result::Result<(), Errno> {
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

/// Adds to a file in a directory that is root's alone.
#[inline(never)]
fn append(at: &Located, file: &WriteFile, owner: (Uid, Gid), begun: Option<u64>) -> Done {
    let old = Old::open(at, OFlags::RDWR | OFlags::APPEND)?;
    let (missing, kept) = missing(&old, begun, &file.content)?;
    let Old { fd, mut status } = old;
    let fd = fd.as_fd();
    if kept < status.size {
        rustix::fs::ftruncate(fd, kept)?;
    }
    // Whoever may not read it in the end does not open it once all is there.
    let tightened = status.mode & 0o7777 & !(0o777 & !file.mode);
    if tightened != status.mode & 0o7777 {
        fchmod(fd, Mode::from_raw_mode(tightened))?;
        status.mode = status.mode & !0o7777 | tightened;
    }
    let result = write_all(fd, missing);
    if result.is_err() {
        // A full disk takes a part: the file is as it was, or the next boot finds that part.
        let _ = rustix::fs::ftruncate(fd, kept);
        result?;
    }
    Ok(path::settle(fd, &status, Some(owner), file.mode)?)
}

/// What of `content` is to be added, and the length of the old file that it is added to; `begun`
/// is the length that an interrupted append found the file with.
fn missing<'c>(
    old: &Old,
    begun: Option<u64>,
    content: &'c [u8],
) -> core::result::Result<(&'c [u8], u64), Errno> {
    match begun {
        Some(begun) => not_yet_written(old.fd.as_fd(), begun, old.status.size, content),
        None => Ok((content, old.status.size)),
    }
}

/// Copies so many bytes of the old content: what is added to where others can write is written
/// to a file they do not have open.
#[inline(never)]
fn copy(old: &Old, length: u64, new: BorrowedFd<'_>) -> Done {
    if length > limits::COPIED {
        return Err(Errno::FBIG.into());
    }
    let mut buffer = alloc::vec![0; 65536];
    let mut at = 0;
    while at < length {
        let most = usize::try_from(length - at).unwrap_or(usize::MAX).min(buffer.len());
        match pread(&old.fd, buffer.get_mut(..most).unwrap_or_default(), at) {
            Ok(0) => break,
            Ok(count) => {
                write_all(new, buffer.get(..count).unwrap_or_default())?;
                at += count as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// The part of `content` that an append did not write, which was interrupted when it had begun at
/// `begun`, and the length of the file that it is added to.
fn not_yet_written<'c>(
    file: BorrowedFd<'_>,
    begun: u64,
    length: u64,
    content: &'c [u8],
) -> core::result::Result<(&'c [u8], u64), Errno> {
    let added = usize::try_from(length.saturating_sub(begun)).unwrap_or(usize::MAX);
    let (compared, missing) = content.split_at_checked(added).unwrap_or((content, &[]));
    let mut tail: Vec<u8> = alloc::vec![0; compared.len()];
    if !path::fill(file, &mut tail, begun)? {
        return Ok((content, length));
    }
    let same = tail.iter().zip(compared).take_while(|(one, other)| one == other).count();
    if same == compared.len() {
        return Ok((missing, length));
    }
    // A file system that lost its power may have the new length and zeros in place of the bytes.
    if added <= content.len() && tail.iter().skip(same).all(|byte| *byte == 0) {
        return Ok((content, begun));
    }
    Ok((content, length))
}

#[inline(never)]
fn write_all(file: BorrowedFd<'_>, mut rest: &[u8]) -> core::result::Result<(), Errno> {
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
