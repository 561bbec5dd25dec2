//! The stages: what is read, decided and carried out, in their order. The
//! agent and the runner share all of it.

pub mod beside;
mod choice;
pub mod config;
pub mod consume;
pub mod engine;
pub mod fallback;
pub mod find;
pub mod handoff;
pub mod instance_data;
pub mod instancify;
pub mod listed;
pub mod local;
pub mod log;
pub mod network;
pub mod resume;
pub mod search;
pub mod units;
mod untold;
