//! Tables as cloud-init draws them on the console, where people and programs
//! look for lines with `ci-info`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What every line begins with.
pub(super) const PREFIX: &str = "ci-info: ";

/// A table with lines around, its title above; every row has as many cells as
/// the `head`.
pub fn console_table(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut all = Vec::from([head.iter().map(ToString::to_string).collect::<Vec<_>>()]);
    all.extend(rows);
    let longest =
        |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| longest(column).unwrap_or(0) + 2).collect();
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let rule = format!("+{}+", dashes.join("+"));
    let whole = rule.len();
    let mut out = String::new();
    let mut line = |text: &str| out.push_str(&[PREFIX, text, "\n"].concat());
    line(&format!("{title:+^whole$}"));
    line(&rule);
    for (at, row) in all.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| centred(cell, *width)).collect();
        line(&format!("|{}|", cells.join("|")));
        if at == 0 {
            line(&rule);
        }
    }
    line(&rule);
    out
}

/// A cell as Python's `str.center` fills it: of an odd rest, the blank too many
/// stands on the left where the width is odd.
fn centred(text: &str, width: usize) -> String {
    let rest = width.saturating_sub(text.chars().count());
    let left = rest / 2 + (rest & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(rest - left))
}
