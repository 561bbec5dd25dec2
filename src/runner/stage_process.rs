//! Which process runs a stage: `/run/glowplug/stage` has `PID START STAGE` while one does.
//! A process that was killed leaves it behind, and nothing else says that its stage has ended.

use crate::status::Status;
use std::fs;
use std::process;

const FILE: &str = "/run/glowplug/stage";

/// When a process started, in clock ticks since the kernel did (proc_pid_stat(5), field 22); `None`:
/// there is no such process.
fn start(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may have blanks; a process that has ended and is not waited for
    // has state Z.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Notes that this process runs `stage`.
pub(crate) fn note(stage: &str) {
    let pid = process::id();
    // Where it can't be kept, an interruption is seen when the next stage begins.
    let _ = fs::create_dir_all("/run/glowplug")
        .and_then(|()| fs::write(FILE, format!("{pid} {} {stage}\n", start(pid).unwrap_or_default())));
}

/// Notes that the stage has ended.
pub(crate) fn clear() {
    let _ = fs::remove_file(FILE);
}

/// Whether the process that ran `stage` is gone, and the stage has not ended.
pub(crate) fn is_gone(stage: &str) -> bool {
    let text = fs::read_to_string(FILE).unwrap_or_default();
    let mut fields = text.split_whitespace();
    let mut number = || fields.next()?.parse::<u64>().ok();
    let (Some(pid), Some(begun)) = (number(), number()) else { return false };
    let pid = u32::try_from(pid).unwrap_or(u32::MAX);
    fields.next() == Some(stage) && start(pid) != Some(begun)
}

/// Adds to `status` that such a stage was interrupted.
pub(crate) fn add_interruption(status: &mut Status, stage: String) {
    let why = format!(
        "{stage} was interrupted: its process ended before the stage was done; the next boot goes on with it"
    );
    status.modes.entry(stage).or_default().errors.push(why);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let own = start(process::id());
        assert!(own.is_some_and(|start| start > 0));
        let mut child = process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        let before = start(pid);
        child.wait().unwrap();
        assert!(before.is_none_or(|begun| Some(begun) >= own));
        assert_eq!(start(pid), None);
    }
}
