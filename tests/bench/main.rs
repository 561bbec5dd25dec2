//! `cargo bench [-- BENCH…]`: runs the benches of the package beside this
//! file, all or those named. They are `cargo bench -p glowplug-bench`; this is
//! only there so that nobody has to know.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--package", "glowplug-bench"]);
    for bench in std::env::args().skip(1).filter(|word| !word.starts_with('-')) {
        cargo.args(["--bench", &bench]);
    }
    match cargo.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
