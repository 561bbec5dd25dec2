//! Where bytes come from: a folder, a mounted disc, a machine's root, a
//! kernel line, a metadata service. All of them answer the same two questions.

use crate::error::Result;
use crate::limits;
use crate::text::of_bytes;
use alloc::string::String;
use alloc::vec::Vec;

/// A tree of files addressed by `/`-separated paths.
pub trait Fetch {
    /// The whole file at `path`; `None` when there is none. A file longer than
    /// `limit` bytes is an error, not a cut.
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>>;

    /// Names in the directory `path`, sorted, without `.` and `..`; `None`
    /// when there is no such directory.
    fn list(&self, path: &str) -> Result<Option<Vec<String>>>;

    /// Type and permission bits of what is at `path` (stat(2)'s `st_mode`),
    /// symbolic links followed; `None` when nothing is. A lookup that fails for
    /// another reason is an error: what it asked for may be there.
    fn mode(&self, path: &str) -> Result<Option<u32>>;

    /// How messages name `path`: `/dev/sr0:openstack/latest/user_data`.
    fn name(&self, path: &str) -> String;
}

/// The text of a file of the root, as [`of_bytes`] makes it; what is made of it
/// is written as [`to_bytes`](crate::text::to_bytes) gives it.
#[inline(never)]
pub fn read(root: &dyn Fetch, path: &str) -> Result<Option<String>> {
    Ok(root.read(path, limits::ROOT_FILE)?.map(of_bytes))
}

/// As [`read`], for what is only looked at. A file that can't be read counts as
/// none; of a machine's own root the engine learns of it, and then does nothing
/// of the module that asked.
#[inline(never)]
pub fn text(root: &dyn Fetch, path: &str) -> Option<String> {
    read(root, path).ok().flatten()
}

/// The text of these bytes; what is not UTF-8 in it is replaced.
#[inline(never)]
pub fn lossy(content: Vec<u8>) -> String {
    match String::from_utf8(content) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Whether something is, or may be, at `path`: one whose lookup fails is taken
/// as there. For programs and the like, whose use then tells what is wrong.
#[inline(never)]
pub fn may_exist(tree: &dyn Fetch, path: &str) -> bool {
    !matches!(tree.mode(path), Ok(None))
}

/// A tree without files.
pub struct Nothing;

impl Fetch for Nothing {
    fn read(&self, _: &str, _: usize) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn list(&self, _: &str) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn mode(&self, _: &str) -> Result<Option<u32>> {
        Ok(None)
    }

    fn name(&self, path: &str) -> String {
        path.into()
    }
}

/// A folder of another tree as a tree of its own.
pub struct Folder<'a> {
    /// The other tree.
    pub tree: &'a dyn Fetch,
    /// Its path there.
    pub path: &'a str,
}

impl Folder<'_> {
    fn within(&self, path: &str) -> String {
        [self.path, "/", path].concat()
    }
}

impl Fetch for Folder<'_> {
    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        self.tree.read(&self.within(path), limit)
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        self.tree.list(&self.within(path))
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        self.tree.mode(&self.within(path))
    }

    fn name(&self, path: &str) -> String {
        self.tree.name(&self.within(path))
    }
}

/// A tree in memory, for tests.
#[cfg(test)]
pub(crate) mod memory {
    use super::{Fetch, String, Vec};
    use crate::error::{Error, Result};
    use std::collections::BTreeMap;

    /// What is at a path: content and mode, or the errno that every call ends with.
    type Entry = core::result::Result<(Vec<u8>, u32), i32>;

    /// Paths and what is there; the first field goes before names in messages.
    #[derive(Default)]
    pub(crate) struct Tree(pub(crate) &'static str, BTreeMap<String, Entry>);

    impl Tree {
        /// A tree of readable files.
        pub(crate) fn of(name: &'static str, files: &[(&str, &str)]) -> Self {
            files.iter().fold(Self(name, BTreeMap::new()), |tree, (path, content)| {
                tree.with(path, content, 0o100_644)
            })
        }

        /// The tree with one more file.
        pub(crate) fn with(self, path: &str, content: &str, mode: u32) -> Self {
            self.with_bytes(path, content.as_bytes(), mode)
        }

        /// As [`Tree::with`], for what need not be UTF-8.
        pub(crate) fn with_bytes(mut self, path: &str, content: &[u8], mode: u32) -> Self {
            self.1.insert(path.into(), Ok((content.into(), mode)));
            self
        }

        /// The tree in which whatever is done with `path` fails with this errno.
        pub(crate) fn failing(mut self, path: &str, errno: i32) -> Self {
            self.1.insert(path.into(), Err(errno));
            self
        }
    }

    impl Fetch for Tree {
        fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
            match self.1.get(path) {
                Some(Ok((content, _))) if content.len() > limit => {
                    Err(Error::new("read", self.name(path), "too long"))
                }
                Some(Ok((content, _))) => Ok(Some(content.clone())),
                Some(Err(errno)) => Err(Error::os("read", self.name(path), *errno)),
                None => Ok(None),
            }
        }

        fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
            if let Some(Err(errno)) = self.1.get(path) {
                return Err(Error::os("list", self.name(path), *errno));
            }
            let inside =
                |key: &String| Some(key.strip_prefix(path)?.strip_prefix('/')?.split('/').next()?.into());
            let mut names: Vec<String> = self.1.keys().filter_map(inside).collect();
            names.dedup();
            Ok((!names.is_empty()).then_some(names))
        }

        fn mode(&self, path: &str) -> Result<Option<u32>> {
            match self.1.get(path) {
                Some(Ok((_, mode))) => Ok(Some(*mode)),
                Some(Err(errno)) => Err(Error::os("look up", self.name(path), *errno)),
                None => Ok(None),
            }
        }

        fn name(&self, path: &str) -> String {
            [self.0, path].concat()
        }
    }
}
