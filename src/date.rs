//! Moments as people read them.

use alloc::format;
use alloc::string::String;

/// A moment in UTC.
#[derive(Clone, Copy, Debug)]
pub struct Utc {
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
pub fn utc(micros: u64) -> Utc {
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
    pub fn iso(&self) -> String {
        format!("{:04}-{:02}-{:02} {}", self.year, self.month + 1, self.day, self.clock())
    }

    /// `Sun, 22 Nov 2026 18:30:05 +0000` (RFC 2822).
    pub fn rfc2822(&self) -> String {
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
