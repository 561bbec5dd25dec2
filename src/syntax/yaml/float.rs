//! The numbers of floats: for what prints or compares them. Reading keeps the
//! text.

use super::decimal;
use super::number::sign;

/// The number of a [`Data::Float`](crate::syntax::value::Data::Float) of YAML or JSON.
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

/// The pieces of a decimal float without its sign.
struct Parts<'a> {
    whole: &'a [u8],
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
        Some(Self { whole, fraction, exponent })
    }

    fn value(&self) -> f64 {
        let (negative, power) = sign(self.exponent);
        let power = power
            .iter()
            .fold(0_i32, |value, &digit| value.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
        decimal::nearest(self.whole, self.fraction, if negative { -power } else { power })
    }
}

/// How many digits and underscores `text` begins with.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| byte.is_ascii_digit() || byte == b'_').count()
}
