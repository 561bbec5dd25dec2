//! YAML 1.1 as `PyYAML`'s `SafeLoader` reads it, the part of it that
//! cloud-configs use, and as its `SafeDumper` writes it.
//!
//! [`parse`] makes one pass over the text and leaves a flat array of small
//! entries that borrow it: that array is the tree. Scalars are cut out,
//! unescaped and resolved only when asked for. Only making the owned tree
//! recurses, and every count is bounded, depth too (see [`crate::limits`]).
//!
//! Read: block and flow collections, all five scalar styles, comments,
//! anchors, aliases, merge keys, `%YAML 1.x`, one document, and the tags
//! `!!str !!int !!float !!bool !!null !!binary !!timestamp !!map !!seq`.
//! Refused with a place: `? ` keys, collections as keys, other tags,
//! `%TAG`, a second document, tabs outside scalars, an alias inside its
//! own anchor, the line breaks U+0085, U+2028, U+2029 and a lone CR.

use alloc::borrow::Cow;
use core::fmt;

use super::value::{Place, Value};

mod block;
mod build;
mod characters;
mod content;
mod decimal;
pub mod emit;
mod fault;
mod float;
mod flow;
mod form;
mod keys;
mod lanes;
mod leaf;
mod number;
mod parser;
mod place;
mod properties;
mod resolve;
mod scan;
mod tape;
mod timestamp;
mod warnings;

#[cfg(test)]
mod linear;
#[cfg(test)]
mod tests;

use fault::{Fault, Message};
pub use float::float_value;
use tape::Tape;
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

/// An offset or index as the tape keeps it; [`limits::YAML_TEXT`] fits.
pub(super) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Reads one document; an empty text is one null.
///
/// # Errors
/// The first thing that is not YAML, or is outside the subset above.
pub fn parse(text: &str) -> Result<Document<'_>, Error> {
    read(text).map(Document::new).map_err(|fault| fault.in_text(text))
}

/// The tape of a document.
fn read(text: &str) -> Result<Tape<'_>, Fault> {
    characters::check(text)?;
    parser::Parser::new(text).document()
}

/// [`parse`] and [`Document::to_value`] in one.
///
/// # Errors
/// As both.
pub fn load(text: &str) -> Result<Value<'_>, Error> {
    read(text).and_then(|tape| build::value(&tape)).map_err(|fault| fault.in_text(text))
}
