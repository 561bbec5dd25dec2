//! Decimal digits to the nearest float, ties to even, exactly. The standard
//! library's conversion would bring a table of ten kilobytes.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Digits that count: no sum of two neighbouring floats' halves has more, so
/// of any further ones it matters only whether one is not zero.
const DIGITS: usize = 770;

/// The float nearest to `whole`.`fraction` × 10^`power`; underscores are
/// passed over.
pub(super) fn nearest(whole: &[u8], fraction: &[u8], power: i32) -> f64 {
    let mut number = Natural::default();
    let (mut power, mut count, mut more) = (power, 0, false);
    for (index, &byte) in whole.iter().chain(fraction).enumerate() {
        if byte == b'_' {
            continue;
        }
        let behind_point = i32::from(index >= whole.len());
        if count < DIGITS {
            number.times(10, u32::from(byte - b'0'));
            count += usize::from(!number.limbs.is_empty());
            power = power.saturating_sub(behind_point);
        } else {
            more |= byte != b'0';
            power = power.saturating_add(1 - behind_point);
        }
    }
    if more {
        number.times(10, 1);
        power = power.saturating_sub(1);
        count += 1;
    }
    let magnitude = power.saturating_add(i32::try_from(count).unwrap_or(i32::MAX));
    if number.limbs.is_empty() || magnitude < -330 {
        return 0.0;
    }
    if magnitude > 310 {
        return f64::INFINITY;
    }
    number.small(power).unwrap_or_else(|| ratio(number, power))
}

/// `number` × 10^`power`, both within what [`nearest`] lets through.
fn ratio(mut number: Natural, power: i32) -> f64 {
    let mut divisor = Natural { limbs: alloc::vec![1] };
    let scaled = if power < 0 { &mut divisor } else { &mut number };
    for _ in 0..power.unsigned_abs() {
        scaled.times(10, 0);
    }
    let exponent = number.bits() - divisor.bits();
    if exponent > 0 {
        divisor.shift(exponent.unsigned_abs());
    } else {
        number.shift(exponent.unsigned_abs());
    }
    // The quotient lies between 1/2 and 2: 64 bits of it, one at a time.
    let mut quotient: u64 = 0;
    for _ in 0..64 {
        quotient <<= 1;
        if number.compare(&divisor) != Ordering::Less {
            number.subtract(&divisor);
            quotient |= 1;
        }
        number.shift(1);
    }
    round(quotient, exponent - 63, !number.limbs.is_empty())
}

/// The float nearest to `bits` × 2^`exponent`, or a little `more` than that.
#[allow(clippy::cast_possible_truncation)] // a mantissa has 53 bits
fn round(bits: u64, exponent: i32, more: bool) -> f64 {
    let zeros = bits.leading_zeros();
    let bits = bits << zeros;
    // Exponent of the leading bit.
    let leading = exponent - zeros.cast_signed() + 63;
    if leading > 1023 {
        return f64::INFINITY;
    }
    let normal = leading >= -1022;
    let dropped = 11 + if normal { 0 } else { (-1022 - leading).unsigned_abs() };
    if dropped > 64 {
        return 0.0;
    }
    let wide = u128::from(bits) << 1 | u128::from(more);
    let mut mantissa = (wide >> (dropped + 1)) as u64;
    let (rest, half) = (wide & ((2 << dropped) - 1), 1 << dropped);
    if rest > half || rest == half && mantissa & 1 == 1 {
        mantissa += 1;
    }
    // The mantissa's leading bit, or a carry into it, counts one in the
    // exponent.
    let biased = if normal { u64::from((leading + 1022).unsigned_abs()) } else { 0 };
    f64::from_bits((biased << 52) + mantissa)
}

/// A natural number of any size, the least limb first; zero has none.
#[derive(Default)]
struct Natural {
    limbs: Vec<u32>,
}

