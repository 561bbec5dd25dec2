//! What a stage has waited for, so that `analyze` can say where the time went:
//! each wait is a step of its own, named after what was waited for.

use glowplug::sys::clock;
use glowplug::text::escaped;
use std::fmt::Write;
use std::sync::Mutex;

/// Microseconds below which nobody has waited.
const SHORT: u64 = 1000;

/// Those that have ended: what for, when they began, how many microseconds they took.
static ENDED: Mutex<Vec<(String, u64, u64)>> = Mutex::new(Vec::new());

/// A wait that goes on until it is dropped.
pub(crate) struct Wait {
    /// `for` and an object, or who is in the way.
    what: String,
    /// Microseconds of the monotonic clock.
    begun: u64,
}

impl Wait {
    pub(crate) fn begin(what: &str) -> Self {
        Self { what: escaped(what), begun: clock::monotonic() }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let took = clock::monotonic().saturating_sub(self.begun);
        if let (true, Ok(mut ended)) = (took >= SHORT, ENDED.lock()) {
            ended.push((std::mem::take(&mut self.what), self.begun, took));
        }
    }
}

/// The waits that have ended, a line each, as [`glowplug::stage::log::Log::steps`] has steps; `who`
/// is what goes before the name. They are handed out once.
pub(crate) fn take(who: &str) -> String {
    let ended = ENDED.lock().map(|mut ended| std::mem::take(&mut *ended)).unwrap_or_default();
    let mut lines = String::new();
    for (what, begun, took) in ended {
        let _ = writeln!(lines, "{who}/wait {what}\t{begun}\t{took}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_was_nowhere_in_analyze() {
        let begun = clock::monotonic();
        let wait = Wait::begin("for NICs with 52:54:00:00:00:01\tx");
        std::thread::sleep(std::time::Duration::from_millis(3));
        drop(wait);
        drop(Wait::begin("for nothing"));
        let lines = take("module");
        let line = lines.lines().find(|line| line.contains("for NICs")).unwrap();
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields[0], "module/wait for NICs with 52:54:00:00:00:01\\tx");
        assert!(fields[1].parse::<u64>().unwrap() >= begun && fields[2].parse::<u64>().unwrap() >= 3000);
        assert!(!lines.contains("for nothing"), "{lines}");
    }
}
