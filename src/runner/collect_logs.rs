//! `glowplug collect-logs`: what a person who looks for a fault asks for, in
//! one archive.

use crate::cli::{Arguments, Ended, say};
use crate::http::cause;
use crate::log_file::utc;
use crate::output;
use crate::stage::need_root;
use glowplug::action::Program;
use glowplug::error::Error;
use glowplug::state::paths::{HANDOFF_LOG, INSTANCE_LINK, TIMINGS};
use glowplug::sys::clock;
use glowplug::sys::root::Root;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// What programs say, and the files it goes to.
const ANSWERS: [(&str, &[&str]); 2] =
    [("dmesg.txt", &["dmesg"]), ("journal.txt", &["journalctl", "--boot=0", "-o", "short-precise"])];

/// Where the files are put together; only root looks in.
const FOLDER: &str = "/run/glowplug-logs";

pub(crate) fn run(arguments: &Arguments) -> Ended {
    need_root("collect-logs")?;
    let archive = arguments.value("tarfile").unwrap_or("cloud-init.tar.gz");
    let archive = std::path::absolute(archive)
        .map_err(|error| Error::new("write", archive, cause(&error)))?
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
    // Before anything is collected: tar's own words for it are many.
    File::create(&archive).map_err(|error| Error::new("write", &archive, cause(&error)))?;
    let name =
        format!("cloud-init-logs-{}", utc(clock::realtime()).iso().split(' ').next().unwrap_or_default());
    // One that was left behind by somebody who was stopped.
    let _ = fs::remove_dir_all(FOLDER);
    let folder = Path::new(FOLDER).join(&name);
    let collected = collect(&folder, &files)
        .map_err(|error| Error::new("collect logs in", FOLDER, cause(&error)))
        .and_then(|()| crate::program::run(&Program::new(&["tar", "-czf", &archive, "-C", FOLDER, &name])));
    let removed = fs::remove_dir_all(FOLDER);
    collected?;
    removed.map_err(|error| Error::new("remove", FOLDER, cause(&error)))?;
    say(&format!("Wrote {archive}"));
    Ok(0)
}

/// Copies the files, logs by their names alone, others by their paths.
fn collect(folder: &Path, files: &[&str]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for path in files {
        let place = path.strip_prefix("/var/log/").unwrap_or(path);
        let copy = folder.join(place.trim_start_matches('/'));
        DirBuilder::new().recursive(true).mode(0o700).create(copy.parent().unwrap_or(folder))?;
        fs::copy(path, copy)?;
    }
    for (file, words) in ANSWERS {
        let Some((program, arguments)) = words.split_first() else { continue };
        let path = folder.join(file);
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(File::create(&path)?).stderr(Stdio::null());
        // A machine without the program has no such log.
        if !command.status().is_ok_and(|status| status.success()) {
            fs::remove_file(&path)?;
        }
    }
    fs::write(folder.join("version"), concat!("glowplug ", env!("CARGO_PKG_VERSION"), "\n"))
}
