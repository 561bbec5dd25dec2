//! Integers and floats of YAML 1.1, as `PyYAML` matches and converts them.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::decimal;
use crate::limits;
use crate::syntax::value::Data;

const TOO_LONG: &str = "an integer of too many digits";

/// Parts of a sexagesimal float: 60¹⁷⁴ is no double.
const FLOAT_PARTS: usize = 174;

type Integer = Result<Data<'static>, &'static str>;

/// `text` as an integer: binary, octal, decimal, hexadecimal or sexagesimal.
/// `None` when it does not have the form of one.
pub(super) fn integer(text: &str) -> Option<Integer> {
    let (negative, body) = sign(text.as_bytes());
    match body {
        [b'0'] => Some(Ok(Data::Int(0))),
        [b'0', b'b', digits @ ..] => in_base(digits, 2, negative),
        [b'0', b'x', digits @ ..] => in_base(digits, 16, negative),
        [b'0', digits @ ..] => in_base(digits, 8, negative).map(|found| match found {
            // `0_` is zero; `0b_` and `0x_` are errors.
            Err(NO_DIGITS) => Ok(Data::Int(0)),
            other => other,
        }),
        [b'1'..=b'9', ..] => {
            let (first, parts) = body.split_at(digits(body));
            if parts.is_empty() {
                return Some(decimal(first, negative));
            }
            sixties(parts).then(|| sexagesimal(first, parts, negative))
        }
        _ => None,
    }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// How many digits and underscores `text` begins with.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| byte.is_ascii_digit() || byte == b'_').count()
}

/// Whether `parts` is `:N` once or more, each N from 0 to 59 in one or two
/// digits.
fn sixties(mut parts: &[u8]) -> bool {
    loop {
        parts = match parts {
            [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b':', b'0'..=b'9', rest @ ..] => rest,
            _ => return false,
        };
        if parts.is_empty() {
            return true;
        }
    }
}

fn decimal(digits: &[u8], negative: bool) -> Integer {
    let mut text = String::with_capacity(digits.len() + 1);
    if negative {
        text.push('-');
    }
    text.extend(digits.iter().filter(|&&byte| byte != b'_').map(|&byte| char::from(byte)));
    if text.len() - usize::from(negative) > limits::YAML_INTEGER {
        return Err(TOO_LONG);
    }
    Ok(from_text(text))
}

fn from_text(text: String) -> Data<'static> {
    text.parse().map_or_else(|_| Data::BigInt(Cow::Owned(text)), Data::Int)
}

const NO_DIGITS: &str = "an integer without digits";

fn in_base(digits: &[u8], base: u32, negative: bool) -> Option<Integer> {
    let fits = |&byte: &u8| byte == b'_' || char::from(byte).is_digit(base);
    if digits.is_empty() || !digits.iter().all(fits) {
        return None;
    }
    if digits.len() > limits::YAML_BASED_INTEGER {
        return Some(Err(TOO_LONG));
    }
    if digits.iter().all(|&byte| byte == b'_') {
        return Some(Err(NO_DIGITS));
    }
    let mut sum = Sum::default();
    sum.push_digits(digits, base);
    Some(Ok(sum.finish(negative)))
}

