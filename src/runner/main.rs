//! `glowplug`: the stages after the pivot, and the command line.

mod addresses;
mod analyze;
mod argument;
mod boothook;
mod cache;
mod checked_files;
mod clean;
mod cli;
mod cloud_id;
mod collect_logs;
mod completions;
mod devel;
mod download;
mod fallback;
mod features;
mod heat;
mod host;
mod http;
mod included;
mod input;
mod install;
mod instance_files;
mod jinja;
mod languages;
mod late;
mod left;
mod local_stage;
mod lock;
mod log_file;
mod man;
mod names;
mod net;
mod network_config;
mod new_home;
mod output;
mod per;
mod plan;
mod program;
mod progress;
mod provision;
mod query;
mod redaction;
mod refused;
mod remote;
mod report;
mod reporting;
mod schema;
mod schema_docs;
mod settings;
mod single;
mod stage;
mod stage_process;
mod state_folder;
mod status;
mod task;
mod untold;
mod waits;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::main(std::env::args_os()))
}
