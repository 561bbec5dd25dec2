//! Who can write where: what is refused below a directory that others than
//! root can write.

use super::failed;
use super::path::Status;
use crate::error::Error;
use alloc::string::{String, ToString};
use core::result::Result;
use rustix::fs::Uid;
use rustix::io::Errno;

/// Why a path leads nowhere.
#[derive(Debug)]
pub(super) enum Fault {
    /// A system call failed.
    Os(Errno),
    /// It was somebody other than root who led it there; the text says who.
    Refused(String),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Self::Os(errno)
    }
}

impl Fault {
    /// The failure to do something with `subject`.
    #[inline(never)]
    pub(super) fn error(self, doing: &str, subject: &str) -> Error {
        match self {
            Self::Os(errno) => failed(doing, subject, errno),
            Self::Refused(why) => Error::new(doing, subject, why),
        }
    }

    /// `what` belongs to `owner` (a number), and `then` says why that matters and what to do.
    #[inline(never)]
    pub(super) fn refused(what: &str, owner: Uid, then: &str) -> Self {
        let owner = u64::from(owner.as_raw()).to_string();
        Self::Refused([what, " of user ", &owner, then].concat())
    }
}

/// Who besides root can put something into a directory, or exchange it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// Nobody.
    Root,
    /// The members of a group.
    Group,
    /// Everybody, as in /tmp.
    Everybody,
    /// This user, whose directory it is or lies below.
    User(Uid),
}

/// What a walk has learnt of a directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Who can write there.
    pub(super) writer: Writer,
    /// Of the user files the only ones this user's: a directory on the way is
    /// his, and neither root's nor that of who owns what it lies in. Root: no
    /// user's, since there are two such directories.
    only: Option<Uid>,
    /// Whether others than root can put another directory in its place.
    is_loose: bool,
}

impl Place {
    /// The top of a root: its owner decides on all below it anyway.
    pub(super) const TOP: Self = Self { writer: Writer::Root, only: None, is_loose: false };

    /// Whether somebody other than root can write there.
    pub(super) fn is_shared(self) -> bool {
        self.writer != Writer::Root
    }

    /// Whether others than root can put another directory in its place.
    pub(super) fn is_loose(self) -> bool {
        self.is_loose
    }

    /// What a directory in it is; files of `own` are as good as root's.
    pub(super) fn below(self, status: &Status, own: Uid) -> Self {
        let uid = status.uid;
        let is_roots = uid.is_root() || uid == own;
        let writer = match status.mode {
            _ if !is_roots => Writer::User(uid),
            mode if mode & 0o002 != 0 => Writer::Everybody,
            mode if mode & 0o020 != 0 => Writer::Group,
            _ => self.writer,
        };
        let is_expected = is_roots
            || match self.writer {
                Writer::Root | Writer::Group => true,
                Writer::Everybody => false,
                Writer::User(above) => above == uid,
            };
        let only = match self.only {
            only if is_expected => only,
            Some(other) if other != uid => Some(Uid::ROOT),
            _ => Some(uid),
        };
        Self { writer, only, is_loose: self.is_shared() }
    }

    /// Refuses a file with several names where others than root can write: but
    /// for the user whose place it is, they may have linked somebody else's.
    #[inline(never)]
    pub(super) fn check_names(self, path: &str, status: &Status) -> Result<(), Fault> {
        let is_theirs = self.writer == Writer::User(status.uid);
        if !self.is_shared() || !status.has_other_names || is_theirs {
            return Ok(());
        }
        let then = " where others than root can write: remove it";
        Err(Fault::refused(&[path, " is a hard link to a file"].concat(), status.uid, then))
    }

    /// Refuses a file that is there already and is neither the owner's of what
    /// is written, nor (`or_root`) root's, nor of the user whose place it is.
    #[inline(never)]
    pub(super) fn check_old(self, path: &str, old: &Status, owner: Uid, or_root: bool) -> Result<(), Fault> {
        let uid = old.uid;
        let is_expected = uid == owner || self.writer == Writer::User(uid) || or_root && uid.is_root();
        if self.is_shared() && !is_expected {
            let then = " where others than root can write: remove it, or give it to whom it is for";
            return Err(Fault::refused(&[path, " is"].concat(), uid, then));
        }
        self.check_names(path, old)
    }

    /// Refuses a file of a user's in a directory that sshd(8)'s `StrictModes`
    /// would not trust for him.
    #[inline(never)]
    pub(super) fn check(self, owner: Uid) -> Result<(), Fault> {
        match self.only {
            Some(only) if !owner.is_root() && only != owner => {
                let then = ", which is not whom the file is for: give it to the right one, or remove it";
                Err(Fault::refused("a directory on the way is", only, then))
            }
            _ => Ok(()),
        }
    }
}
