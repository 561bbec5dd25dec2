//! Keys that are equal as Python has it, in less than quadratic time.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::number::integer;
use crate::syntax::order::order;
use crate::syntax::value::Data;
use crate::text::has;

/// Some order of keys; equal is what is equal in Python.
#[inline(never)]
fn compare(a: &Data<'_>, b: &Data<'_>) -> Ordering {
    #[cfg(test)]
    super::linear::step();
    match (a, b) {
        (Data::Str(a), Data::Str(b)) | (Data::Timestamp(a), Data::Timestamp(b)) => a.cmp(b),
        (Data::Bytes(a), Data::Bytes(b)) => a.cmp(b),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

/// Numbers of all types and truth values are equal by value.
fn rank(data: &Data<'_>) -> u8 {
    match data {
        Data::Null => 0,
        Data::Str(_) => 1,
        Data::Timestamp(_) => 2,
        Data::Bytes(_) => 3,
        _ => 4,
    }
}

/// A number by its decimal digits without zeros around them, its power of ten
/// and its sign: 1.50 is 1.5, 2.0 is 2, .NaN is .nan.
#[inline(never)]
fn number(data: &Data<'_>) -> Option<Vec<u8>> {
    let decimal;
    let mut negative = false;
    let text = match data {
        Data::Bool(value) => ["0", "1"][usize::from(*value)],
        Data::Int(value) => {
            decimal = value.to_string();
            &decimal
        }
        Data::BigInt(text) => text.as_ref(),
        Data::Float(text) => match text.split_once('.') {
            // 1:30.5 is 90.5.
            Some((whole, fraction)) if has(whole, b':') => {
                let whole = match integer(whole, 60) {
                    Ok(Data::Int(value)) => value.to_string(),
                    Ok(Data::BigInt(digits)) => digits.into_owned(),
                    _ => whole.to_string(),
                };
                decimal = [&whole, ".", fraction].concat();
                negative = text.starts_with('-');
                &decimal
            }
            _ => text.as_ref(),
        },
        _ => return None,
    };
    // -0:30.5 has lost its sign.
    negative |= text.starts_with('-');
    let mut digits = Vec::new();
    // The point stands behind so many digits.
    let (mut point, mut is_whole, mut significant) = (0_i64, 1, 0);
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match byte {
            b'.' => is_whole = 0,
            b'+' | b'-' | b'_' => {}
            b'e' | b'E' => {
                let power = text.get(text.len() - rest.len()..).and_then(|power| power.parse().ok());
                point = point.saturating_add(power.unwrap_or(0));
                break;
            }
            b'0' if digits.is_empty() => point += is_whole - 1,
            _ => {
                point += is_whole;
                digits.push(byte.to_ascii_lowercase());
                if *byte != b'0' {
                    significant = digits.len();
                }
            }
        }
    }
    digits.truncate(significant);
    if significant > 0 {
        digits.extend_from_slice(&point.to_be_bytes());
        digits.push(u8::from(negative));
    }
    Some(digits)
}

/// For each of `count` keys, the position of the first one equal to it.
#[inline(never)]
pub(super) fn first_equal<'k>(count: usize, key: &dyn Fn(usize) -> &'k Data<'k>) -> Vec<usize> {
    let mut first: Vec<usize> = (0..count).collect();
    let mut leader = None;
    // Equal keys stand together, the first of them first.
    for position in order(count, &|a, b| compare(key(a), key(b))) {
        match leader.filter(|&leader| compare(key(leader), key(position)).is_eq()) {
            Some(leader) => first[position] = leader,
            None => leader = Some(position),
        }
    }
    first
}
