//! First-boot provisioning before the root pivot.
//!
//! Data flows one way: bytes are fetched from a seed, read into typed values,
//! planned into [`action::Action`]s, and applied to the machine in one place.
//! Everything between [`fetch::Fetch`] and [`sys::apply`] is pure.
#![cfg_attr(not(test), no_std)]

extern crate alloc;
// Tests render templates as the runner does.
#[cfg(test)]
extern crate self as glowplug;

pub mod accounts;
pub mod action;
mod checksum;
pub mod cloud_config;
pub mod datasource;
pub mod date;
pub mod error;
pub mod fetch;
pub mod fstab;
pub mod instance;
pub mod ip;
#[cfg(test)]
#[path = "runner/jinja/mod.rs"]
mod jinja;
pub mod kernel_line;
pub mod limits;
pub mod module;
pub mod network;
mod os_release;
pub mod selinux;
pub mod stage;
pub mod state;
pub mod syntax;
pub mod sys;
pub mod text;
pub mod user_data;
