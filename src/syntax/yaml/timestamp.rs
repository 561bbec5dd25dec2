//! Dates and times of YAML 1.1.

use alloc::string::String;

const RANGE: &str = "a date or time out of range";

/// A date, perhaps with a time.
#[derive(Clone, Copy, Debug)]
struct Timestamp<'a> {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Time<'a> {
    hour: u32,
    minute: u32,
    second: u32,
    fraction: &'a str,
    zone: Option<Zone>,
}

/// The difference to UTC.
#[derive(Clone, Copy, Debug)]
struct Zone {
    negative: bool,
    minutes: u32,
}

/// Whether `text` has the form of a timestamp, and if so, is one. Without a
/// tag, a date alone needs two digits for month and day.
pub(super) fn check(text: &str, tagged: bool) -> Option<Result<(), &'static str>> {
    let stamp = read(text)?;
    if !tagged && stamp.time.is_none() && text.len() < "2001-01-01".len() {
        return None;
    }
    Some(if in_range(&stamp) { Ok(()) } else { Err(RANGE) })
}

/// The form Python writes: `2001-01-01`, or `2001-01-01 10:00:00.500000+02:00`.
/// What is no timestamp comes back as it is.
pub(super) fn canonical(text: &str) -> String {
    let Some(stamp) = read(text) else { return text.into() };
    let mut out = String::new();
    put(&mut out, stamp.year, 4);
    for part in [stamp.month, stamp.day] {
        out.push('-');
        put(&mut out, part, 2);
    }
    let Some(time) = stamp.time else { return out };
    for (mark, part) in [(' ', time.hour), (':', time.minute), (':', time.second)] {
        out.push(mark);
        put(&mut out, part, 2);
    }
    let micro = time.fraction.chars().chain(core::iter::repeat('0')).take(6);
    if micro.clone().any(|digit| digit != '0') {
        out.push('.');
        out.extend(micro);
    }
    if let Some(zone) = time.zone {
        out.push(if zone.negative && zone.minutes > 0 { '-' } else { '+' });
        put(&mut out, zone.minutes / 60, 2);
        out.push(':');
        put(&mut out, zone.minutes % 60, 2);
    }
    out
}

fn put(out: &mut String, value: u32, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from(b'0' + (value / 10_u32.pow(place) % 10) as u8));
    }
}

fn read(text: &str) -> Option<Timestamp<'_>> {
    let mut reader = Reader { rest: text };
    let (year, _) = reader.number(4, 4)?;
    reader.byte("-")?;
    let (month, _) = reader.number(1, 2)?;
    reader.byte("-")?;
    let (day, _) = reader.number(1, 2)?;
    if reader.rest.is_empty() {
        return Some(Timestamp { year, month, day, time: None });
    }
    if reader.byte("Tt").is_none() && !reader.white() {
        return None;
    }
    let (hour, _) = reader.number(1, 2)?;
    reader.byte(":")?;
    let (minute, _) = reader.number(2, 2)?;
    reader.byte(":")?;
    let (second, _) = reader.number(2, 2)?;
    let fraction = if reader.byte(".").is_some() { reader.digits() } else { "" };
    let zone = if reader.rest.is_empty() { None } else { Some(reader.zone()?) };
    let time = Some(Time { hour, minute, second, fraction, zone });
    reader.rest.is_empty().then_some(Timestamp { year, month, day, time })
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn byte(&mut self, any: &str) -> Option<u8> {
        let byte = self.rest.bytes().next().filter(|byte| any.as_bytes().contains(byte))?;
        self.take(1);
        Some(byte)
    }

    fn digits(&mut self) -> &'a str {
        self.take(self.rest.bytes().take_while(u8::is_ascii_digit).count())
    }

    /// A number of `least` to `most` digits, and how many it has.
    fn number(&mut self, least: usize, most: usize) -> Option<(u32, usize)> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let digits = self.take(count);
        (count >= least)
            .then(|| (digits.bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')), count))
    }

    fn white(&mut self) -> bool {
        let count = self.rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        !self.take(count).is_empty()
    }

    fn zone(&mut self) -> Option<Zone> {
        self.white();
        let mark = self.byte("Z+-")?;
        let mut minutes = 0;
        if mark != b'Z' {
            minutes = self.number(1, 2)?.0 * 60;
            if self.byte(":").is_some() {
                minutes += self.number(2, 2)?.0;
            }
        }
        Some(Zone { negative: mark == b'-', minutes })
    }
}

fn in_range(stamp: &Timestamp<'_>) -> bool {
    let leap =
        stamp.year.is_multiple_of(4) && (!stamp.year.is_multiple_of(100) || stamp.year.is_multiple_of(400));
    let days = match stamp.month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let zone_fits = |zone: Option<Zone>| zone.is_none_or(|zone| zone.minutes < 24 * 60);
    stamp.year > 0
        && (1..=days).contains(&stamp.day)
        && stamp
            .time
            .is_none_or(|time| time.hour < 24 && time.minute < 60 && time.second < 60 && zone_fits(time.zone))
}
