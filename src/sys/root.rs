//! A machine's root seen from outside: no path and no symbolic link in it
//! leads out of it (openat2(2) with `RESOLVE_IN_ROOT`; before Linux 5.6 the
//! links are followed here, and each component is opened without following).

mod directories;
mod unfinished;

use super::failed;
use super::path::{self as at, Status};
use super::place::{Fault, Place};
use super::walk::{Found, LINKS, Walk, refused_link};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::limits;
use crate::selinux::{FileContexts, Kind, Matcher};
use crate::text::parent_and_name;
use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use directories::Directory;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Dev, FileType, Gid, OFlags, Uid};
use rustix::io::Errno;
use unfinished::Unfinished;

/// A directory taken for `/`.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    /// Who besides root is trusted with symbolic links: who runs this. `None`:
    /// everybody, as on a disc.
    own: Option<Uid>,
    /// How the directory is called outside, without a final `/`.
    name: String,
    /// What its SELinux policy calls new files, and the memory to look it up.
    labels: Option<(FileContexts, RefCell<Matcher>)>,
    /// Directories opened last, by the path they were opened with.
    directories: RefCell<Vec<(String, Directory)>>,
    /// The file system with changes that may not be on the disk yet, and a
    /// directory of it.
    changed: RefCell<Option<(Dev, Rc<OwnedFd>)>>,
    /// What could not be looked at.
    unreadable: RefCell<Vec<Error>>,
    /// Where files are being written.
    unfinished: RefCell<Unfinished>,
}

/// A place in a directory: where a name stands, or would stand.
#[derive(Debug)]
pub(super) struct Located {
    /// The directory, readable.
    pub(super) directory: Rc<OwnedFd>,
    /// Who can write there.
    pub(super) place: Place,
    /// The last component; not a symbolic link when it was looked up.
    pub(super) name: String,
    /// The directory's path, as it was given or as a link has it.
    pub(super) parent: String,
    /// What stands there.
    pub(super) present: Option<Status>,
}

impl Root {
    /// Opens `path` as a root: symbolic links of others than root are not followed.
    pub fn open(path: &str) -> Result<Self> {
        let own = Some(rustix::process::geteuid());
        Ok(Self { own, ..Self::open_seed(path)? })
    }

