//! Network configuration: descriptions of a seed become one model, the model
//! becomes a back end's files or the kernel's own settings.

pub mod fallback;
pub mod glob;
pub mod model;
pub(crate) mod order;
pub mod parse;
pub mod rename;
pub mod render;
pub mod resolve;
