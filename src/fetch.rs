//! Where bytes come from: a folder, a mounted disc, a machine's root, a
//! kernel line, a metadata service. All of them answer the same two questions.

use crate::error::Result;
use crate::limits;
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

    /// Type and permission bits of what stands at `path` (stat(2)'s `st_mode`),
    /// symbolic links followed; `None` when nothing does.
    fn mode(&self, path: &str) -> Option<u32>;

    /// How messages name `path`: `/dev/sr0:openstack/latest/user_data`.
    fn name(&self, path: &str) -> String;
}

/// The text of a file of the root that something is planned by; what is not
/// UTF-8 in it is replaced. A file that can't be read counts as none.
#[inline(never)]
pub fn text(root: &dyn Fetch, path: &str) -> Option<String> {
    match root.read(path, limits::ROOT_FILE) {
        Ok(Some(content)) => Some(String::from_utf8_lossy(&content).into_owned()),
        _ => None,
    }
}
