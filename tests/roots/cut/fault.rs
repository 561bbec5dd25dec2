//! Calls that fail: a full disk, a dead one, a read-only root, no descriptors,
//! no memory, a signal; at each call of each stage in turn.

use super::boot::{Call, Ended, Machine, STAGES, end_all, settle};
use super::normal::{is_temporary, normal, torn};
use super::power::Peace;
use super::snapshot::differences;
use super::{Job, Report};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Calls that fail here, each with what it may fail with; `+`: those of its name
/// that follow do so as well.
const FAULTS: [(&[&str], &[&str]); 5] = [
    (
        &["openat", "openat2"],
        &["EIO", "EIO+", "EACCES", "EMFILE", "EMFILE+", "ENOMEM", "ENOSPC", "EROFS", "EINTR"],
    ),
    (&["read", "pread64"], &["EIO", "ENOMEM", "EINTR"]),
    (
        &["statx", "newfstatat", "fstat", "getdents64", "readlinkat", "flistxattr"],
        &["EIO", "EACCES", "ENOMEM"],
    ),
    (&["write", "pwrite64", "fsync", "syncfs", "ftruncate"], &["ENOSPC", "ENOSPC+", "EIO", "EROFS", "EINTR"]),
    (
        &[
            "fchown",
            "fchmod",
            "renameat",
            "renameat2",
            "mkdirat",
            "symlinkat",
            "unlinkat",
            "linkat",
            "fsetxattr",
        ],
        &["ENOSPC", "EIO", "EROFS", "EACCES"],
    ),
];

impl Ended {
    /// Why this is no end of a program of ours.
    pub(crate) fn is_broken(&self) -> Option<String> {
        match self.status {
            None => Some("hangs".into()),
            Some(status) if status.code() == Some(101) || status.code() == Some(134) => Some("panics".into()),
            Some(status) => status.signal().map(|signal| format!("dies by signal {signal}")),
        }
    }
}

/// Lets each call fail that is the job's.
pub(crate) fn fault(machine: &Machine, peace: &Peace, job: &Job, report: &mut Report) {
    for stage in 0..STAGES.len() {
        for call in &peace.lists[stage] {
            let Some((_, errors)) = FAULTS.iter().find(|(names, _)| names.contains(&&*call.name)) else {
                continue;
            };
            for error in *errors {
                if job.takes(report.turn()) {
                    one(machine, peace, stage, call, error, report);
                }
            }
        }
    }
}

fn one(machine: &Machine, peace: &Peace, stage: usize, call: &Call, error: &str, report: &mut Report) {
    let when = format!("{} {error} at {} {}: {}", STAGES[stage], call.name, call.number, call.text);
    machine.put_back(&peace.states[stage]);
    let ended = machine.inject(stage, call, &format!("error={error}"));
    if !settle() {
        report.fail(&when, "a program goes on");
        end_all();
    }
    machine.calls();
    report.points += 1;
    if let Some(why) = ended.is_broken() {
        return report.fail(&when, &format!("{why}: {}", ended.said));
    }
    let root = machine.state().root;
    let (before, after) = (&peace.states[stage].root, &peace.states[stage + 1].root);
    let torn = torn(&root, before, after);
    if !torn.is_empty() {
        report.fail(&when, &torn.join("; "));
    }
    let (wanted, found) = (normal(after, &[]), normal(&root, &[]));
    let mut lines = differences(&wanted, &found);
    if error != "EINTR" {
        // one that could not be removed is the next boot's
        lines.retain(|line| !is_temporary(line.split(' ').next().unwrap()));
    }
    let as_usual = &peace.ends[stage];
    let told: Vec<&str> = ended.said.lines().filter(|line| !is_known(line, &as_usual.said)).collect();
    let is_quiet = told.is_empty() && ended.status == as_usual.status;
    if error == "EINTR" && (!lines.is_empty() || ended.status != as_usual.status) {
        report.fail(&when, &format!("changes something: {lines:?} {told:?}"));
    } else if !lines.is_empty() && is_quiet {
        report.fail(&when, &format!("no line says: {}", lines.join("; ")));
    } else if error.ends_with('+') && lines.len() > 20 && !has_errors(ended.status) {
        report.fail(&when, &format!("status as usual, and {told:?}: {}", lines.join("; ")));
    }
}

/// Whether a stage says that what was asked for did not happen.
fn has_errors(status: Option<ExitStatus>) -> bool {
    status.and_then(|status| status.code()) == Some(1)
}

/// Whether a line without its time is among those of another run.
fn is_known(line: &str, usual: &str) -> bool {
    let words = |line: &str| {
        let words = line.split_whitespace().filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
        words.map(String::from).collect::<Vec<_>>()
    };
    let line = words(line);
    usual.lines().any(|usual| words(usual) == line)
}
