//! Keys that are equal as Python has it, in less than quadratic time.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::parser::offset;
use super::tape::{Style, Tag, Tape};
use crate::syntax::value::Data;

/// Up to so many keys are compared each with each.
const FEW: usize = 8;

/// A scalar as dictionary key: what is equal in Python is equal here.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Null,
    /// Integers, truth values and floats without a fraction.
    Int(i64),
    /// Other floats: sign, digits and power of ten.
    Float(String),
    Big(Cow<'a, str>),
    Str(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Timestamp(Cow<'a, str>),
    Broken(u32),
}

fn key<'a>(tape: &Tape<'a>, index: u32) -> Key<'a> {
    match tape.key(index) {
        Ok(Data::Null) => Key::Null,
        Ok(Data::Bool(value)) => Key::Int(i64::from(value)),
        Ok(Data::Int(value)) => Key::Int(value),
        Ok(Data::BigInt(digits)) => Key::Big(digits),
        Ok(Data::Float(text)) => float_key(&text),
        Ok(Data::Bytes(bytes)) => Key::Bytes(bytes),
        Ok(Data::Timestamp(text)) => Key::Timestamp(text),
        Ok(Data::Str(text)) => Key::Str(text),
        // Reported when the tree is built; equal to no other.
        _ => Key::Broken(index),
    }
}

/// A float by its decimal digits: 1.50 is 1.5, 2.0 the integer, and .NaN .nan.
fn float_key(text: &str) -> Key<'static> {
    let (mantissa, power) = text.split_at(text.find(['e', 'E']).unwrap_or(text.len()));
    let mut digits = String::with_capacity(mantissa.len());
    let mut point = power.get(1..).and_then(|power| power.parse::<i64>().ok()).unwrap_or(0);
    let mut is_whole = true;
    for digit in mantissa.chars() {
        match digit {
            '.' => is_whole = false,
            '+' | '-' | '_' => {}
            _ => {
                point =
                    point.saturating_add(i64::from(is_whole) - i64::from(digits.is_empty() && digit == '0'));
                if !digits.is_empty() || digit != '0' {
                    digits.push(digit.to_ascii_lowercase());
                }
            }
        }
    }
    digits.truncate(digits.trim_end_matches('0').len());
    let sign = if text.starts_with('-') { "-" } else { "" };
    let zeros = usize::try_from(point).ok().and_then(|point| point.checked_sub(digits.len()));
    match zeros {
        _ if digits.is_empty() => Key::Int(0),
        Some(zeros) if zeros < 19 => {
            let whole = [sign, &digits, &"0".repeat(zeros)].concat();
            whole.parse().map_or(Key::Float(whole), Key::Int)
        }
        _ => Key::Float([sign, &digits, "e", &point.to_string()].concat()),
    }
}

/// The text of a scalar that needs no resolving to be known as a string.
fn string<'a>(tape: &Tape<'a>, index: u32) -> Option<&'a str> {
    let entry = tape.get(index);
    let raw = tape.text.get(entry.at as usize..entry.end as usize);
    if entry.tag != Tag::Implicit {
        return None;
    }
    match entry.style {
        Style::Quoted => raw.and_then(|quoted| quoted.get(1..quoted.len() - 1)),
        Style::Plain => raw.filter(|text| {
            let first = text.bytes().next().unwrap_or_default();
            first.is_ascii_alphabetic() && !b"yntfo".contains(&first.to_ascii_lowercase())
        }),
        _ => None,
    }
}

fn compare(tape: &Tape<'_>, a: u32, b: u32) -> Ordering {
    match (string(tape, a), string(tape, b)) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => key(tape, a).cmp(&key(tape, b)),
    }
}

fn equal(tape: &Tape<'_>, a: u32, b: u32) -> bool {
    match (string(tape, a), string(tape, b)) {
        (Some(a), Some(b)) => a == b,
        _ => key(tape, a) == key(tape, b),
    }
}

/// Whether a few scalars all differ; `false` also when there are many.
pub(super) fn are_distinct(tape: &Tape<'_>, keys: &[u32]) -> bool {
    keys.len() <= FEW
        && keys
            .iter()
            .enumerate()
            .all(|(position, &one)| keys.iter().take(position).all(|&other| !equal(tape, one, other)))
}

/// For each scalar of `keys`, the position of the first one equal to it.
pub(super) fn first_equal(tape: &Tape<'_>, keys: &[u32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..offset(keys.len())).collect();
    let at = |position: u32| keys[position as usize];
    sort(&mut order, &mut |&a, &b| compare(tape, at(a), at(b)).then(a.cmp(&b)).is_lt());
    let mut first = alloc::vec![0; keys.len()];
    let mut leader = None;
    for &position in &order {
        let same = leader.filter(|&leader| compare(tape, at(leader), at(position)).is_eq());
        let mine = same.unwrap_or(position);
        leader = Some(mine);
        first[position as usize] = mine;
    }
    first
}

/// Sorts in place by heap: small, no allocation, n log n whatever the input.
/// Equal items may change places.
pub(super) fn sort<T>(items: &mut [T], before: &mut dyn FnMut(&T, &T) -> bool) {
    for root in (0..items.len() / 2).rev() {
        sift(items, root, before);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift(&mut items[..end], 0, before);
    }
}

/// Moves the item at `root` down until none below it comes later.
fn sift<T>(heap: &mut [T], mut root: usize, before: &mut dyn FnMut(&T, &T) -> bool) {
    loop {
        let mut child = 2 * root + 1;
        if child >= heap.len() {
            return;
        }
        if child + 1 < heap.len() && before(&heap[child], &heap[child + 1]) {
            child += 1;
        }
        if !before(&heap[root], &heap[child]) {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}
