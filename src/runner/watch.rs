//! Waiting for a change of what another process writes.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use std::time::{Duration, Instant};

/// Folders in which files change.
pub(crate) struct Watch<'f> {
    folders: &'f [&'f str],
    /// `None`: the kernel has no inotify(7).
    events: Option<OwnedFd>,
}

impl<'f> Watch<'f> {
    pub(crate) fn of(folders: &'f [&'f str]) -> Self {
        let events = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok();
        let watch = Self { folders, events };
        watch.add();
        watch
    }

    /// Watches those that are there; what is watched already stays so.
    fn add(&self) {
        let changes = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
        for folder in self.folders {
            if let Some(events) = &self.events {
                let _ = add_watch(events, *folder, changes);
            }
        }
    }

    /// Returns when something has changed since the last time, or `most` has passed. A folder that
    /// came meanwhile is watched from now on.
    pub(crate) fn wait(&self, most: Duration) {
        self.add();
        let begun = Instant::now();
        let timeout = Timespec { tv_sec: most.as_secs().cast_signed(), tv_nsec: most.subsec_nanos().into() };
        let Some(events) = &self.events else { return std::thread::sleep(most) };
        let changed = poll(&mut [PollFd::new(events, PollFlags::IN)], Some(&timeout));
        match changed {
            Ok(0) => {}
            Ok(_) => while rustix::io::read(events, &mut [0; 4096]).is_ok_and(|count| count > 0) {},
            Err(_) => std::thread::sleep(most.saturating_sub(begun.elapsed())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_change_ends_the_wait() {
        let folder = std::env::temp_dir().join(format!("glowplug-watch-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let inner = folder.join("inner");
        let folders = [folder.to_str().unwrap(), inner.to_str().unwrap()];
        let watch = Watch::of(&folders);
        let (long, short) = (Duration::from_secs(20), Duration::from_millis(10));
        let begun = Instant::now();
        fs::create_dir(&inner).unwrap();
        watch.wait(long);
        fs::write(inner.join("seen too late"), "x").unwrap();
        watch.wait(short);
        fs::write(inner.join("status"), "x").unwrap();
        watch.wait(long);
        assert!(begun.elapsed() < long);
        let begun = Instant::now();
        watch.wait(short);
        assert!(begun.elapsed() >= short);
        fs::remove_dir_all(folder).unwrap();
    }
}
