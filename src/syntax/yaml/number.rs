//! Integers and floats of YAML 1.1, as `PyYAML` matches and converts them.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::limits;
use crate::syntax::value::Data;

const TOO_LONG: &str = "an integer of too many digits";

/// Parts of a sexagesimal float: 60¹⁷⁴ is no double.
const FLOAT_PARTS: usize = 174;

/// `text` as an integer: binary, octal, decimal, hexadecimal or sexagesimal.
/// `None` when it does not have the form of one.
pub(super) fn integer(text: &str) -> Option<Result<Data<'static>, &'static str>> {
    let (negative, body) = sign(text);
    let only = |digits: &str, allowed: fn(&u8) -> bool| {
        !digits.is_empty() && digits.bytes().all(|byte| byte == b'_' || allowed(&byte))
    };
    let (digits, base) = if let Some(digits) = body.strip_prefix("0b") {
        (only(digits, |byte| matches!(byte, b'0' | b'1')).then_some(digits)?, 2)
    } else if let Some(digits) = body.strip_prefix("0x") {
        (only(digits, u8::is_ascii_hexdigit).then_some(digits)?, 16)
    } else if body == "0" {
        return Some(Ok(Data::Int(0)));
    } else if let Some(digits) = body.strip_prefix('0') {
        (only(digits, |byte| matches!(byte, b'0'..=b'7')).then_some(body)?, 8)
    } else {
        let (first, parts) = body.split_at(body.find(':').unwrap_or(body.len()));
        if !first.starts_with(|first: char| first.is_ascii_digit()) || !only(first, u8::is_ascii_digit) {
            return None;
        }
        if parts.is_empty() {
            return Some(decimal(first, negative));
        }
        return sixties(parts).then(|| sexagesimal(body, negative));
    };
    if digits.bytes().all(|byte| byte == b'_') {
        return Some(Err("an integer without digits"));
    }
    Some(in_base(digits, base, negative))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Whether `parts` is `:N` once or more, each N from 0 to 59 in one or two
/// digits.
fn sixties(parts: &str) -> bool {
    parts.strip_prefix(':').is_some_and(|parts| {
        parts.split(':').all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
    })
}

fn decimal(digits: &str, negative: bool) -> Result<Data<'static>, &'static str> {
    let mut text = String::with_capacity(digits.len() + 1);
    if negative {
        text.push('-');
    }
    text.extend(digits.chars().filter(|&digit| digit != '_'));
    if text.len() - usize::from(negative) > limits::YAML_INTEGER {
        return Err(TOO_LONG);
    }
    Ok(text.parse().map_or_else(|_| Data::BigInt(Cow::Owned(text)), Data::Int))
}

fn in_base(digits: &str, base: u32, negative: bool) -> Result<Data<'static>, &'static str> {
    let mut sum = Sum::default();
    if digits.len() > limits::YAML_BASED_INTEGER {
        return Err(TOO_LONG);
    }
    for digit in digits.chars().filter_map(|digit| digit.to_digit(base)) {
        sum.push(base, digit);
    }
    Ok(sum.finish(negative))
}

fn sexagesimal(body: &str, negative: bool) -> Result<Data<'static>, &'static str> {
    let mut sum = Sum::default();
    if body.len() > limits::YAML_BASED_INTEGER {
        return Err(TOO_LONG);
    }
    for (position, part) in body.split(':').enumerate() {
        if position > 0 {
            sum.push(60, part.parse().unwrap_or(0));
            continue;
        }
        for digit in part.chars().filter_map(|digit| digit.to_digit(10)) {
            sum.push(10, digit);
        }
    }
    Ok(sum.finish(negative))
}

/// An integer that grows digit by digit: groups of nine decimal digits, the
/// least first.
#[derive(Default)]
struct Sum {
    groups: Vec<u32>,
}

const GROUP: u64 = 1_000_000_000;

/// `value`, which fits: a remainder or quotient of [`GROUP`].
fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl Sum {
    /// The sum times `base`, plus `digit`.
    fn push(&mut self, base: u32, digit: u32) {
        let mut carry = digit;
        for group in &mut self.groups {
            let value = u64::from(*group) * u64::from(base) + u64::from(carry);
            *group = low(value % GROUP);
            carry = low(value / GROUP);
        }
        if carry > 0 {
            self.groups.push(carry);
        }
    }

    fn finish(self, negative: bool) -> Data<'static> {
        let mut text = String::from(if negative { "-" } else { "" });
        let mut groups = self.groups.iter().rev();
        text.push_str(&groups.next().unwrap_or(&0).to_string());
        for group in groups {
            let digits = group.to_string();
            text.extend(core::iter::repeat_n('0', 9 - digits.len()));
            text.push_str(&digits);
        }
        text.parse().map_or_else(|_| Data::BigInt(Cow::Owned(text)), Data::Int)
    }
}

