//! Reading files and directories by descriptor, bounded.

use super::{failed, path};
use crate::error::{Error, Result};
use crate::limits;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, Dev, FileType, OFlags, RawDir, fstat};
use rustix::io::{Errno, read, retry_on_intr};

/// Everything from the descriptor's position on; longer than `limit` bytes is
/// an error. What is not a regular file (a FIFO, a device) is refused.
#[inline(never)]
pub fn read_all(file: BorrowedFd<'_>, limit: usize, name: &dyn Fn() -> String) -> Result<Vec<u8>> {
    let stat = fstat(file).map_err(|errno| failed("read", name(), errno))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(failed("read", name(), Errno::ISDIR)),
        _ => return Err(Error::new("read", name(), "not a regular file")),
    }
    let size = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
    if size > limit {
        return Err(too_long(&name(), size, limit));
    }
    // Attributes under /sys and /proc claim 0 or 4096 bytes; the loop finds out.
    let mut content = Vec::with_capacity(size + 1);
    loop {
        if content.len() == content.capacity() {
            content.reserve(limits::ATTRIBUTE);
        }
        let count = retry_on_intr(|| read(file, rustix::buffer::spare_capacity(&mut content)))
            .map_err(|errno| failed("read", name(), errno))?;
        if count == 0 {
            return Ok(content);
        }
        if content.len() > limit {
            return Err(too_long(&name(), content.len(), limit));
        }
    }
}

fn too_long(name: &str, size: usize, limit: usize) -> Error {
    let [size, limit] = [size, limit].map(|number| (number as u64).to_string());
    Error::new("read", name, [&size, " bytes are more than the ", &limit, " taken"].concat())
}

/// The text of the file at `path` of the running system (an attribute under
/// /sys or /proc), without the final newline; `None` when it can't be read.
#[inline(never)]
pub fn attribute(path: &str) -> Option<String> {
    let file = path::open(path, OFlags::RDONLY).ok()?;
    let content = read_all(file.as_fd(), limits::ATTRIBUTE, &|| path.to_owned()).ok()?;
    let text = String::from_utf8(content).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

/// Sorted names in an open directory, without `.` and `..`; names that are
/// not UTF-8 are left out.
#[inline(never)]
pub fn names(directory: BorrowedFd<'_>, name: &dyn Fn() -> String) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    each(directory, &mut |entry| {
        if names.len() < limits::DIRECTORY_ENTRIES {
            let at = names.partition_point(|name| name.as_str() < entry);
            names.insert(at, entry.to_owned());
        }
    })
    .map_err(|errno| failed("list", name(), errno))?;
    Ok(names)
}

/// Sorted names in the directory `path` of the running system; none when it
/// can't be read.
#[inline(never)]
pub fn names_at(path: &str) -> Vec<String> {
    path::open(path, OFlags::RDONLY | OFlags::DIRECTORY)
        .ok()
        .and_then(|directory| names(directory.as_fd(), &|| path.to_owned()).ok())
        .unwrap_or_default()
}

fn each(directory: BorrowedFd<'_>, take: &mut dyn FnMut(&str)) -> core::result::Result<(), Errno> {
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
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let Ok(top) = path::open(path, flags) else { return };
    let Ok(device) = fstat(top.as_fd()).map(|stat| stat.st_dev) else { return };
    // A stack of open directories instead of recursion; each is emptied
    // before it is removed from its parent.
    let mut stack = alloc::vec![(top, String::new())];
    while let Some((directory, _)) = stack.last() {
        if let Some(child) = delete_files(directory.as_fd(), device) {
            match path::open_at(directory.as_fd(), &child, flags, 0) {
                Ok(fd) if stack.len() < limits::DIRECTORY_DEPTH => stack.push((fd, child)),
                _ => return,
            }
        } else {
            let name = stack.pop().map(|(_, name)| name).unwrap_or_default();
            if let Some((parent, _)) = stack.last()
                && path::unlink_at(parent.as_fd(), &name, AtFlags::REMOVEDIR).is_err()
            {
                return;
            }
        }
    }
}

/// Unlinks what is no directory; the first directory on `device` that still
/// is there, emptied or not.
fn delete_files(directory: BorrowedFd<'_>, device: Dev) -> Option<String> {
    rustix::fs::seek(directory, rustix::fs::SeekFrom::Start(0)).ok()?;
    let mut child = None;
    let mut names = Vec::new();
    each(directory, &mut |name| names.push(name.to_owned())).ok()?;
    for name in names {
        let Ok(Some(stat)) = path::stat_at(directory, &name) else { continue };
        if stat.st_dev != device {
            continue;
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            // A directory that holds a mount can't be removed: try that first.
            let removed = path::unlink_at(directory, &name, AtFlags::REMOVEDIR);
            if removed == Err(Errno::NOTEMPTY) && child.is_none() {
                child = Some(name);
            }
        } else {
            let _ = path::unlink_at(directory, &name, AtFlags::empty());
        }
    }
    child
}