    /// Opens `path` as a seed, see [`Root::of`].
    pub fn open_seed(path: &str) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = at::open(path, flags).map_err(|errno| failed("open", path, errno))?;
        Ok(Self::of(fd, path))
    }

    /// Takes an open directory as a root in which the numbers of owners mean
    /// nothing, and every symbolic link is followed; `name` is for messages.
    pub fn of(fd: OwnedFd, name: &str) -> Self {
        Self {
            fd,
            own: None,
            name: name.trim_end_matches('/').to_owned(),
            labels: None,
            directories: RefCell::default(),
            changed: RefCell::default(),
            unreadable: RefCell::default(),
            unfinished: RefCell::default(),
        }
    }

    /// The root whose new files get the labels of its own SELinux policy; one
    /// without a policy stays as it is.
    #[must_use]
    pub fn labelled(mut self) -> Self {
        self.labels = FileContexts::read(&self).map(|contexts| (contexts, RefCell::default()));
        self
    }

    /// Whether new files get labels.
    pub fn has_labels(&self) -> bool {
        self.labels.is_some()
    }

    /// Patterns of the policy whose meaning is not known here; a path that one
    /// of them might have been for got another label, or none.
    #[inline(never)]
    pub fn refused_patterns(&self) -> Vec<Error> {
        let mut problems = Vec::new();
        if let Some((_, matcher)) = &self.labels {
            for pattern in matcher.borrow().refused() {
                let why = "file_contexts has it, and it gives no label here";
                problems.push(Error::new("read the pattern", &**pattern, why));
            }
        }
        problems
    }

    /// The label for a new file of this `kind` at `path`, with the final NUL
    /// that it is kept with.
    #[inline(never)]
    pub(super) fn label(&self, path: &str, kind: Kind) -> Option<Vec<u8>> {
        let (contexts, matcher) = self.labels.as_ref()?;
        let path = if kind == Kind::Link {
            let (parent, name) = parent_and_name(path);
            [&*self.real_path(parent)?, "/", name].concat()
        } else {
            self.real_path(path)?
        };
        let label = contexts.label(&path, kind, &mut matcher.borrow_mut())?;
        Some([label, "\0"].concat().into_bytes())
    }

    /// The directory itself.
    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// How `path` is called outside the root.
    pub fn outside(&self, path: &str) -> String {
        [&self.name, "/", path.trim_start_matches('/')].concat()
    }

    /// Opens `path` in the root.
    pub(super) fn open_in(&self, path: &str, flags: OFlags) -> core::result::Result<OwnedFd, Fault> {
        let below = path.trim_start_matches('/');
        let below = if below.is_empty() { "." } else { below };
        match at::open_within(self.fd.as_fd(), below, flags, self.own.is_none()) {
            // No openat2(2), a link, or one that somebody exchanges right now.
            Err(Errno::NOSYS | Errno::LOOP | Errno::XDEV | Errno::AGAIN) => self.open_by_walk(path, flags),
            opened => Ok(opened?),
        }
    }

    #[inline(never)]
    fn open_by_walk(&self, path: &str, flags: OFlags) -> core::result::Result<OwnedFd, Fault> {
        let mut walk = self.walk(path);
        let name = match walk.find()? {
            Found::Missing => return Err(Errno::NOENT.into()),
            Found::Last(..) => walk.name(),
            Found::End => ".",
        };
        Ok(at::open_at(walk.at(), name, flags | OFlags::NOFOLLOW, 0)?)
    }

    fn walk(&self, path: &str) -> Walk<'_> {
        Walk::new(self.fd.as_fd(), self.own, path)
    }

    /// Whether `path` is there, symbolic links followed; an error when that
    /// can't be found out.
    pub fn exists(&self, path: &str) -> Result<bool> {
        Ok(self.stat(path)?.is_some())
    }

    /// What is at `path`, symbolic links followed; `None` only when nothing is.
    #[inline(never)]
    pub fn stat(&self, path: &str) -> Result<Option<Status>> {
        match self.open_in(path, OFlags::PATH).and_then(|file| Ok(at::stat(file.as_fd())?)) {
            Ok(status) => Ok(Some(status)),
            Err(Fault::Os(Errno::NOENT | Errno::NOTDIR)) => Ok(None),
            Err(fault) => Err(self.unseen(path, fault)),
        }
    }

    /// The text of the symbolic link `path`; `None` where none stands there.
    #[inline(never)]
    pub fn read_link(&self, path: &str) -> Option<String> {
        let (parent, name) = parent_and_name(path);
        let directory = self.found(path, self.open_in(parent, OFlags::PATH | OFlags::DIRECTORY))?;
        self.found(path, at::read_link_at(directory.as_fd(), name).map_err(Fault::from))
    }

    /// What was found at `path`, if anything was; that it could not be looked at
    /// is kept for [`Root::take_unreadable`].
    #[inline(never)]
    fn found<T>(&self, path: &str, found: core::result::Result<T, Fault>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(Fault::Os(Errno::NOENT | Errno::NOTDIR)) => None,
            Err(fault) => {
                self.unseen(path, fault);
                None
            }
        }
    }

    /// The error of a `path` that could not be looked at.
    #[inline(never)]
    fn unseen(&self, path: &str, fault: Fault) -> Error {
        // a text that is no link, or no path, names nothing
        let names_nothing =
            matches!(fault, Fault::Os(Errno::INVAL | Errno::LOOP | Errno::NAMETOOLONG) | Fault::Refused(_));
        let error = fault.error("look at", &self.outside(path));
        if !names_nothing {
            self.doubt(path, &error);
        }
        error
    }

    #[inline(never)]
    fn doubt(&self, path: &str, error: &Error) {
        // The kernel's own files say by an error that there is nothing to say.
        let is_kernel = ["/proc/", "/sys/", "/dev/"].iter().any(|top| path.starts_with(top));
        let mut unreadable = self.unreadable.borrow_mut();
        // A user who puts a FIFO into his home keeps nobody else's keys away.
        if unreadable.len() < limits::DIRECTORY_ENTRIES && !is_kernel && !self.is_shared(path) {
            unreadable.push(error.clone());
        }
    }

    /// Whether others than root can put something at `path`.
    fn is_shared(&self, path: &str) -> bool {
        let mut walk = self.walk(path);
        let _ = walk.find();
        walk.place.is_shared()
    }

    /// The files since this was last called that are there, or may be, and could
    /// not be read: what was planned meanwhile may have taken them for absent.
    pub fn take_unreadable(&self) -> Vec<Error> {
        self.unreadable.take()
    }

    /// Whether anything is, or may be, at `path`, be it a link that leads nowhere.
    pub fn stands(&self, path: &str) -> bool {
        !matches!(self.exists(path), Ok(false)) || self.read_link(path).is_some()
    }

    /// Keeps no directory open but on the root's own file system, and none that
    /// is looked up again.
    #[inline(never)]
    pub fn let_go(&self) -> Result<()> {
        self.forget_directories();
        self.all_is_finished();
        let own = at::stat(self.fd.as_fd()).ok().map(|status| status.device);
        let is_elsewhere = self.changed.borrow().as_ref().is_some_and(|(device, _)| Some(*device) != own);
        if is_elsewhere { self.flush() } else { Ok(()) }
    }

    /// Notes that `directory` has something that may not be on the disk. (A
    /// file of an overlay says that it is on another device than its directory.)
    #[inline(never)]
    pub(super) fn note_change(&self, directory: &Rc<OwnedFd>) -> core::result::Result<(), Errno> {
        let device = at::stat(directory.as_fd())?.device;
        let earlier = self.changed.replace(Some((device, directory.clone())));
        match earlier.filter(|(other, _)| *other != device) {
            Some((_, elsewhere)) => at::sync_all(elsewhere.as_fd()),
            None => Ok(()),
        }
    }

    /// Refuses to read, where others than root can write, a further name of a
    /// file that is not theirs: what root reads may end up in a file of theirs.
    fn check_shared(&self, file: &OwnedFd, path: &str) -> core::result::Result<(), Fault> {
        let status = at::stat(file.as_fd())?;
        if self.own.is_none() || !status.has_other_names || status.kind() != FileType::RegularFile {
            return Ok(());
        }
        let mut walk = self.walk(path);
        walk.find()?;
        walk.place.check_names(path, &status)
    }

    /// Waits until all that was written is on the disk: what is written after
    /// this is never there without it.
    #[inline(never)]
    pub fn flush(&self) -> Result<()> {
        let Some((_, directory)) = self.changed.take() else { return Ok(()) };
        at::sync_all(directory.as_fd()).map_err(|errno| failed("flush", &self.outside(""), errno))
    }

    /// Finds where `path` really stands: symbolic links are followed to the
    /// end, also one whose target is missing; missing directories are made.
    #[inline(never)]
    pub(super) fn locate(&self, path: &str, mode: u32, owner: Option<(Uid, Gid)>) -> Result<Located> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let (parent, name) = parent_and_name(&path);
            if matches!(name, "" | "." | "..") {
                return Err(failed("write", &path, Errno::ISDIR));
            }
            let Directory { fd: directory, place } = self.directory(parent, mode, owner)?;
            let present =
                at::stat_at(directory.as_fd(), name).map_err(|errno| failed("open", &path, errno))?;
            let Some(link) = present.filter(|status| status.kind() == FileType::Symlink) else {
                let (parent, name) = (parent.to_owned(), name.to_owned());
                return Ok(Located { directory, place, name, parent, present });
            };
            if place.is_shared() {
                return Err(refused_link(&path, link.uid).error("write", &path));
            }
            let target = at::read_link_at(directory.as_fd(), name)
                .map_err(|errno| failed("read link", &path, errno))?;
            path = if target.starts_with('/') { target } else { [parent, "/", &target].concat() };
        }
        Err(failed("open", &path, Errno::LOOP))
    }

    /// The path without symbolic links: those of what exists are followed, the
    /// rest is as it would be made; `None` for links without an end, and for
    /// those that are not followed.
    #[inline(never)]
    pub fn real_path(&self, path: &str) -> Option<String> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let mut walk = self.walk(&path);
            match walk.find() {
                Ok(Found::End) => return Some(walk.real),
                // Not there, or no directory: it will be made.
                Ok(_) | Err(Fault::Os(Errno::NOTDIR)) => {}
                Err(fault) => return self.found(&path, Err(fault)),
            }
            let made = walk.as_made();
            if !walk.goes_back() {
                return Some(made);
            }
            path = made;
        }
        None
    }
}

