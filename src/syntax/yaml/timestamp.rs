//! Dates and times of YAML 1.1.

use alloc::string::String;

use super::form::{self, Form};

/// The numbers of a timestamp: year, month, day, hour, minute, second, nothing
/// for the fraction, and the difference to UTC in hours and minutes.
type Numbers = [u32; 9];

const DAY: usize = 2;
const HOUR: usize = 3;
const SECOND: usize = 5;
const FRACTION: usize = 6;
const ZONE: usize = 7;

/// The numbers of `text`, which has the form of a timestamp.
fn numbers(text: &str) -> Numbers {
    let mut numbers = [0; 9];
    let mut field = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                if let Some(number) = numbers.get_mut(field).filter(|_| field != FRACTION) {
                    *number = *number * 10 + u32::from(byte - b'0');
                }
            }
            b'.' => field = FRACTION,
            b'+' | b'-' if field >= SECOND => field = ZONE,
            b'-' | b':' => field += 1,
            _ if field == DAY => field = HOUR,
            _ => {}
        }
    }
    numbers
}

/// Whether `text`, which has the form of a timestamp, is one.
#[inline(never)]
pub(super) fn is_in_range(text: &str) -> bool {
    let [year, month, day, hour, minute, second, _, zone_hours, zone_minutes] = numbers(text);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let zone = zone_hours * 60 + zone_minutes;
    year > 0 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60 && zone < 24 * 60
}

/// The form Python writes: `2001-01-01`, or `2001-01-01 10:00:00.500000+02:00`.
/// What is no timestamp comes back as it is.
pub(super) fn canonical(text: &str) -> String {
    if form::of(text) != Form::Timestamp {
        return text.into();
    }
    let [year, month, day, hour, minute, second, _, zone_hours, zone_minutes] = numbers(text);
    let mut out = String::new();
    put(&mut out, year, 4);
    for part in [month, day] {
        out.push('-');
        put(&mut out, part, 2);
    }
    // A date is shorter.
    if text.len() <= "2001-01-01".len() {
        return out;
    }
    for (mark, part) in [(' ', hour), (':', minute), (':', second)] {
        out.push(mark);
        put(&mut out, part, 2);
    }
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.chars().take_while(char::is_ascii_digit);
    let micro = digits.chain(core::iter::repeat('0')).take(6);
    if micro.clone().any(|digit| digit != '0') {
        out.push('.');
        out.extend(micro);
    }
    // The date's dashes stand before this.
    let behind_date = text.get(8..).unwrap_or_default();
    if let Some(mark) = behind_date.chars().find(|mark| matches!(mark, 'Z' | '+' | '-')) {
        let minutes = zone_hours * 60 + zone_minutes;
        out.push(if mark == '-' && minutes > 0 { '-' } else { '+' });
        put(&mut out, minutes / 60, 2);
        out.push(':');
        put(&mut out, minutes % 60, 2);
    }
    out
}

fn put(out: &mut String, value: u32, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from(b'0' + (value / 10_u32.pow(place) % 10) as u8));
    }
}
