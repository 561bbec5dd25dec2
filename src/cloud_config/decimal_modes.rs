//! Modes of files without the zero in front: YAML reads 644 as a decimal number, 0644 as an octal one,
//! and the tree of values has only what came of it.

use super::schema::Finding;
use crate::syntax::value::{Place, Value};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// File modes that were written as decimal numbers, where octal ones were probably meant; `text` is
/// what the tree was read from.
pub fn decimal_modes(config: &Value<'_>, text: &str) -> Vec<Finding> {
    let items = config.get("write_files").and_then(Value::items).unwrap_or_default();
    let mut findings = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(value) = item.get_set("permissions") else { continue };
        let Some(number) = value.as_int() else { continue };
        let digits = number.to_string();
        // An octal number begins with a zero.
        let is_decimal = after(text, value.place).starts_with(&digits);
        let Some(meant) = i64::from_str_radix(&digits, 8).ok().filter(|_| is_decimal && number > 0) else {
            continue;
        };
        let message = format!(
            "{number} is a decimal number, and makes the mode {:04o}; write \"{meant:04o}\" for {meant:04o}",
            number & 0o7777
        );
        findings.push(Finding {
            place: value.place,
            path: format!("write_files.{index}.permissions"),
            message,
            is_lost: false,
        });
    }
    findings
}

/// What of a line of `text` begins at `place`.
fn after(text: &str, place: Place) -> &str {
    let (line, column) = (place.line.saturating_sub(1) as usize, place.column.saturating_sub(1) as usize);
    let line = text.lines().nth(line).unwrap_or_default();
    line.char_indices().nth(column).and_then(|(at, _)| line.get(at..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml;
    use alloc::string::String;

    fn found(entry: &str) -> Option<String> {
        let text = format!("# ä\nwrite_files:\n- {{path: /ä, permissions: {entry}}}\n");
        let value = yaml::load(&text).unwrap();
        decimal_modes(&value, &text).first().map(|finding| finding.error("f").to_string())
    }

    #[test]
    fn a_mode_without_its_zero_is_told_with_the_mode_it_makes() {
        let why = "unable to use f:3:27: write_files.0.permissions: 644 is a decimal number, and makes the mode 1204; \
                   write \"0644\" for 0644";
        assert_eq!(found("644").as_deref(), Some(why));
        for right in ["0644", "'644'", "0o644", "\"0755\"", "0"] {
            assert_eq!(found(right), None, "{right}");
        }
        assert!(found("755").is_some() && found("400").is_some() && found("999").is_none());
    }
}
