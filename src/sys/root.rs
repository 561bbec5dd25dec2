//! A machine's root seen from outside: no path and no symbolic link in it
//! leads out of it (openat2(2) with `RESOLVE_IN_ROOT`).

use super::failed;
use super::path::{self as at, Status};
use crate::error::Result;
use crate::fetch::Fetch;
use crate::text::parent_and_name;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{CWD, FileType, Gid, Mode, OFlags, Uid, fchmod, fchown};
use rustix::io::Errno;

/// Symbolic links followed for one path, as the kernel's own bound.
const LINKS: usize = 40;

/// A directory taken for `/`.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    /// How the directory is called outside, without a final `/`.
    name: String,
}

/// A place in a directory: where a name stands, or would stand.
#[derive(Debug)]
pub struct Located {
    /// The directory, readable.
    pub directory: OwnedFd,
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
        Self { fd, name: name.trim_end_matches('/').to_owned() }
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
        let path = path.trim_start_matches('/');
        let path = if path.is_empty() { "." } else { path };
        at::open_within(self.fd.as_fd(), path, flags)
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

    /// Opens the directory `path` for reading, making what is missing with
    /// `mode` and `owner`.
    #[inline(never)]
    pub fn directory(&self, path: &str, mode: u32, owner: Option<(Uid, Gid)>) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        match self.open_in(path, flags) {
            Err(Errno::NOENT) => {}
            Ok(fd) => return Ok(fd),
            Err(errno) => return Err(failed("open", path, errno)),
        }
        // A dangling link in the way of a directory: what it names is made.
        let Located { directory, name, .. } = self.locate(path, mode, owner)?;
        let directory = directory.as_fd();
        let made = || -> core::result::Result<OwnedFd, Errno> {
            at::make_directory_at(directory, &name, mode)?;
            let fd = at::open_at(directory, &name, flags | OFlags::NOFOLLOW, 0)?;
            // mkdir(2) takes the umask off; what the plan says counts.
            fchmod(&fd, Mode::from_raw_mode(mode))?;
            if let Some((uid, gid)) = owner {
                fchown(&fd, Some(uid), Some(gid))?;
            }
            Ok(fd)
        };
        made().map_err(|errno| failed("make directory", path, errno))
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

    /// The path without symbolic links as far as it exists, the rest as it
    /// is; `None` when /proc can't tell.
    pub fn real_path(&self, path: &str) -> Option<String> {
        let top = path_of(&self.fd)?;
        let mut existing = path.trim_end_matches('/');
        loop {
            match self.open_in(existing, OFlags::PATH) {
                Ok(fd) => {
                    let real = path_of(&fd)?;
                    let inside = if top == "/" { &real } else { real.strip_prefix(&top)? };
                    let inside = inside.trim_end_matches('/');
                    return Some([inside, path.strip_prefix(existing)?].concat());
                }
                Err(_) if existing.is_empty() => return None,
                Err(_) => existing = parent_and_name(existing).0,
            }
        }
    }
}

/// The path of an open file, as /proc has it.
#[inline(never)]
fn path_of(fd: &OwnedFd) -> Option<String> {
    let number = u64::from(fd.as_raw_fd().unsigned_abs()).to_string();
    at::read_link_at(CWD, &["/proc/self/fd/", &number].concat()).ok()
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
