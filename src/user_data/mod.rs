//! User data: from the raw bytes of a seed to typed parts and one merged
//! cloud-config.
//!
//! ```text
//! bytes ─ assemble ─► [Part] ─ merge ─► cloud-config
//! ```
//!
//! What is understood, and what the parts mean, follows cloud-init's user-data
//! formats. Where cloud-init ignores data in silence, here a problem says so.

mod archive;
mod assemble;
mod merge;
mod mergers;
mod part;
#[cfg(test)]
mod tests;

pub use assemble::{Assembled, assemble};
pub use merge::{Merged, cloud_config_text, merge};
pub use part::{Kind, Part, clean_name, script_bytes};
