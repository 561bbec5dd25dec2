//! Floats as Python's `repr` writes them.

use alloc::format;
use alloc::string::String;

/// The shortest text that reads as `value` again, with an exponent below
/// 10⁻⁴ and from 10¹⁶; YAML 1.1 wants a point before the exponent.
pub(super) fn text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-.inf" } else { ".inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&power) {
        let point = if mantissa.contains('.') { "" } else { ".0" };
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{mantissa}{point}e{sign}{:02}", power.abs());
    }
    let text = format!("{value}");
    if text.contains('.') { text } else { text + ".0" }
}
