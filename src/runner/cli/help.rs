//! The text of `--help`.

use super::verb::{Opt, Verb};
use std::fmt::Write as _;

/// Column at which the explanation of an option begins.
const COLUMN: usize = 24;

/// What `--help` prints for the last of `path`; `words` is how it is called.
pub(super) fn text(words: &str, verb: &Verb) -> String {
    let usage = format!("Usage: {words} {}", verb.usage());
    let mut text = format!("{}\n\n", usage.trim_end());
    text += &if verb.about.is_empty() { sentence(verb.summary) } else { verb.about.into() };
    text += "\n";
    if !verb.verbs.is_empty() {
        text += "\nCommands:\n";
        for verb in verb.verbs {
            text += &row(verb.name, verb.summary);
        }
    }
    text += "\nOptions:\n";
    for option in verb.options {
        text += &row(&option.usage(), option.help);
    }
    text += &row(&Opt::flag("help", 'h', "").usage(), "print this");
    for (heading, note) in verb.notes {
        let note = note.replace('\n', "\n  ");
        let _ = write!(text, "\n{heading}:\n  {note}\n");
    }
    text
}

/// Half a line as a sentence.
fn sentence(summary: &str) -> String {
    let mut characters = summary.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}

/// A row of a list: two columns, the second on a line of its own where the
/// first is too long.
fn row(left: &str, right: &str) -> String {
    let indent = format!("\n{:COLUMN$}", "");
    let right = right.replace('\n', &indent);
    if left.len() + 4 > COLUMN {
        format!("  {left}{indent}{right}\n")
    } else {
        format!("  {left:width$}{right}\n", width = COLUMN - 2)
    }
}