/// Where a file is that is opened by its path.
#[derive(Debug)]
pub struct Fixed {
    /// Its path without symbolic links, outside of the root; itself it may be
    /// one that has just been put there.
    pub path: String,
    /// Whether others than root can put files beside it.
    pub is_shared: bool,
}

impl Root {
    /// Where `path` really is, for who has to open it by that: nobody but root
    /// can exchange a directory on the way.
    pub fn fixed(&self, path: &str) -> Result<Fixed> {
        let find = || -> core::result::Result<Fixed, Fault> {
            let mut walk = self.walk(path);
            let found = walk.find()?;
            if matches!(found, Found::End) || !walk.is_last() {
                return Err(if matches!(found, Found::End) { Errno::ISDIR } else { Errno::NOENT }.into());
            }
            if walk.place.is_loose() {
                let why = "others than root can exchange the directory it is in: choose another one";
                return Err(Fault::Refused(why.into()));
            }
            let path = self.outside(&[&walk.real, "/", walk.name()].concat());
            Ok(Fixed { path, is_shared: walk.place.is_shared() })
        };
        find().map_err(|fault| fault.error("open", path))
    }
}

impl Fetch for Root {
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let opened =
            self.open_in(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).and_then(|file| {
                self.check_shared(&file, path)?;
                Ok(file)
            });
        let is_refused = matches!(opened, Err(Fault::Refused(_)));
        let content = super::tree::content(opened, limit, &self.name(path));
        if let (Err(error), false) = (&content, is_refused) {
            self.doubt(path, error);
        }
        content
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        let opened = self.open_in(path, OFlags::RDONLY | OFlags::DIRECTORY);
        let is_refused = matches!(opened, Err(Fault::Refused(_)));
        let names = super::tree::names(opened, &self.name(path));
        if let (Err(error), false) = (&names, is_refused) {
            self.doubt(path, error);
        }
        names
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        Ok(self.stat(path)?.map(|status| status.mode))
    }

    fn name(&self, path: &str) -> String {
        self.outside(path)
    }
}
