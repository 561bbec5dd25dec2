//! A machine's root seen from outside: no path and no symbolic link in it
//! leads out of it (openat2(2) with `RESOLVE_IN_ROOT`; before Linux 5.6 the
//! links are followed here, and each component is opened without following).

use super::failed;
use super::path::{self as at, Status};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::selinux::{FileContexts, Kind, Matcher};
use crate::text::parent_and_name;
use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Dev, FileType, Gid, OFlags, Uid};
use rustix::io::Errno;

/// Symbolic links followed for one path, as the kernel's own bound.
const LINKS: usize = 40;

/// Directories kept open for the files that follow in them.
const DIRECTORIES: usize = 8;

/// A directory taken for `/`.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    /// How the directory is called outside, without a final `/`.
    name: String,
    /// What its SELinux policy calls new files, and the memory to look it up.
    labels: Option<(FileContexts, RefCell<Matcher>)>,
    /// Directories opened last, by the path they were opened with.
    directories: RefCell<Vec<(String, Rc<OwnedFd>)>>,
    /// The file system with changes that may not be on the disk yet, and a
    /// directory of it.
    changed: RefCell<Option<(Dev, Rc<OwnedFd>)>>,
}

/// A place in a directory: where a name stands, or would stand.
#[derive(Debug)]
pub struct Located {
    /// The directory, readable.
    pub directory: Rc<OwnedFd>,
    /// The last component; not a symbolic link when it was looked up.
    pub name: String,
    /// What stands there.
    pub present: Option<Status>,
}

