//! What the agent and modules had to tell in a boot that ended before its status was kept: modules
//! are marked, and do not run again. The next stage tells it in their place.

use crate::http::cause;
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::limits;
use glowplug::stage::log::{Log, read_lines};
use glowplug::state::paths::HANDOFF_LOG;
use glowplug::sys::root::Root;
use glowplug::sys::tree;
use std::fs::{self, File};
use std::io::{self, ErrorKind};

/// Says the lines that are kept at `path` of `root` and that neither this stage nor the agent has said in
/// this boot.
pub(crate) fn tell(root: &Root, path: &str, log: &mut Log<'_>) {
    let kept = match root.read(path, limits::LOG) {
        Ok(kept) => kept.unwrap_or_default(),
        Err(error) => return log.warn(&error),
    };
    let agent = read_lines(&tree::text(HANDOFF_LOG).unwrap_or_default());
    for line in read_lines(&String::from_utf8_lossy(&kept)) {
        if !log.lines.iter().chain(&agent).any(|said| said.level == line.level && said.text == line.text) {
            log.line(line.level, "{}", &[&line.text]);
        }
    }
}

/// Removes the lines at `path`, now that the file `status` has them.
pub(crate) fn forget(path: &str, status: &str) -> Result<()> {
    let forgotten = match fs::exists(path) {
        Ok(false) => Ok(()),
        Ok(true) => sync(status).and_then(|()| fs::remove_file(path)),
        Err(error) => Err(error),
    };
    forgotten.map_err(|error| Error::new("remove", path, cause(&error)))
}

/// Waits until a file is on the disk; where the root keeps none it is in memory.
fn sync(path: &str) -> io::Result<()> {
    match File::open(path).and_then(|file| file.sync_all()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
