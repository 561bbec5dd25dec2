//! How long servers may keep a stage: one URL, and all of them together.

use glowplug::limits::{FETCH_SECONDS, URL_SECONDS};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Milliseconds that this program, which is one stage, has given to servers.
static SPENT: AtomicU64 = AtomicU64::new(0);

/// The time for what is at one URL, every try counted; what it took is taken
/// from the stage's when it ends.
#[derive(Debug)]
pub(crate) struct Turn {
    begun: Instant,
    pub(crate) deadline: Instant,
    spent: &'static AtomicU64,
}

impl Turn {
    /// An error where the stage has no time left.
    pub(crate) fn begin() -> io::Result<Self> {
        Self::within(&SPENT, Duration::from_secs(URL_SECONDS), Duration::from_secs(FETCH_SECONDS))
    }

    fn within(spent: &'static AtomicU64, url: Duration, stage: Duration) -> io::Result<Self> {
        let left = stage.saturating_sub(Duration::from_millis(spent.load(Ordering::Relaxed)));
        if left.is_zero() {
            let why =
                format!("servers have kept this stage for {} s, and no more are asked", stage.as_secs());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let begun = Instant::now();
        Ok(Self { begun, deadline: begun + url.min(left), spent })
    }

    /// Waits before another try; `false` where there is no time for one.
    pub(crate) fn pause(&self, pause: Duration) -> bool {
        let is_in_time = Instant::now() + pause < self.deadline;
        if is_in_time {
            std::thread::sleep(pause);
        }
        is_in_time
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let took = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.spent.fetch_add(took, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_slow_servers_kept_a_stage_for_hours() {
        static SPENT: AtomicU64 = AtomicU64::new(0);
        let (url, stage) = (Duration::from_millis(80), Duration::from_millis(120));
        let begun = Instant::now();
        let mut turns = 0;
        while let Ok(turn) = Turn::within(&SPENT, url, stage) {
            assert!(!turn.pause(Duration::from_secs(1)), "no time for that");
            std::thread::sleep(turn.deadline.saturating_duration_since(Instant::now()));
            turns += 1;
        }
        assert!(turns <= 2 && begun.elapsed() < Duration::from_secs(2), "{turns}");
        let why = Turn::within(&SPENT, url, stage).unwrap_err().to_string();
        assert_eq!(why, "servers have kept this stage for 0 s, and no more are asked");
    }

    // Minutes, as it is before sshd.
    const _: () = assert!(URL_SECONDS <= FETCH_SECONDS && FETCH_SECONDS <= 600);
}
