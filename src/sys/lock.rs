//! Locks that other programs hold of files (fcntl_locking(2)).

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Flock, FlockType, fcntl_getlk};

/// Who holds a lock of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process by its number.
    Process(i32),
    /// One that can't be seen from here.
    Other,
}

/// Who holds a lock of the file at `path` in the running system; `None` where
/// nobody does, or where the file can't be opened.
pub fn holder(path: &str) -> Option<Holder> {
    let file =
        open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .ok()?;
    let lock = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)).ok()??;
    Some(lock.pid.map_or(Holder::Other, |pid| Holder::Process(pid.as_raw_nonzero().get())))
}
