//! Columns of text.

use glowplug::text::escaped;
use std::fmt::Write;

/// Rows with as many columns as the heading, each as wide as its widest text.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table that is only its heading.
    pub(super) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row; an empty text becomes `-`.
    pub(super) fn push(&mut self, row: Vec<String>) {
        let filled = |text: String| if text.is_empty() { "-".into() } else { escaped(&text) };
        self.rows.push(row.into_iter().map(filled).collect());
    }

    /// The lines; nothing where there is only the heading.
    pub(super) fn text(&self) -> String {
        if self.rows.len() == 1 {
            return String::new();
        }
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, text) in widths.iter_mut().zip(row) {
                *width = text.chars().count().max(*width);
            }
        }
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (text, width) in row.iter().zip(&widths) {
                let _ = write!(line, "{text:width$}  ");
            }
            out += line.trim_end();
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let mut table = Table::new(&["LINK", "MTU"]);
        assert_eq!(table.text(), "");
        table.push(vec!["bridge0".into(), String::new()]);
        table.push(vec!["lo".into(), "65536".into()]);
        assert_eq!(table.text(), "LINK     MTU\nbridge0  -\nlo       65536\n");
    }
}
