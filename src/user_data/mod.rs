//! User data: from the raw bytes of a seed to typed parts and one merged
//! cloud-config.
//!
//! ```text
//! bytes ─ assemble ─► [Part] ─ render ─► [Part] ─ merge ─► cloud-config
//! ```
//!
//! What is understood, and what the parts mean, follows cloud-init's user-data
//! formats. Where cloud-init ignores data in silence, here a problem says so.

mod archive;
mod assemble;
mod bound;
pub mod heat;
mod include;
mod languages;
mod merge;
mod mergers;
mod misread;
mod part;
mod patch;
mod render;
#[cfg(test)]
mod tests;

pub use assemble::{Assembled, assemble, assemble_into};
pub use include::{Fetch, Includes};
pub use languages::{Languages, Patch};
pub use merge::{Merged, cloud_config_text, merge};
pub use mergers::fill_in;
pub use misread::{NO_PART, hint, is_message};
pub use part::{Kind, Part, boothook_bytes, clean_name, script_bytes, upstart_path};
pub use patch::apply as patch;
pub(crate) use render::no_jinja;
pub use render::{Fault, Jinja, MISSING, render, render_text};
