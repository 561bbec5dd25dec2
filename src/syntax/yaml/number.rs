//! Integers of YAML 1.1, as `PyYAML` converts them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::Message;
use crate::limits;
use crate::syntax::value::Data;

/// `text`, which has the form of an integer in `base`.
#[inline(never)]
pub(super) fn integer(text: &str, base: u32) -> Result<Data<'static>, Message> {
    let (negative, body) = sign(text.as_bytes());
    let digits = match (base, body) {
        (10, _) => return decimal(body, negative),
        (8, [_, digits @ ..]) | (2 | 16, [_, _, digits @ ..]) => digits,
        _ => body,
    };
    if digits.len() > limits::YAML_BASED_INTEGER {
        return Err(Message::IntegerLength);
    }
    // `0_` is zero; `0b_` and `0x_` are errors.
    if base != 8 && digits.iter().all(|&byte| byte == b'_') {
        return Err(Message::NoDigits);
    }
    let mut sum = Sum::default();
    let mut parts = digits.split(|&byte| byte == b':');
    sum.push_digits(parts.next().unwrap_or_default(), if base == 60 { 10 } else { base });
    for part in parts {
        sum.push(60, part.iter().fold(0, |value, &digit| value * 10 + u32::from(digit & 15)));
    }
    Ok(sum.finish(negative))
}

/// The sign of a number, and what follows it.
pub(super) fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

fn decimal(digits: &[u8], negative: bool) -> Result<Data<'static>, Message> {
    let mut text = String::new();
    if negative {
        text.push('-');
    }
    text.extend(digits.iter().filter(|&&byte| byte != b'_').map(|&byte| char::from(byte)));
    if text.len() > limits::YAML_INTEGER + usize::from(negative) {
        return Err(Message::IntegerLength);
    }
    Ok(from_text(text))
}

fn from_text(text: String) -> Data<'static> {
    match text.parse() {
        Ok(value) => Data::Int(value),
        Err(_) => Data::BigInt(Cow::Owned(text)),
    }
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
        let mut text = String::with_capacity(self.groups.len() * 9 + 2);
        if negative {
            text.push('-');
        }
        let mut leads = true;
        for group in self.groups.iter().rev() {
            let mut place = low(GROUP / 10);
            while place > 0 {
                let digit = group / place % 10;
                place /= 10;
                leads &= digit == 0;
                if !leads {
                    text.push(char::from(b'0' + (digit & 15) as u8));
                }
            }
        }
        if leads {
            text.push('0');
        }
        from_text(text)
    }
}
