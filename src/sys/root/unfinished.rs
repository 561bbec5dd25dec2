//! Files that are being written, noted so that the next run takes away what a
//! machine that stops leaves of them.
//!
//! A symbolic link in the state directory names the directory in which files
//! have their temporary names. A file system keeps the order of such changes, so
//! that after a power cut the link is there when one of the files is. It is the
//! last directory alone: those before it have no such file any more.

use super::super::path as at;
use super::super::tree::each;
use super::super::write::is_temporary;
use super::Root;
use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, OFlags};

/// The link.
const NOTE: &str = "glowplug.writing";

/// Where it is kept, and what it says.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// The state directory; empty: nothing is noted.
    state: String,
    fd: Option<Rc<OwnedFd>>,
    /// The directory it names; empty: there is no link.
    noted: String,
}

impl Root {
    /// Takes away what an earlier run has left, and notes from now on, in the
    /// directory `state`, where files are being written.
    #[inline(never)]
    pub fn note_writes(&self, state: &str) {
        let Ok(directory) = self.directory(state, 0o755, None) else { return };
        if let Ok(left) = at::read_link_at(directory.fd.as_fd(), NOTE) {
            self.clear(&left);
            let _ = at::unlink_at(directory.fd.as_fd(), NOTE, AtFlags::empty());
        }
        let noted = Unfinished { state: state.to_owned(), fd: Some(directory.fd), noted: String::new() };
        self.unfinished.replace(noted);
    }

    /// Removes the files and empty directories with temporary names in `directory`.
    #[inline(never)]
    fn clear(&self, directory: &str) {
        let Ok(directory) = self.open_in(directory, OFlags::RDONLY | OFlags::DIRECTORY) else { return };
        let mut names = Vec::new();
        let _ = each(directory.as_fd(), &mut |name| {
            if is_temporary(name) {
                names.push(name.to_owned());
            }
        });
        for name in &names {
            if let Ok(Some(status)) = at::stat_at(directory.as_fd(), name)
                && matches!(status.kind(), FileType::RegularFile | FileType::Symlink | FileType::Directory)
            {
                // A directory has nothing in it yet.
                let is_directory = status.kind() == FileType::Directory;
                let flags = if is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
                let _ = at::unlink_at(directory.as_fd(), name, flags);
            }
        }
    }

    /// Notes that something in `directory` is about to have its temporary name.
    /// Where that can't be noted it is written all the same.
    #[inline(never)]
    pub(in crate::sys) fn note_unfinished(&self, directory: &str) {
        let mut unfinished = self.unfinished.borrow_mut();
        if unfinished.state.is_empty() || unfinished.noted == directory {
            return;
        }
        if unfinished.fd.is_none() {
            // Nothing is made for it, which would be noted in turn.
            let state = self.open_in(&unfinished.state, OFlags::RDONLY | OFlags::DIRECTORY);
            unfinished.fd = state.ok().map(Rc::new);
        }
        let Some(fd) = &unfinished.fd else { return };
        let _ = at::unlink_at(fd.as_fd(), NOTE, AtFlags::empty());
        // The root's own name is empty, and no link's text is.
        let _ = at::link_at(fd.as_fd(), NOTE, if directory.is_empty() { "/" } else { directory });
        directory.clone_into(&mut unfinished.noted);
    }

    /// Takes the note back: no file has a temporary name.
    #[inline(never)]
    pub(in crate::sys) fn all_is_finished(&self) {
        let mut unfinished = self.unfinished.borrow_mut();
        if let (false, Some(fd)) = (unfinished.noted.is_empty(), &unfinished.fd) {
            let _ = at::unlink_at(fd.as_fd(), NOTE, AtFlags::empty());
        }
        unfinished.noted.clear();
        unfinished.fd = None;
    }
}
