//! Walking a path component by component, so that symbolic links are followed
//! where root alone can have put them, and nowhere else: below a directory that
//! somebody else can write (a home, /tmp) a link is refused. No component is
//! looked up twice, so nothing is gained by exchanging one meanwhile.

use super::path::{self as at, Status};
use super::place::{Fault, Place};
use crate::text::parent_and_name;
use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;
use core::result::Result;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, OFlags, Uid};
use rustix::io::Errno;

/// Symbolic links followed for one path, as the kernel's own bound.
pub(super) const LINKS: usize = 40;

/// A path on the way from a root to where it leads.
pub(super) struct Walk<'r> {
    root: BorrowedFd<'r>,
    /// Files of this user are as good as root's; `None`: of every user.
    own: Option<Uid>,
    /// The directory that is reached; `None`: the root.
    at: Option<Rc<OwnedFd>>,
    /// What that is.
    pub(super) place: Place,
    /// Its path without symbolic links; the root's is empty.
    pub(super) real: String,
    /// Components to come, from the byte `read` on; before it the present one.
    rest: String,
    name: usize,
    read: usize,
    links: usize,
}

/// What a walk came to: the component [`Walk::name`] of the directory reached.
pub(super) enum Found {
    /// The path ends with the directory that is reached.
    End,
    /// It is not there.
    Missing,
    /// The last one: no symbolic link, opened with `O_PATH`.
    Last(OwnedFd, Status),
}

impl<'r> Walk<'r> {
    /// Sets out from `root`; `own` is who, besides root, is trusted with links.
    /// `None`: everybody is, of whom nothing leads out of the root.
    pub(super) fn new(root: BorrowedFd<'r>, own: Option<Uid>, path: &str) -> Self {
        Self {
            root,
            own,
            at: None,
            place: Place::TOP,
            real: String::new(),
            rest: path.to_owned(),
            name: 0,
            read: 0,
            links: 0,
        }
    }

    /// The directory that is reached.
    pub(super) fn at(&self) -> BorrowedFd<'_> {
        self.at.as_ref().map_or(self.root, |fd| fd.as_fd())
    }

    /// The component that was found.
    pub(super) fn name(&self) -> &str {
        self.rest.get(self.name..self.read).unwrap_or_default()
    }

    /// Whether anything comes after it.
    pub(super) fn is_last(&self) -> bool {
        self.ahead().bytes().all(|byte| byte == b'/')
    }

    /// What comes after it.
    fn ahead(&self) -> &str {
        self.rest.get(self.read..).unwrap_or_default()
    }

    /// The next component, if there is one.
    fn next(&mut self) -> bool {
        let Some(start) = self.ahead().bytes().position(|byte| byte != b'/') else { return false };
        self.name = self.read + start;
        let rest = self.rest.get(self.name..).unwrap_or_default();
        self.read = self.name + rest.split('/').next().unwrap_or_default().len();
        true
    }

    /// Sets out anew from the root, over `path` to what is ahead.
    fn restart(&mut self, path: &str) {
        self.rest = [path, "/", self.ahead()].concat();
        self.read = 0;
        if path.starts_with('/') || path.is_empty() {
            self.at = None;
            self.place = Place::TOP;
            self.real.clear();
        }
    }

    /// Goes on to the first component that is missing, or to the last one.
    #[inline(never)]
    pub(super) fn find(&mut self) -> Result<Found, Fault> {
        while self.next() {
            match self.name() {
                "." => continue,
                ".." => {
                    let above = parent_and_name(&self.real).0.to_owned();
                    self.restart(&above);
                    continue;
                }
                _ => {}
            }
            let fd = match at::open_at(self.at(), self.name(), OFlags::PATH | OFlags::NOFOLLOW, 0) {
                Err(Errno::NOENT) => return Ok(Found::Missing),
                opened => opened?,
            };
            let status = at::stat(fd.as_fd())?;
            match status.kind() {
                FileType::Symlink => self.follow(&fd, status.uid)?,
                _ if self.is_last() => return Ok(Found::Last(fd, status)),
                FileType::Directory => self.enter(Rc::new(fd), &status),
                _ => return Err(Errno::NOTDIR.into()),
            }
        }
        Ok(Found::End)
    }

    /// Goes into the directory that was found.
    pub(super) fn enter(&mut self, fd: Rc<OwnedFd>, status: &Status) {
        let Self { rest, real, .. } = self;
        real.push('/');
        real.push_str(rest.get(self.name..self.read).unwrap_or_default());
        if let Some(own) = self.own {
            self.place = self.place.below(status, own);
        }
        self.at = Some(fd);
    }

    #[inline(never)]
    fn follow(&mut self, link: &OwnedFd, owner: Uid) -> Result<(), Fault> {
        if self.place.is_shared() {
            return Err(self.refused_link(owner));
        }
        self.links += 1;
        if self.links > LINKS {
            return Err(Errno::LOOP.into());
        }
        let target = at::read_link_at(link.as_fd(), "")?;
        self.restart(&target);
        Ok(())
    }

    /// Why a link that was found is not followed.
    #[inline(never)]
    pub(super) fn refused_link(&self, owner: Uid) -> Fault {
        refused_link(&[&self.real, "/", self.name()].concat(), owner)
    }

    /// Whether `..` comes after what was found.
    pub(super) fn goes_back(&self) -> bool {
        self.ahead().split('/').any(|name| name == "..")
    }

    /// The path to what was found and all that is ahead, as it would be made:
    /// `..` takes back what is before it.
    #[inline(never)]
    pub(super) fn as_made(&self) -> String {
        let mut path = self.real.clone();
        for name in self.rest.get(self.name..).unwrap_or_default().split('/') {
            match name {
                "" | "." => {}
                ".." => path.truncate(parent_and_name(&path).0.len()),
                name => {
                    path.push('/');
                    path.push_str(name);
                }
            }
        }
        path
    }
}

/// Why the link `path` is not followed.
#[inline(never)]
pub(super) fn refused_link(path: &str, owner: Uid) -> Fault {
    let then =
        " where others than root can write, and is not followed: remove it, or put there what it leads to";
    Fault::refused(&[path, " is a symbolic link"].concat(), owner, then)
}