fn sexagesimal(first: &[u8], parts: &[u8], negative: bool) -> Integer {
    if first.len() + parts.len() > limits::YAML_BASED_INTEGER {
        return Err(TOO_LONG);
    }
    let mut sum = Sum::default();
    sum.push_digits(first, 10);
    for part in parts.split(|&byte| byte == b':').skip(1) {
        let value = part.iter().fold(0, |value, &digit| value * 10 + u32::from(digit - b'0'));
        sum.push(60, value);
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

    fn push_digits(&mut self, digits: &[u8], base: u32) {
        for digit in digits.iter().filter_map(|&byte| char::from(byte).to_digit(base)) {
            self.push(base, digit);
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
        from_text(text)
    }
}

/// Whether `text` is a float of YAML 1.1: a point is required, an exponent
/// needs its sign; also sexagesimal with a fraction, `.inf` and `.nan`. `None`
/// when it does not have the form of one.
pub(super) fn float(text: &str) -> Option<Result<(), &'static str>> {
    let (_, body) = sign(text.as_bytes());
    let has_sign = body.len() < text.len();
    match body {
        b".inf" | b".Inf" | b".INF" => return Some(Ok(())),
        b".nan" | b".NaN" | b".NAN" if !has_sign => return Some(Ok(())),
        _ => {}
    }
    let first = body.first().copied().unwrap_or_default();
    if first.is_ascii_digit() && body.get(digits(body)) == Some(&b':') {
        return sexagesimal_float(body);
    }
    let parts = Parts::read(body)?;
    let mantissa_fits = if parts.whole.is_empty() {
        !has_sign && parts.fraction.first().is_some_and(u8::is_ascii_digit)
    } else {
        first.is_ascii_digit()
    };
    let exponent_fits = matches!(parts.exponent, [] | [b'+' | b'-', _, ..]);
    (parts.point && mantissa_fits && exponent_fits).then_some(Ok(()))
}

/// Whether `!!float` takes `text`: also without a point, or with a plain
/// exponent.
pub(super) fn is_tagged_float(text: &str) -> bool {
    if let Some(fits) = float(text) {
        return fits.is_ok();
    }
    let (_, body) = sign(text.as_bytes());
    Parts::read(body).is_some_and(|parts| parts.whole.iter().chain(parts.fraction).any(u8::is_ascii_digit))
}

/// The pieces of a decimal float without its sign.
struct Parts<'a> {
    whole: &'a [u8],
    point: bool,
    fraction: &'a [u8],
    /// Behind the `e`, its sign included.
    exponent: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let (whole, rest) = body.split_at(digits(body));
        let (point, rest) = match rest {
            [b'.', rest @ ..] => (true, rest),
            _ => (false, rest),
        };
        let (fraction, rest) = rest.split_at(if point { digits(rest) } else { 0 });
        let exponent = match rest {
            [] => rest,
            [b'e' | b'E', exponent @ ..] => {
                let (_, power) = sign(exponent);
                if power.is_empty() || !power.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                exponent
            }
            _ => return None,
        };
        Some(Self { whole, point, fraction, exponent })
    }

    fn value(&self) -> f64 {
        let (negative, power) = sign(self.exponent);
        let power = power
            .iter()
            .fold(0_i32, |value, &digit| value.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
        decimal::nearest(self.whole, self.fraction, if negative { -power } else { power })
    }
}

/// `body` begins with a digit; `None` when it is no sexagesimal float.
fn sexagesimal_float(body: &[u8]) -> Option<Result<(), &'static str>> {
    let point = body.iter().position(|&byte| byte == b'.')?;
    let (whole, fraction) = (body.get(..point)?, body.get(point + 1..)?);
    let parts = whole.get(digits(whole)..)?;
    if !sixties(parts) || digits(fraction) < fraction.len() {
        return None;
    }
    let in_range = whole.split(|&byte| byte == b':').count() <= FLOAT_PARTS;
    Some(if in_range { Ok(()) } else { Err("a float out of range") })
}

/// The number of a [`Data::Float`] of YAML or JSON.
///
/// For what prints or compares numbers; reading needs none.
pub fn float_value(text: &str) -> f64 {
    let (negative, body) = sign(text.as_bytes());
    let value = match body {
        b".inf" | b".Inf" | b".INF" => f64::INFINITY,
        b".nan" | b".NaN" | b".NAN" => f64::NAN,
        _ => sexagesimal_value(body),
    };
    if negative { -value } else { value }
}

/// The parts between colons, the last one counting once.
fn sexagesimal_value(body: &[u8]) -> f64 {
    let (mut sum, mut base) = (0.0, 1.0);
    for part in body.rsplit(|&byte| byte == b':') {
        sum += Parts::read(part).map_or(0.0, |part| part.value()) * base;
        base *= 60.0;
    }
    sum
}
