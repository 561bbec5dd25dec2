//! Floats as Python writes them, without any arithmetic: what a double keeps
//! exactly is its own shortest form.

use alloc::string::String;

/// Digits that every double gives back as they were (IEEE 754, `DBL_DIG`).
const DIGITS: usize = 15;

/// A decimal of at most 15 digits in Python's form (`1.50` is `1.5`, `.5` is
/// `0.5`); anything else as it was `written`.
pub(super) fn text(written: &str) -> String {
    decimal(written).unwrap_or_else(|| written.into())
}

fn decimal(written: &str) -> Option<String> {
    let bare = written.strip_prefix('-').unwrap_or(written);
    let (whole, part) = bare.strip_prefix('+').unwrap_or(bare).split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || written.starts_with("-+") {
        return None;
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    // Below 0.0001 Python writes an exponent.
    let small = whole.is_empty() && part.starts_with("0000");
    if whole.len() + part.len() > DIGITS || small {
        return None;
    }
    let or_zero = |text| if matches!(text, "") { "0" } else { text };
    let sign = if written.starts_with('-') { "-" } else { "" };
    Some([sign, or_zero(whole), ".", or_zero(part)].concat())
}

#[cfg(test)]
mod tests {
    use super::{super::float, text};
    use crate::syntax::yaml::float_value;

    #[test]
    fn what_is_changed_is_changed_as_python_does() {
        let mut changed = 0;
        for written in [
            "1.50",
            ".5",
            "1.",
            "-0.0",
            "+3.25",
            "007.100",
            "0.0001",
            "123456789012.345",
            "99999999999999.9",
            "0.00012",
            "-12.0",
            "1.0",
            "0.1",
        ] {
            assert_eq!(text(written), float::text(float_value(written)), "{written}");
            changed += usize::from(text(written) != written);
        }
        assert_eq!(changed, 5);
        for written in [".inf", "-.inf", ".nan", "1.5e+3", "0.00001", "1_0.5", "1:30.5", "1234567890.1234567"]
        {
            assert_eq!(text(written), written);
        }
    }
}
