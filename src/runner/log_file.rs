//! /var/log/cloud-init.log: `DATE TIME,MILLIS - PROGRAM[LEVEL]: TEXT`.

pub(crate) use glowplug::date::utc;
use glowplug::stage::log::Line;
use glowplug::sys::clock;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, fchown};

/// Where the log is, and where it goes when that can't be written.
const LOG: [&str; 2] = ["/var/log/cloud-init.log", "/run/glowplug/cloud-init.log"];

/// Opens a log for appending, or empty; one that is new is for the group that
/// reads logs, where there is one.
pub(crate) fn create(path: &str, is_empty: bool) -> io::Result<File> {
    let is_new = !fs::exists(path).unwrap_or(false);
    // Truncated it is appended to all the same: several programs write to it.
    if is_empty && !is_new {
        File::options().write(true).truncate(true).open(path)?;
    }
    let file = OpenOptions::new().create(true).append(true).read(true).mode(0o640).open(path)?;
    if is_new {
        // Then only root reads it.
        let _ = fchown(&file, None, group());
    }
    Ok(file)
}

/// The group that reads logs.
pub(crate) fn group() -> Option<u32> {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    groups.lines().find_map(|line| line.strip_prefix("adm:")?.split(':').nth(1)?.parse().ok())
}

/// Appends a program's lines.
pub(crate) fn append(program: &str, lines: &[Line]) {
    let booted = clock::realtime().saturating_sub(clock::monotonic());
    let mut text = String::new();
    for line in lines {
        let at = booted + line.at;
        let (level, said) = (line.level.word(), &line.text);
        // Writing into a String does not fail.
        let _ = writeln!(text, "{},{:03} - {program}[{level}]: {said}", utc(at).iso(), at / 1000 % 1000);
    }
    if let Some(mut file) = LOG.iter().find_map(|path| create(path, false).ok()) {
        // The console has had every line already.
        let _ = file.write_all(text.as_bytes());
    }
}
