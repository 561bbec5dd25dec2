//! YAML 1.1 as `PyYAML`'s `SafeLoader` reads it, the part of it that
//! cloud-configs use, and as its `SafeDumper` writes it.
//!
//! [`parse`] makes one pass over the text and leaves a flat array of small
//! entries that borrow it: that array is the tree. Scalars are cut out,
//! unescaped and resolved only when asked for. Nothing recurses; every count
//! is bounded (see [`crate::limits`]).
//!
//! Read: block and flow collections, all five scalar styles, comments,
//! anchors, aliases, merge keys, `%YAML 1.x`, one document, and the tags
//! `!!str !!int !!float !!bool !!null !!binary !!timestamp !!map !!seq`.
//! Refused with a place: `? ` keys, collections as keys, other tags,
//! `%TAG`, a second document, tabs outside scalars, an alias inside its
//! own anchor, the line breaks U+0085, U+2028, U+2029 and a lone CR.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::value::{Place, Value};

mod block;
mod build;
mod characters;
mod content;
mod decimal;
pub mod emit;
mod flow;
mod keys;
mod merge;
mod number;
mod parser;
mod place;
mod properties;
mod resolve;
mod scan;
mod tape;
mod timestamp;

#[cfg(test)]
mod tests;

pub use number::float_value;
pub use tape::{Document, Entries, Items, Kind, Node};

/// Why a text is not a document of this subset, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where reading stopped.
    pub place: Place,
    /// A clause without a full stop.
    pub message: Cow<'static, str>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place.line, self.place.column, self.message)
    }
}

impl core::error::Error for Error {}

/// What reads differently from what its author probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The surprising node.
    pub place: Place,
    /// A clause without a full stop.
    pub message: Cow<'static, str>,
}

/// An [`Error`] or [`Warning`] while only the offset is known: places are
/// looked up once, at the end.
#[derive(Clone, Copy, Debug)]
struct Fault {
    at: usize,
    message: &'static str,
}

impl Fault {
    fn in_text(self, text: &str) -> Error {
        Error { place: place::find(text, self.at), message: Cow::Borrowed(self.message) }
    }
}

/// Reads one document; an empty text is one null.
///
/// # Errors
/// The first thing that is not YAML, or is outside the subset above.
pub fn parse(text: &str) -> Result<Document<'_>, Error> {
    let parsed = characters::check(text).and_then(|()| parser::Parser::new(text).document());
    let (tape, mut faults) = parsed.map_err(|fault| fault.in_text(text))?;
    keys::sort(&mut faults, &mut |a, b| a.at < b.at);
    let mut places = place::Locator::new(text);
    let warnings: Vec<Warning> = faults
        .iter()
        .map(|fault| Warning { place: places.find(fault.at), message: Cow::Borrowed(fault.message) })
        .collect();
    Ok(Document::new(tape, warnings))
}

/// [`parse`] and [`Document::to_value`] in one.
///
/// # Errors
/// As both.
pub fn load(text: &str) -> Result<Value<'_>, Error> {
    parse(text)?.to_value()
}
