//! /var/log/cloud-init.log: `DATE TIME,MILLIS - PROGRAM[LEVEL]: TEXT`.

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

/// A moment in UTC.
pub(crate) struct Utc {
    year: u64,
    month: usize,
    day: u64,
    weekday: usize,
    seconds: u64,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// The moment `micros` microseconds after 1970-01-01.
pub(crate) fn utc(micros: u64) -> Utc {
    let (mut days, seconds) = (micros / 1_000_000 / 86_400, micros / 1_000_000 % 86_400);
    let weekday = usize::try_from(days % 7).unwrap_or(0);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    Utc { year, month, day: days + 1, weekday, seconds }
}

impl Utc {
    /// `2026-11-22 18:30:05`.
    pub(crate) fn iso(&self) -> String {
        format!("{:04}-{:02}-{:02} {}", self.year, self.month + 1, self.day, self.clock())
    }

    /// `Sun, 22 Nov 2026 18:30:05 +0000` (RFC 2822).
    pub(crate) fn rfc2822(&self) -> String {
        let (weekday, month) = (WEEKDAYS[self.weekday], MONTHS[self.month]);
        format!("{weekday}, {:02} {month} {:04} {} +0000", self.day, self.year, self.clock())
    }

    fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days() {
        let iso = |seconds: u64| utc(seconds * 1_000_000).iso();
        assert_eq!(iso(0), "1970-01-01 00:00:00");
        assert_eq!(iso(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(iso(951_868_799), "2000-02-29 23:59:59");
        assert_eq!(iso(1_735_689_599), "2024-12-31 23:59:59");
        assert_eq!(utc(1_795_372_205_000_000).rfc2822(), "Sun, 22 Nov 2026 18:30:05 +0000");
    }
}
