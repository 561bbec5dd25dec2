//! Reading files and directories by descriptor, bounded.

use super::place::Fault;
use super::{failed, path};
use crate::error::{Error, Result};
use crate::limits;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dev, FileType, OFlags, RawDir};
use rustix::io::{Errno, read as read_some};

/// The whole content of the file that was opened; `None` when there is none,
/// an error when it is longer than `limit` bytes. What is not a regular file
/// (a FIFO, a device) is refused. `name` is the file for messages.
#[inline(never)]
pub(super) fn content(
    opened: core::result::Result<OwnedFd, Fault>,
    limit: usize,
    name: &str,
) -> Result<Option<Vec<u8>>> {
    let file = match opened {
        Ok(file) => file,
        Err(Fault::Os(Errno::NOENT | Errno::NOTDIR)) => return Ok(None),
        Err(fault) => return Err(fault.error("open", name)),
    };
    let status = path::stat(file.as_fd()).map_err(|errno| failed("read", name, errno))?;
    match status.kind() {
        FileType::RegularFile => {}
        FileType::Directory => return Err(failed("read", name, Errno::ISDIR)),
        _ => return Err(Error::new("read", name, "not a regular file")),
    }
    let mut size = usize::try_from(status.size).unwrap_or(usize::MAX);
    // Attributes under /sys and /proc claim 0 or 4096 bytes; the loop finds out.
    let mut content = Vec::new();
    while size <= limit {
        content.reserve(size.saturating_sub(content.len()).max(limits::ATTRIBUTE));
        match read_some(&file, rustix::buffer::spare_capacity(&mut content)) {
            Ok(0) => return Ok(Some(content)),
            Ok(_) if content.len() as u64 == status.size => return Ok(Some(content)),
            Ok(_) => size = size.max(content.len()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed("read", name, errno)),
        }
    }
    Err(too_long(name, size, limit))
}

#[inline(never)]
fn too_long(name: &str, size: usize, limit: usize) -> Error {
    let (size, limit) = (size.to_string(), limit.to_string());
    Error::new("read", name, [&size, " bytes are more than the ", &limit, " taken"].concat())
}

/// The text of the file at `path` of the running system (an attribute under
/// /sys or /proc), without the final newline; `None` when it can't be read.
#[inline(never)]
pub fn attribute(path: &str) -> Option<String> {
    let content = content(open(path), limits::ATTRIBUTE, path).ok()??;
    let mut text = String::from_utf8(content).ok()?;
    while text.ends_with('\n') {
        text.pop();
    }
    Some(text)
}

/// The file at `path` of the running system; `None` when there is none. It is
/// an error that it is longer than `limit` bytes, or no regular file.
pub fn read(path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
    content(open(path), limit, path)
}

/// The text of a file of the running system that decides little: what is not
/// UTF-8 in it is replaced, and one that can't be read counts as none.
pub fn text(path: &str) -> Option<String> {
    read(path, limits::ROOT_FILE).ok().flatten().map(crate::fetch::lossy)
}

/// The line the kernel was started with, as it is; empty where there is no
/// /proc.
pub fn kernel_line() -> Result<Vec<u8>> {
    Ok(read("/proc/cmdline", limits::KERNEL_LINE)?.unwrap_or_default())
}

/// The bytes of the file at `path` of the running system; `None` when it can't
/// be read or is longer than `limit`.
pub fn bytes(path: &str, limit: usize) -> Option<Vec<u8>> {
    read(path, limit).ok()?
}

/// Opens a file of the running system for reading, whatever it is, at once.
pub(super) fn open(path: &str) -> core::result::Result<OwnedFd, Fault> {
    Ok(path::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?)
}

/// Sorted names in the directory that was opened, without `.` and `..`; `None`
/// when there is no such directory. Names that are not UTF-8 are left out.
#[inline(never)]
pub(super) fn names(opened: core::result::Result<OwnedFd, Fault>, name: &str) -> Result<Option<Vec<String>>> {
    let mut names: Vec<String> = Vec::new();
    let listed = opened.and_then(|directory| {
        Ok(each(directory.as_fd(), &mut |entry| {
            if names.len() < limits::DIRECTORY_ENTRIES {
                let at = names.partition_point(|name| name.as_str() < entry);
                names.insert(at, entry.to_owned());
            }
        })?)
    });
    match listed {
        Ok(()) => Ok(Some(names)),
        Err(Fault::Os(Errno::NOENT | Errno::NOTDIR)) => Ok(None),
        Err(fault) => Err(fault.error("list", name)),
    }
}

/// Sorted names in the directory `path` of the running system; none when it
/// can't be read.
pub(super) fn names_at(path: &str) -> Vec<String> {
    let opened = path::open(path, OFlags::RDONLY | OFlags::DIRECTORY);
    names(opened.map_err(Fault::from), path).ok().flatten().unwrap_or_default()
}

/// Whether nothing is in a directory. (A name that is not UTF-8 is something.)
pub(super) fn is_empty(directory: &OwnedFd) -> core::result::Result<bool, Errno> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

#[inline(never)]
pub(super) fn each(directory: BorrowedFd<'_>, take: &mut dyn FnMut(&str)) -> core::result::Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str()
            && name != "."
            && name != ".."
        {
            take(name);
        }
    }
    Ok(())
}

/// Deletes everything below `path` that lies on the same file system as it,
/// as an initramfs is deleted before its root is left. What can't be deleted
/// stays; the memory is all that is lost.
#[inline(never)]
pub fn delete_below(path: &str) {
    if let Ok(top) = path::open(path, DIRECTORY)
        && let Ok(status) = path::stat(top.as_fd())
    {
        delete_in(top.as_fd(), status.device, limits::DIRECTORY_DEPTH);
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW);

/// Deletes what lies on `device` in a directory and, `depth` levels deep, in
/// those below it.
fn delete_in(directory: BorrowedFd<'_>, device: Dev, depth: usize) {
    let mut names = Vec::new();
    if depth == 0 || each(directory, &mut |name| names.push(name.to_owned())).is_err() {
        return;
    }
    for name in &names {
        let Ok(Some(status)) = path::stat_at(directory, name) else { continue };
        if status.device != device {
            continue;
        }
        let mut flags = AtFlags::empty();
        if status.kind() == FileType::Directory {
            flags = AtFlags::REMOVEDIR;
            if let Ok(child) = path::open_at(directory, name, DIRECTORY, 0) {
                delete_in(child.as_fd(), device, depth - 1);
            }
        }
        let _ = path::unlink_at(directory, name, flags);
    }
}
