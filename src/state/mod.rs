//! What is kept between boots and between the agent and the runner.

pub mod cache;
pub mod journal;
pub mod observed;
pub mod paths;