impl Root {
    /// Opens `path` as a root.
    pub fn open(path: &str) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = at::open(path, flags).map_err(|errno| failed("open", path, errno))?;
        Ok(Self::of(fd, path))
    }

    /// Takes an open directory as a root; `name` is for messages.
    pub fn of(fd: OwnedFd, name: &str) -> Self {
        Self {
            fd,
            name: name.trim_end_matches('/').to_owned(),
            labels: None,
            directories: RefCell::default(),
            changed: RefCell::default(),
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
    pub fn open_in(&self, path: &str, flags: OFlags) -> core::result::Result<OwnedFd, Errno> {
        let below = path.trim_start_matches('/');
        let below = if below.is_empty() { "." } else { below };
        match at::open_within(self.fd.as_fd(), below, flags) {
            Err(Errno::NOSYS) => at::open_below(self.fd.as_fd(), &self.resolve(path)?, flags),
            opened => opened,
        }
    }

    /// Whether `path` is there, symbolic links followed.
    pub fn exists(&self, path: &str) -> bool {
        self.open_in(path, OFlags::PATH).is_ok()
    }

    /// What stands at `path`, symbolic links followed.
    #[inline(never)]
    pub fn stat(&self, path: &str) -> Option<Status> {
        self.open_in(path, OFlags::PATH).and_then(|fd| at::stat(fd.as_fd())).ok()
    }

    /// The text of the symbolic link `path`; `None` where none stands there.
    #[inline(never)]
    pub fn read_link(&self, path: &str) -> Option<String> {
        let (parent, name) = parent_and_name(path);
        let directory = self.open_in(parent, OFlags::PATH | OFlags::DIRECTORY).ok()?;
        at::read_link_at(directory.as_fd(), name).ok()
    }

    /// Whether anything stands at `path`, be it a link that leads nowhere.
    pub fn stands(&self, path: &str) -> bool {
        self.exists(path) || self.read_link(path).is_some()
    }

    /// Opens the directory `path` for reading, making what is missing with
    /// `mode` and `owner`.
    #[inline(never)]
    pub fn directory(&self, path: &str, mode: u32, owner: Option<(Uid, Gid)>) -> Result<Rc<OwnedFd>> {
        if let Some(open) = self.open_already(path) {
            return Ok(open);
        }
        let (parent, name) = parent_and_name(path);
        // Beside one that was made, others are not there yet either.
        let made = match self.open_already(parent) {
            Some(parent) => self.make_directory(&parent, name, path, mode, owner),
            None => Err(Errno::EXIST),
        };
        let made = match made {
            Err(Errno::EXIST) => match self.open_in(path, OFlags::RDONLY | OFlags::DIRECTORY) {
                Err(Errno::NOENT) => {
                    // A dangling link in the way of a directory: what it names is made.
                    let Located { directory, name, .. } = self.locate(path, mode, owner)?;
                    self.make_directory(&directory, &name, path, mode, owner)
                }
                Err(errno) => return Err(failed("open", path, errno)),
                opened => opened,
            },
            made => made,
        };
        let directory = Rc::new(made.map_err(|errno| failed("make directory", path, errno))?);
        let mut directories = self.directories.borrow_mut();
        if directories.len() == DIRECTORIES {
            directories.clear();
        }
        directories.push((path.to_owned(), directory.clone()));
        Ok(directory)
    }

    /// The directory that `path` was when it was opened last.
    #[inline(never)]
    fn open_already(&self, path: &str) -> Option<Rc<OwnedFd>> {
        let directories = self.directories.borrow();
        Some(directories.iter().find(|(open, _)| open == path)?.1.clone())
    }

    /// Looks directories up anew from now on: a path may mean another one.
    pub fn forget_directories(&self) {
        self.directories.borrow_mut().clear();
    }

    /// Keeps no directory open but on the root's own file system, and none that
    /// is looked up again.
    #[inline(never)]
    pub fn let_go(&self) -> Result<()> {
        self.forget_directories();
        let own = at::stat(self.fd.as_fd()).ok().map(|status| status.device);
        let is_elsewhere = self.changed.borrow().as_ref().is_some_and(|(device, _)| Some(*device) != own);
        if is_elsewhere { self.flush() } else { Ok(()) }
    }

    /// Makes `name` in the directory `parent`; `path` says what it is called
    /// in the root.
    #[inline(never)]
    fn make_directory(
        &self,
        parent: &Rc<OwnedFd>,
        name: &str,
        path: &str,
        mode: u32,
        owner: Option<(Uid, Gid)>,
    ) -> core::result::Result<OwnedFd, Errno> {
        at::make_directory_at(parent.as_fd(), name, mode)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let made = at::open_at(parent.as_fd(), name, flags, 0)?;
        // mkdir(2) takes the umask off; what the plan says counts.
        at::settle(made.as_fd(), owner, mode)?;
        at::set_label(&made, self.label(path, Kind::Directory))?;
        self.note_change(parent)?;
        Ok(made)
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
    pub fn locate(&self, path: &str, mode: u32, owner: Option<(Uid, Gid)>) -> Result<Located> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let (parent, name) = parent_and_name(&path);
            if matches!(name, "" | "." | "..") {
                return Err(failed("write", &path, Errno::ISDIR));
            }
            let directory = self.directory(parent, mode, owner)?;
            let present =
                at::stat_at(directory.as_fd(), name).map_err(|errno| failed("open", &path, errno))?;
            if present.is_none_or(|status| status.kind() != FileType::Symlink) {
                return Ok(Located { directory, name: name.to_owned(), present });
            }
            let target = at::read_link_at(directory.as_fd(), name)
                .map_err(|errno| failed("read link", &path, errno))?;
            path = if target.starts_with('/') { target } else { [parent, "/", &target].concat() };
        }
        Err(failed("open", &path, Errno::LOOP))
    }

    /// The path without symbolic links: those of what exists are followed, the
    /// rest is as it would be made; `None` for links without an end.
    pub fn real_path(&self, path: &str) -> Option<String> {
        self.resolve(path).ok()
    }

    /// As [`Root::real_path`]; `/` is the empty text.
    #[inline(never)]
    fn resolve(&self, path: &str) -> core::result::Result<String, Errno> {
        let (mut real, mut rest, mut read, mut links) = (String::new(), path.to_owned(), 0, 0);
        loop {
            let ahead = rest.get(read..).unwrap_or_default();
            let Some(start) = ahead.bytes().position(|byte| byte != b'/') else { return Ok(real) };
            let ahead = ahead.get(start..).unwrap_or_default();
            let name = ahead.split('/').next().unwrap_or_default();
            read += start + name.len();
            let above = real.len();
            match name {
                "." => continue,
                ".." => {
                    real.truncate(parent_and_name(&real).0.len());
                    continue;
                }
                name => {
                    real.push('/');
                    real.push_str(name);
                }
            }
            let target = match at::read_link_at(self.fd.as_fd(), real.get(1..).unwrap_or_default()) {
                Ok(target) => target,
                // Not a link, or not there: it will be made.
                Err(Errno::INVAL | Errno::NOENT | Errno::NOTDIR) => continue,
                Err(errno) => return Err(errno),
            };
            links += 1;
            if links > LINKS {
                return Err(Errno::LOOP);
            }
            real.truncate(if target.starts_with('/') { 0 } else { above });
            rest = [&target, rest.get(read..).unwrap_or_default()].concat();
            read = 0;
        }
    }
}

impl Fetch for Root {
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let opened = self.open_in(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY);
        super::tree::content(opened, limit, &self.name(path))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        super::tree::names(self.open_in(path, OFlags::RDONLY | OFlags::DIRECTORY), &self.name(path))
    }

    fn mode(&self, path: &str) -> Option<u32> {
        self.stat(path).map(|status| status.mode)
    }

    fn name(&self, path: &str) -> String {
        self.outside(path)
    }
}
