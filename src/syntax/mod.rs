//! Bytes to borrowed trees. Knows no cloud word.

pub mod value;
pub mod yaml;