#[allow(clippy::cast_possible_truncation)] // a limb is the low half, the rest is carried
impl Natural {
    fn times(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.limbs.push(carry as u32);
        }
    }

    fn bits(&self) -> i32 {
        let top = self.limbs.last().map_or(32, |limb| limb.leading_zeros());
        i32::try_from(self.limbs.len() * 32).unwrap_or(i32::MAX) - top.cast_signed()
    }

    /// Times 2^`by`.
    fn shift(&mut self, by: u32) {
        if !by.is_multiple_of(32) {
            self.times(1 << (by % 32), 0);
        }
        if by >= 32 && !self.limbs.is_empty() {
            self.limbs.splice(0..0, core::iter::repeat_n(0, by as usize / 32));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let sizes = self.limbs.len().cmp(&other.limbs.len());
        sizes.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }

    /// Minus `other`, which is not greater.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (index, limb) in self.limbs.iter_mut().enumerate() {
            let (value, first) = limb.overflowing_sub(other.limbs.get(index).copied().unwrap_or(0));
            let (value, second) = value.overflowing_sub(u32::from(borrow));
            *limb = value;
            borrow = first | second;
        }
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }

    /// The number × 10^`power` when floats do that without rounding twice.
    #[allow(clippy::cast_precision_loss)]
    fn small(&self, power: i32) -> Option<f64> {
        let value = match *self.limbs {
            [low] => u64::from(low),
            [low, high] => u64::from(high) << 32 | u64::from(low),
            _ => return None,
        };
        if value > 1 << 53 || power.unsigned_abs() > 22 {
            return None;
        }
        let scale = (0..power.unsigned_abs()).fold(1.0, |scale, _| scale * 10.0);
        Some(if power < 0 { value as f64 / scale } else { value as f64 * scale })
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;
    use alloc::format;
    use alloc::string::String;

    fn check(whole: &str, fraction: &str, power: i32) {
        let text = format!("{whole}.{fraction}e{power}");
        let expected: f64 = text.parse().unwrap();
        let value = nearest(whole.as_bytes(), fraction.as_bytes(), power);
        assert_eq!(value.to_bits(), expected.to_bits(), "{text}: {value:e} {expected:e}");
    }

    #[test]
    fn agrees_with_the_standard_library() {
        for (whole, fraction, power) in [
            ("0", "", 0),
            ("0", "1", 0),
            ("9007199254740993", "", 0),
            ("9007199254740993", "00000000000000000000000000000000000001", 0),
            ("9007199254740995", "", 0),
            ("17976931348623157", "", 292),
            ("17976931348623159", "", 292),
            ("22250738585072011", "", -324),
            ("22250738585072014", "", -324),
            ("1", "", 400),
            ("1", "", -400),
            ("1", "", i32::MAX),
            ("1", "", i32::MIN + 1),
            ("000000000000000000000000000001", "", -30),
        ] {
            check(whole, fraction, power);
        }
        // Half of the least float, and just above.
        check("2", "4703282292062327208299105786189", -324);
        check("2", "4703282292062328", -324);
        check("2", "4703282292062327", -324);
        let mut state = 1_u64;
        for _ in 0..30_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let digits = format!("{}{}", state >> 3, state >> 7);
            let length = 1 + (state >> 40) as usize % (digits.len() - 1);
            let (whole, fraction) = digits[..length].split_at((state >> 50) as usize % length);
            let power = ((state >> 20) % 700) as i32 - 350;
            check(if whole.is_empty() { "0" } else { whole }, fraction, power);
        }
    }

    #[test]
    fn no_digit_is_lost() {
        // 1 + 2^-53 is a tie; a digit far behind decides.
        let tie = "00000000000000011102230246251565404236316680908203125";
        check("1", tie, 0);
        check("1", &format!("{tie}{}1", "0".repeat(900)), 0);
        let long: String = "123456789".repeat(300);
        check(&long, "", -2600);
        check("0", &long, 100);
        check("0", &format!("{}{long}", "0".repeat(1000)), 900);
        assert_eq!(nearest(b"1_0", b"5_", 0).to_bits(), 10.5_f64.to_bits());
    }
}
