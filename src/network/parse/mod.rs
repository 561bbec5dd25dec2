//! Descriptions of a network, each read into the one model.

mod draft;
pub mod eni;
mod link;
pub mod network_data;
mod reader;
mod subnet;
pub mod v1;
pub mod v2;

use crate::error::Error;
use crate::network::model::Network;
use crate::syntax::value::Value;
use alloc::vec::Vec;

/// What a description said, and what in it could not be used. The parts that
/// could are all there.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The usable part.
    pub network: Network,
    /// One error for each part left out.
    pub problems: Vec<Error>,
}

/// Reads cloud-init's network configuration of either version, with or without
/// a `network:` around it. `file` is what messages call it.
#[inline(never)]
pub fn network_config(data: &Value<'_>, file: &str) -> Parsed {
    let data = match data.get("network") {
        Some(inner) if data.get("version").is_none() => inner,
        _ => data,
    };
    let version = data.get("version").and_then(reader::integer);
    match version {
        Some(1) => v1::parse(data, file),
        Some(2) => v2::parse(data, file),
        _ => {
            let mut reader = reader::Reader::new(file);
            reader.add(data, "version", &["must be 1 or 2"]);
            Parsed { network: Network::default(), problems: reader.into_problems() }
        }
    }
}
