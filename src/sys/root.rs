//! A machine's root seen from outside: no path and no symbolic link in it
//! leads out of it (openat2(2) with RESOLVE_IN_ROOT).

use super::failed;
use crate::error::Result;
use crate::fetch::Fetch;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, mkdirat, open, openat2, readlinkat,
    statat,
};
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
    pub present: Option<Stat>,
}

impl Root {
    /// Opens `path` as a root.
    pub fn open(path: &str) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = open(path, flags, Mode::empty()).map_err(|errno| failed("open", path, errno))?;
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
        format!("{}/{}", self.name, path.trim_start_matches('/'))
    }

    /// Opens `path` in the root.
    pub fn open_in(&self, path: &str, flags: OFlags) -> core::result::Result<OwnedFd, Errno> {
        let path = path.trim_start_matches('/');
        let path = if path.is_empty() { "." } else { path };
        // O_CREAT never comes through here, so the mode stays empty.
        openat2(&self.fd, path, flags | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT)
    }

    /// Whether `path` is there, symbolic links followed.
    pub fn exists(&self, path: &str) -> bool {
        self.open_in(path, OFlags::PATH).is_ok()
    }

    /// What stands at `path`, symbolic links followed.
    pub fn stat(&self, path: &str) -> Option<Stat> {
        self.open_in(path, OFlags::PATH).and_then(fstat).ok()
    }

    /// Opens the directory `path` for reading, making what is missing with
    /// `mode`; every directory made is given to `made` for its owner.
    pub fn directory(
        &self,
        path: &str,
        mode: Mode,
        made: &mut dyn FnMut(&OwnedFd) -> Result<()>,
    ) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        match self.open_in(path, flags) {
            Err(Errno::NOENT) => {}
            other => return other.map_err(|errno| failed("open", path, errno)),
        }
        let (parent, name) = split(path);
        // A dangling link in the way of a directory: what it names is made.
        let located = self.locate(path, mode, made)?;
        let doing = "make directory";
        match mkdirat(&located.directory, &*located.name, mode) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed(doing, format!("{parent}/{name}"), errno)),
        }
        let fd = rustix::fs::openat(
            &located.directory,
            &*located.name,
            flags | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|errno| failed(doing, path, errno))?;
        // mkdir(2) takes the umask off; what the plan says counts.
        rustix::fs::fchmod(&fd, mode).map_err(|errno| failed("set the mode of", path, errno))?;
        made(&fd)?;
        Ok(fd)
    }

    /// Finds where `path` really stands: symbolic links are followed to the
    /// end, also one whose target is missing; missing directories are made.
    pub fn locate(
        &self,
        path: &str,
        mode: Mode,
        made: &mut dyn FnMut(&OwnedFd) -> Result<()>,
    ) -> Result<Located> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let (parent, name) = split(&path);
            if name.is_empty() || name == "." || name == ".." {
                return Err(failed("write", path.as_str(), Errno::ISDIR));
            }
            let directory = self.directory(parent, mode, made)?;
            let present = match statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Some(stat),
                Err(Errno::NOENT) => None,
                Err(errno) => return Err(failed("open", path.as_str(), errno)),
            };
            let is_link =
                present.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
            if !is_link {
                return Ok(Located { directory, name: name.to_owned(), present });
            }
            let target = readlinkat(&directory, name, Vec::new())
                .map_err(|errno| failed("read link", path.as_str(), errno))?;
            let target = target.to_str().map_err(|_| failed("read link", path.as_str(), Errno::ILSEQ))?;
            path = if target.starts_with('/') { target.to_owned() } else { format!("{parent}/{target}") };
        }
        Err(failed("open", path, Errno::LOOP))
    }

    /// The path without symbolic links as far as it exists, the rest as it
    /// is; `None` when /proc can't tell.
    pub fn real_path(&self, path: &str) -> Option<String> {
        let top = self.path_of(&self.fd)?;
        let mut existing = path.trim_end_matches('/');
        loop {
            match self.open_in(existing, OFlags::PATH) {
                Ok(fd) => {
                    let real = self.path_of(&fd)?;
                    let inside = if top == "/" { &real } else { real.strip_prefix(&top)? };
                    let inside = inside.trim_end_matches('/');
                    return Some(format!("{inside}{}", path.strip_prefix(existing)?));
                }
                Err(_) if existing.is_empty() => return None,
                Err(_) => existing = split(existing).0,
            }
        }
    }

    fn path_of(&self, fd: &OwnedFd) -> Option<String> {
        use rustix::fd::AsRawFd;
        let link = readlinkat(CWD, format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new()).ok()?;
        link.into_string().ok()
    }
}

impl Fetch for Root {
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let file = match self.open_in(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(failed("open", self.name(path), errno)),
        };
        super::tree::read_all(&file, limit, || self.name(path)).map(Some)
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        match self.open_in(path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => super::tree::names(&directory, || self.name(path)).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(failed("list", self.name(path), errno)),
        }
    }

    fn mode(&self, path: &str) -> Option<u32> {
        self.stat(path).map(|stat| stat.st_mode)
    }

    fn name(&self, path: &str) -> String {
        self.outside(path)
    }
}

/// Parent and last component; the parent of a bare name is the root.
fn split(path: &str) -> (&str, &str) {
    path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path))
}
