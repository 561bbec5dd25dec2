//! How far a stage has come, where people look: status.json, result.json, the
//! logs and the timings.

use crate::http::cause;
use crate::status::{KEPT, MODES, Mode, Status, seconds};
use crate::{log_file, program, stage_process, untold, waits};
use glowplug::error::Error;
use glowplug::stage::log::{Level, Line, Log, read_lines};
use glowplug::state::paths::{HANDOFF_LOG, TIMINGS};
use glowplug::sys::{clock, tree};
use std::fs;
use std::io::Write;

/// Notes that the stage `name` has begun after what `earlier` ones did.
pub(crate) fn begin(name: &str, earlier: Status, begun: u64, log: &mut Log<'_>) -> Status {
    let mut status = earlier;
    if let Some(stage) = status.stage.take().filter(|stage| stage != name) {
        stage_process::add_interruption(&mut status, stage);
    }
    stage_process::note(name);
    let start = Mode { start: Some(seconds(begun)), ..Mode::default() };
    status.modes.insert(name.into(), start);
    status.stage = Some(name.into());
    if let Err(error) = status.write() {
        log.warn(&Error::new("write", "status.json", cause(&error)));
    }
    status
}

/// Says in the log of all output which stage begins.
pub(crate) fn greet(name: &str, begun: u64) {
    program::say(&format!(
        "glowplug v. {} running {name} at {}. Up {} seconds.",
        env!("CARGO_PKG_VERSION"),
        log_file::utc(clock::realtime()).rfc2822(),
        seconds(begun)
    ));
}

/// What the local stage left: its status, or the agent's log as one; that goes
/// into the log file too.
pub(crate) fn local() -> Status {
    if let Some(status) = Status::read()
        && (status.modes.get(MODES[0]).is_some_and(|mode| mode.finished.is_some())
            || status.stage.as_deref() == Some(MODES[0]))
    {
        return status;
    }
    let mut status = Status::default();
    let lines = keep_agents_log();
    if lines.is_empty() {
        return status;
    }
    let mut mode = Mode::of_lines(&lines);
    mode.start = lines.first().map(|line| seconds(line.at));
    mode.finished = lines.last().map(|line| seconds(line.at));
    status.modes.insert(MODES[0].into(), mode);
    status
}

/// Adds what the agent logged to the log file; the value has it.
pub(crate) fn keep_agents_log() -> Vec<Line> {
    let lines = read_lines(&tree::text(HANDOFF_LOG).unwrap_or_default());
    log_file::append("glowplug-agent", &lines);
    lines
}

/// How many errors the local stage of this boot ended with, whichever program ran it.
pub(crate) fn local_errors() -> usize {
    if let Some(mode) = Status::read().and_then(|mut status| status.modes.remove(MODES[0])) {
        return mode.errors.len();
    }
    let lines = read_lines(&tree::text(HANDOFF_LOG).unwrap_or_default());
    lines.iter().filter(|line| line.level == Level::Error).count()
}

/// Writes status, result, log and timings, after which the file `told` is not needed any more; the value is
/// the exit status, as cloud-init 26.2 has it:
/// 1 after an error, 2 after a warning, else 0.
pub(crate) fn end(name: &str, mut status: Status, begun: u64, told: Option<&str>, log: &mut Log<'_>) -> u8 {
    let mut mode = Mode::of_lines(&log.lines);
    let (errors, warnings) = (mode.errors.len(), mode.recoverable.len());
    let finished = clock::monotonic();
    mode.start = Some(seconds(begun));
    mode.finished = Some(seconds(finished));
    status.modes.insert(name.into(), mode);
    status.stage = None;
    let mut written = status.write();
    if Some(&name) == MODES.last() {
        written = written.and(status.write_result());
    }
    let kept = written.map_err(|error| Error::new("write", "status.json", cause(&error)));
    if let Err(error) = kept.and_then(|()| told.map_or(Ok(()), |told| untold::forget(told, KEPT))) {
        log.warn(&error);
    }
    stage_process::clear();
    keep_timings(log);
    log.info("{} is done{}", &[name, &tally(errors, warnings)]);
    log_file::append("glowplug", &log.lines);
    exit_status(log)
}

/// As [`end`] has it.
pub(crate) fn exit_status(log: &Log<'_>) -> u8 {
    match (log.has(Level::Error, 0), log.has(Level::Warning, 0)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    }
}

/// ` with 1 error and 2 warnings`; empty without any.
fn tally(errors: usize, warnings: usize) -> String {
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let counts: Vec<String> =
        [counted(errors, "error"), counted(warnings, "warning")].into_iter().flatten().collect();
    if counts.is_empty() { String::new() } else { format!(" with {}", counts.join(" and ")) }
}

/// Adds lines to what the agent told: [`local`] takes all of it.
pub(crate) fn add_to_local(log: &Log<'_>) {
    append(HANDOFF_LOG, &log.text());
    append(TIMINGS, &(waits::take("agent") + &log.steps));
}

/// Adds the timings of a stage to those of this boot.
pub(crate) fn keep_timings(log: &Log<'_>) {
    // The stage's own line is the last: it takes what stands before it.
    append(TIMINGS, &(waits::take("module") + &log.steps));
}

/// Appends to a file for the curious; nothing depends on it.
fn append(path: &str, text: &str) {
    if let Ok(mut file) = fs::OpenOptions::new().create(true).append(true).open(path) {
        let _ = file.write_all(text.as_bytes());
    }
}
