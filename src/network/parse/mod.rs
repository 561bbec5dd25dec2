//! Descriptions of a network, each read into the one model.

mod field;
pub mod network_data;

use crate::error::Error;
use crate::network::model::Network;

/// What a description said, and what in it could not be used. The parts that
/// could are all there.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The usable part.
    pub network: Network,
    /// One error for each part left out.
    pub problems: alloc::vec::Vec<Error>,
}