/// Whether `text` is a float of YAML 1.1: a point is required, an exponent
/// needs its sign; also sexagesimal with a fraction, `.inf` and `.nan`. `None`
/// when it does not have the form of one.
pub(super) fn float(text: &str) -> Option<Result<(), &'static str>> {
    let (_, body) = sign(text);
    match body {
        ".inf" | ".Inf" | ".INF" => return Some(Ok(())),
        ".nan" | ".NaN" | ".NAN" if body.len() == text.len() => return Some(Ok(())),
        _ => {}
    }
    let (whole, rest) = body.split_once('.')?;
    let begins = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if let Some((first, _)) = whole.split_once(':') {
        let fits = begins(first) && digits(first) && digits(rest) && sixties(&whole[first.len()..]);
        let in_range = whole.split(':').count() <= FLOAT_PARTS;
        return fits.then(|| if in_range { Ok(()) } else { Err("a float out of range") });
    }
    let (fraction, exponent) = rest.split_at(rest.find(['e', 'E']).unwrap_or(rest.len()));
    let (_, power) = sign(exponent.get(1..).unwrap_or_default());
    let exponent_fits = exponent.is_empty()
        || power.len() + 2 == exponent.len()
            && !power.is_empty()
            && power.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = if whole.is_empty() {
        begins(fraction) && body.len() == text.len()
    } else {
        begins(whole) && digits(whole)
    };
    (mantissa_fits && digits(fraction) && exponent_fits).then_some(Ok(()))
}

/// Whether `!!float` takes `text`: also without a point, or with a plain
/// exponent.
pub(super) fn is_tagged_float(text: &str) -> bool {
    float(text).map_or_else(|| is_decimal(text), |fits| fits.is_ok())
}

/// Decimal digits with or without a point, and an exponent with or without a
/// sign; underscores do not count.
fn is_decimal(text: &str) -> bool {
    let (_, body) = sign(text);
    let (mantissa, exponent) = body.split_at(body.find(['e', 'E']).unwrap_or(body.len()));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let has_digit = |part: &str| part.bytes().any(|byte| byte.is_ascii_digit());
    let (_, power) = sign(exponent.get(1..).unwrap_or_default());
    digits(whole)
        && digits(fraction)
        && (has_digit(whole) || has_digit(fraction))
        && (exponent.is_empty() || digits(power) && has_digit(power))
}

/// The number of a [`Data::Float`] of YAML or JSON.
///
/// For what prints or compares numbers; reading needs none.
pub fn float_value(text: &str) -> f64 {
    let (negative, body) = sign(text);
    let value = match body {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        _ => sexagesimal_value(body),
    };
    if negative { -value } else { value }
}

/// The parts between colons, the last one counting once.
fn sexagesimal_value(body: &str) -> f64 {
    let (mut sum, mut base) = (0.0, 1.0);
    for part in body.rsplit(':') {
        let digits: String = part.chars().filter(|&digit| digit != '_').collect();
        sum += digits.parse().unwrap_or(0.0) * base;
        base *= 60.0;
    }
    sum
}
