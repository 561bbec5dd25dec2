//! The words of os-release(5).

/// The value of a field, without its quotes; empty where there is none.
#[inline(never)]
pub(crate) fn field<'t>(text: &'t str, name: &str) -> &'t str {
    let of_line = |line: &'t str| line.trim_ascii().strip_prefix(name)?.strip_prefix('=');
    let value = text.split('\n').find_map(of_line).unwrap_or_default().trim_ascii();
    match value.as_bytes() {
        [quote @ (b'"' | b'\''), inner @ .., end] if end == quote => {
            value.get(1..=inner.len()).unwrap_or_default()
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_value_loses_its_quotes() {
        let text = "NAME=\"Rocky Linux\"\nID='rocky'\r\n  ID_LIKE=rhel\nEMPTY=\"\"\nODD=\"x\nONE=\"\n";
        for (name, value) in [
            ("NAME", "Rocky Linux"),
            ("ID", "rocky"),
            ("ID_LIKE", "rhel"),
            ("EMPTY", ""),
            ("ODD", "\"x"),
            ("ONE", "\""),
            ("I", ""),
        ] {
            assert_eq!(field(text, name), value, "{name}");
        }
    }
}
