//! Bytes to borrowed trees. Knows no cloud word.

pub mod encoding;
pub mod json;
pub mod mime;
pub(crate) mod order;
pub(crate) mod search;
pub mod value;
pub mod xml;
pub mod yaml;
