//! The command line as a person uses it.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

mod generated;
mod hostile;
mod hotplug;
mod mistakes;
mod options;
mod tls;
mod verbs;

use std::process::{Command, Output};

/// Runs `glowplug`.
fn glowplug(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_glowplug")).args(arguments).output().unwrap()
}

/// What it prints, where that went well.
fn printed(arguments: &[&str]) -> String {
    let output = glowplug(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
