//! `glowplug collect-logs`: what a person who looks for a fault asks for, in
//! one archive.

use crate::cli::{Arguments, Ended, say};
use crate::output;
use glowplug::action::Program;
use glowplug::error::Error;
use glowplug::state::paths::{HANDOFF_LOG, INSTANCE_LINK, TIMINGS};
use glowplug::sys::root::Root;
use std::fs;

/// What is always collected, where it is there.
const FILES: &[&str] = &[
    "/var/log/cloud-init.log",
    "/var/log/cloud-init-output.log",
    "/var/lib/cloud/data/status.json",
    "/var/lib/cloud/data/result.json",
    "/run/cloud-init/instance-data.json",
    "/run/cloud-init/ds-identify.log",
    "/run/glowplug/seed-state",
    "/etc/os-release",
    HANDOFF_LOG,
    TIMINGS,
];

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let archive = arguments.value("tarfile").unwrap_or("cloud-init.tar.gz");
    let archive = std::path::absolute(archive)
        .map_err(|error| Error::new("write", archive, error.to_string()))?
        .display()
        .to_string();
    let user_data = format!("{INSTANCE_LINK}/user-data.txt");
    let outputs = Root::open("/").map(|root| output::files(&root)).unwrap_or_default();
    let mut files: Vec<&str> = FILES.to_vec();
    files.extend(outputs.iter().map(String::as_str).filter(|path| !FILES.contains(path)));
    if arguments.has("include-userdata") {
        files.push(&user_data);
    }
    files.retain(|path| fs::exists(path).unwrap_or(false));
    if files.is_empty() {
        return Err(Error::new("collect logs", &archive, "there are none").into());
    }
    let names = files.iter().map(|path| path.trim_start_matches('/'));
    let words: Vec<&str> = ["tar", "-chzf", &archive, "-C", "/"].into_iter().chain(names).collect();
    crate::program::run(&Program::new(&words))?;
    say(&format!("Wrote {archive}"));
    Ok(0)
}
