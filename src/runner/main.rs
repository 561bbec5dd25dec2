//! `glowplug`: the stages after the pivot, and the command line.

mod boothook;
mod cli;
mod devel;
mod host;
mod log_file;
mod program;
mod report;
mod stage;
mod status;
mod task;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse(lexopt::Parser::from_env()) {
        Ok(command) => ExitCode::from(command.run()),
        Err(error) => {
            eprintln!("glowplug: {error}");
            ExitCode::from(cli::USAGE)
        }
    }
}
