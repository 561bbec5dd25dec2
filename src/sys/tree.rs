//! Reading files and directories by descriptor, bounded.

use super::failed;
use crate::error::{Error, Result};
use crate::limits;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, CWD, Dev, FileType, Mode, OFlags, RawDir, fstat, openat, statat, unlinkat};
use rustix::io::{Errno, read, retry_on_intr};

/// Everything from the descriptor's position on; longer than `limit` bytes is
/// an error. What is not a regular file (a FIFO, a device) is refused.
pub fn read_all(file: impl AsFd, limit: usize, name: impl Fn() -> String) -> Result<Vec<u8>> {
    let stat = fstat(&file).map_err(|errno| failed("read", name(), errno))?;
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
        let count = retry_on_intr(|| read(&file, rustix::buffer::spare_capacity(&mut content)))
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
    Error::new("read", name, format!("{size} bytes are more than the {limit} taken"))
}

/// The text of the file at `path` of the running system (an attribute under
/// /sys or /proc), without the final newline; `None` when it can't be read.
pub fn attribute(path: &str) -> Option<String> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let content = read_all(file, limits::ATTRIBUTE, || path.to_owned()).ok()?;
    let text = String::from_utf8(content).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

/// Sorted names in an open directory, without `.` and `..`; names that are
/// not UTF-8 are left out.
pub fn names(directory: impl AsFd, name: impl Fn() -> String) -> Result<Vec<String>> {
    let mut names = Vec::new();
    each(directory, |entry, _| {
        if names.len() < limits::DIRECTORY_ENTRIES {
            names.push(entry.to_owned());
        }
    })
    .map_err(|errno| failed("list", name(), errno))?;
    names.sort_unstable();
    Ok(names)
}

/// Sorted names in the directory `path` of the running system; none when it
/// can't be read.
pub fn names_at(path: &str) -> Vec<String> {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .ok()
        .and_then(|directory| names(directory, || path.to_owned()).ok())
        .unwrap_or_default()
}

fn each(directory: impl AsFd, mut take: impl FnMut(&str, FileType)) -> core::result::Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str()
            && name != "."
            && name != ".."
        {
            take(name, entry.file_type());
        }
    }
    Ok(())
}

/// Deletes everything below `path` that lies on the same file system as it,
/// as an initramfs is deleted before its root is left. What can't be deleted
/// stays; the memory is all that is lost.
pub fn delete_below(path: &str) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let Ok(top) = openat(CWD, path, flags, Mode::empty()) else { return };
    let Ok(device) = fstat(&top).map(|stat| stat.st_dev) else { return };
    // A stack of open directories instead of recursion; each is emptied
    // before it is removed from its parent.
    let mut stack = alloc::vec![(top, String::new())];
    while let Some((directory, _)) = stack.last() {
        match delete_files(directory, device) {
            Some(child) => match openat(directory, &*child, flags, Mode::empty()) {
                Ok(fd) if stack.len() < limits::DIRECTORY_DEPTH => stack.push((fd, child)),
                _ => return,
            },
            None => {
                let name = stack.pop().map(|(_, name)| name).unwrap_or_default();
                if let Some((parent, _)) = stack.last()
                    && unlinkat(parent, &*name, AtFlags::REMOVEDIR).is_err()
                {
                    return;
                }
            }
        }
    }
}

/// Unlinks what is no directory; the first directory on `device` that still
/// is there, emptied or not.
fn delete_files(directory: impl AsFd, device: Dev) -> Option<String> {
    rustix::fs::seek(&directory, rustix::fs::SeekFrom::Start(0)).ok()?;
    let mut child = None;
    let mut entries = Vec::new();
    each(&directory, |name, kind| entries.push((name.to_owned(), kind))).ok()?;
    for (name, _) in entries {
        let Ok(stat) = statat(&directory, &*name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        if stat.st_dev != device {
            continue;
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            // A directory that holds a mount can't be removed: try that first.
            if unlinkat(&directory, &*name, AtFlags::REMOVEDIR).is_err_and(|errno| errno == Errno::NOTEMPTY)
                && child.is_none()
            {
                child = Some(name);
            }
        } else {
            let _ = unlinkat(&directory, &*name, AtFlags::empty());
        }
    }
    child
}
