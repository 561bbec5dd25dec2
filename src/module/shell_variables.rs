//! Files of shell variables: /etc/default/*, /etc/sysconfig/*, /etc/locale.conf.

use crate::text::push_line;
use alloc::string::String;

/// What a line sets, if it is an assignment: its name and its value as written.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_ascii();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim_ascii();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then(|| (name, value.trim_ascii()))
}

/// The value of a variable without its quotes; the last assignment counts.
pub(super) fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let found = text.lines().filter_map(assignment).rfind(|(own, _)| *own == name);
    found.map(|(_, value)| {
        let unquoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
        unquoted('"').or_else(|| unquoted('\'')).unwrap_or(value)
    })
}

/// `text` with a variable set: where it is set already, else at the end.
pub(super) fn with(text: &str, name: &str, value: &str) -> String {
    let line = [name, "=", &quoted(value)].concat();
    let (mut out, mut placed) = (String::new(), false);
    for old in text.split_inclusive('\n') {
        if assignment(old).is_some_and(|(own, _)| own == name) {
            if !placed {
                out.push_str(&line);
                out.push('\n');
            }
            placed = true;
        } else {
            out.push_str(old);
        }
    }
    if !placed {
        push_line(&mut out, &line);
    }
    out
}

/// As a shell takes it for one word.
fn quoted(value: &str) -> String {
    let is_mark = |c: char| matches!(c, '_' | '-' | '.' | '/' | ':' | ',' | '@' | '+' | '%' | '=');
    let plain = |c: char| c.is_ascii_alphanumeric() || is_mark(c);
    if value.chars().all(plain) { value.into() } else { ["'", &value.replace('\'', "'\\''"), "'"].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_set_where_it_stands() {
        let text = "# all\nLANG=\"C\"\n export LC_ALL=x\nLANG=de\n";
        assert_eq!(with(text, "LANG", "en_US.UTF-8"), "# all\nLANG=en_US.UTF-8\n export LC_ALL=x\n");
        assert_eq!(with("A=1", "B", "it's"), "A=1\nB='it'\\''s'\n");
        assert_eq!(with("", "B", ""), "B=\n");
    }

    #[test]
    fn the_last_value_counts_without_quotes() {
        assert_eq!(value("LANG=a\nexport LANG=\"b c\"\n", "LANG"), Some("b c"));
        assert_eq!(value("LANG='a\n#LANG=x\nLANGUAGE=y\n", "LANG"), Some("'a"));
        assert_eq!(value("", "LANG"), None);
    }
}
