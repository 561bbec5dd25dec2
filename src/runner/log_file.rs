//! /var/log/cloud-init.log: `DATE TIME,MILLIS - PROGRAM[LEVEL]: TEXT`.

pub(crate) use glowplug::date::utc;
use glowplug::stage::log::Line;
use glowplug::sys::clock;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

/// Where the log is, and where it goes when that can't be written.
const LOG: [&str; 2] = ["/var/log/cloud-init.log", "/run/glowplug/cloud-init.log"];

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
    let file =
        LOG.iter().find_map(|path| OpenOptions::new().create(true).append(true).mode(0o640).open(path).ok());
    if let Some(mut file) = file {
        // The console has had every line already.
        let _ = file.write_all(text.as_bytes());
    }
}
