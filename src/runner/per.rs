//! `glowplug per`, which cloud-init calls cloud-init-per: a command that runs
//! once, once for an instance, or always.

use crate::cli::{Arguments, Ended, Fault};
use crate::http::cause;
use crate::stage::need_root;
use glowplug::error::Error;
use glowplug::state::paths::{CLOUD, INSTANCE_LINK};
use glowplug::sys::clock;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let [frequency, name, program, rest @ ..] = arguments.operands() else {
        return Err(Fault::Usage("unable to run per: COMMAND is missing, see --help".into()));
    };
    // Nobody else can note that it has run.
    need_root("per")?;
    let path = semaphore(Path::new("/"), frequency, name)?;
    if frequency != "always" && path.is_file() {
        return Ok(0);
    }
    let status = Command::new(program)
        .args(rest)
        .status()
        .map_err(|error| Error::os("run", program, error.raw_os_error().unwrap_or(0)))?;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    let text = format!("{code}\t{}\n", clock::realtime() / 1_000_000);
    fs::write(&path, text).map_err(|error| Error::new("write", path.display().to_string(), cause(&error)))?;
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Where it is noted that the command called `name` has run; the directory is
/// made.
fn semaphore(root: &Path, frequency: &str, name: &str) -> Result<PathBuf, Error> {
    let folder = if frequency == "instance" { INSTANCE_LINK } else { CLOUD };
    let folder = root.join(folder.trim_start_matches('/'));
    if frequency == "instance" && !folder.exists() {
        return Err(Error::new("run for an instance", name, "there is none yet"));
    }
    let folder = folder.join("sem");
    fs::create_dir_all(&folder)
        .map_err(|error| Error::new("make", folder.display().to_string(), cause(&error)))?;
    // A name is never a path.
    let name = name.replace(['-', '/'], "_");
    Ok(folder.join(format!("bootper.{name}.{frequency}")))
}
