//! `glowplug`: the stages after the pivot, and the command line.

mod boothook;
mod cli;
mod cloud_id;
mod completions;
mod devel;
mod features;
mod host;
mod http;
mod local_stage;
mod log_file;
mod man;
mod net;
mod per;
mod program;
mod progress;
mod report;
mod stage;
mod status;
mod task;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::main(std::env::args_os()))
}
