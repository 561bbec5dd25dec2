//! The directories of a root: opened, kept open for what follows in them, and
//! made where they are missing.

use super::super::path as at;
use super::super::place::{Fault, Place};
use super::super::tree::is_empty;
use super::super::walk::Found;
use super::super::write::temporary_name;
use super::Root;
use crate::error::Result;
use crate::selinux::Kind;
use crate::text::parent_and_name;
use alloc::borrow::ToOwned;
use alloc::rc::Rc;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Gid, OFlags, Uid};
use rustix::io::Errno;

/// Directories kept open for the files that follow in them.
const DIRECTORIES: usize = 8;

/// A directory that was opened.
#[derive(Clone, Debug)]
pub(in crate::sys) struct Directory {
    /// Readable.
    pub(in crate::sys) fd: Rc<OwnedFd>,
    pub(in crate::sys) place: Place,
}

impl Root {
    /// Opens the directory `path` for reading, making what is missing with
    /// `mode` and `owner`.
    #[inline(never)]
    pub(in crate::sys) fn directory(
        &self,
        path: &str,
        mode: u32,
        owner: Option<(Uid, Gid)>,
    ) -> Result<Directory> {
        if let Some(open) = self.open_already(path) {
            return Ok(open);
        }
        let (parent, name) = parent_and_name(path);
        // Beside one that was made, others are not there yet either.
        let made = match self.open_already(parent).filter(|_| !matches!(name, "" | "." | "..")) {
            Some(parent) => self.make_in(&parent, name, path, mode, owner),
            None => Err(Errno::EXIST.into()),
        };
        let made = match made {
            Err(Fault::Os(Errno::EXIST)) => self.make_by_walk(path, mode, owner),
            made => made,
        };
        let directory = made.map_err(|fault| fault.error("make directory", path))?;
        let mut directories = self.directories.borrow_mut();
        if directories.len() == DIRECTORIES {
            directories.clear();
        }
        directories.push((path.to_owned(), directory.clone()));
        Ok(directory)
    }

    /// Makes `name` in the directory `parent`, of which nothing but itself is looked up.
    fn make_in(
        &self,
        parent: &Directory,
        name: &str,
        path: &str,
        mode: u32,
        owner: Option<(Uid, Gid)>,
    ) -> core::result::Result<Directory, Fault> {
        let fd = self.make_directory(parent.fd.as_fd(), name, parent.place, path, mode, owner)?;
        let place = match self.own {
            Some(own) => parent.place.below(&at::stat(fd.as_fd())?, own),
            None => parent.place,
        };
        Ok(Directory { fd, place })
    }

    #[inline(never)]
    fn make_by_walk(
        &self,
        path: &str,
        mode: u32,
        owner: Option<(Uid, Gid)>,
    ) -> core::result::Result<Directory, Fault> {
        let mut walk = self.walk(path);
        loop {
            match walk.find()? {
                Found::End => break,
                Found::Last(_, status) if status.kind() != FileType::Directory => {
                    return Err(Errno::NOTDIR.into());
                }
                Found::Last(fd, status) => walk.enter(Rc::new(fd), &status),
                Found::Missing => {
                    let real = [&walk.real, "/", walk.name()].concat();
                    let fd = self.make_directory(walk.at(), walk.name(), walk.place, &real, mode, owner)?;
                    let status = at::stat(fd.as_fd())?;
                    walk.enter(fd, &status);
                }
            }
        }
        let fd = at::open_at(walk.at(), ".", OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
        Ok(Directory { fd: Rc::new(fd), place: walk.place })
    }

    /// The directory that `path` was when it was opened last.
    #[inline(never)]
    fn open_already(&self, path: &str) -> Option<Directory> {
        let directories = self.directories.borrow();
        Some(directories.iter().find(|(open, _)| open == path)?.1.clone())
    }

    /// Looks directories up anew from now on: a path may mean another one.
    pub fn forget_directories(&self) {
        self.directories.borrow_mut().clear();
    }

    /// Makes `name` in the directory `parent`, which is a `place`; `path` says
    /// what it is called in the root.
    #[inline(never)]
    fn make_directory(
        &self,
        parent: BorrowedFd<'_>,
        name: &str,
        place: Place,
        path: &str,
        mode: u32,
        owner: Option<(Uid, Gid)>,
    ) -> core::result::Result<Rc<OwnedFd>, Fault> {
        let is_roots = owner.is_none_or(|owner| owner == (Uid::ROOT, Gid::ROOT));
        if let Some((uid, _)) = owner {
            place.check(uid)?;
        }
        if at::stat_at(parent, name)?.is_some() {
            return Err(Errno::EXIST.into());
        }
        self.note_unfinished(parent_and_name(path).0);
        // One that was cut off would keep, for good, the owner and the mode it had then:
        // it gets its name when it is whole.
        let temporary = temporary_name(name);
        let first_mode = if is_roots { mode } else { mode & 0o700 };
        match at::make_directory_at(parent, &temporary, first_mode) {
            Err(Errno::EXIST) => {
                at::unlink_at(parent, &temporary, AtFlags::REMOVEDIR)?;
                at::make_directory_at(parent, &temporary, first_mode)?;
            }
            made => made?,
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let made = at::open_at(parent, &temporary, flags, 0)?;
        if place.is_shared() {
            self.check_made(&made, path)?;
        }
        // mkdir(2) takes the umask off; what the plan says counts.
        at::settle(made.as_fd(), &at::stat(made.as_fd())?, owner, mode)?;
        at::set_label(&made, self.label(path, Kind::Directory))?;
        at::rename_at(parent, &temporary, name)?;
        let made = Rc::new(made);
        self.note_change(&made)?;
        Ok(made)
    }

    /// Refuses what somebody has put in the place of a directory just made:
    /// an empty one of ours gives nothing away.
    fn check_made(&self, made: &OwnedFd, path: &str) -> core::result::Result<(), Fault> {
        let status = at::stat(made.as_fd())?;
        let is_ours = status.uid.is_root() || Some(status.uid) == self.own;
        if is_ours && is_empty(made)? {
            return Ok(());
        }
        Err(Fault::refused(&[path, " was exchanged while it was made, for one"].concat(), status.uid, ""))
    }
}
