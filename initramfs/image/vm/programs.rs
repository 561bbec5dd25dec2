//! The two programs under test, as cargo builds them for release.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glowplug::error::{Error, Result};
use miniserde::json::{self, Object, Value};

use super::host;

/// Where cargo left the programs.
#[derive(Debug)]
pub(crate) struct Programs {
    /// `glowplug-agent`.
    pub(crate) agent: PathBuf,
    /// `glowplug`.
    pub(crate) runner: PathBuf,
}

/// Runs `cargo build --release`; cargo itself tells where the programs are,
/// whatever the target folder and triple.
pub(crate) fn build() -> Result<Programs> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // What cargo tells a test of its package, ring's build script reads too:
    // with another environment ring and all above it would be built anew.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    let output = command
        .args(["build", "--release", "--quiet", "--bins", "--message-format=json-render-diagnostics"])
        .current_dir(project)
        .stderr(Stdio::inherit())
        .output()
        .map_err(host::io("build", project))?;
    if !output.status.success() {
        return Err(Error::new("build", project.display().to_string(), "cargo build --release failed"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let find = |name: &str| {
        messages
            .lines()
            .filter_map(executable)
            .find(|path| path.file_name().is_some_and(|file| file == name))
            .ok_or_else(|| Error::new("find", name, "cargo build --release made no such program"))
    };
    Ok(Programs { agent: find("glowplug-agent")?, runner: find("glowplug")? })
}

/// The program a message of cargo's tells of, if it does (`"executable"` of
/// reason `compiler-artifact`).
fn executable(message: &str) -> Option<PathBuf> {
    let message: Object = json::from_str(message).ok()?;
    match message.get("executable")? {
        Value::String(path) => Some(PathBuf::from(path)),
        _ => None,
    }
}
