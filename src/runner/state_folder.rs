//! Where the runner keeps its state on a root that takes no file.

use glowplug::error::Error;
use glowplug::stage::log::Log;
use glowplug::state::paths::CLOUD;
use glowplug::sys::mount;
use std::path::Path;

/// Whether state can be kept, or is there. On a read-only root a /var/lib/cloud
/// without instances gets a file system in memory: the state ends with this boot,
/// and the next one is a new instance's first again. State that is there stays
/// in sight, or what has run would run again.
pub(crate) fn prepare(log: &mut Log<'_>) -> bool {
    let folder = Path::new(CLOUD);
    let there = folder.ancestors().find(|folder| folder.is_dir()).and_then(Path::to_str);
    if !there.is_some_and(mount::is_read_only) || folder.join("instances").is_dir() {
        return true;
    }
    if !folder.is_dir() {
        let why = "the root is read-only; if it had this directory, empty, the state would be in memory";
        log.error(&Error::new("keep the state in", CLOUD, why));
        return false;
    }
    match mount::mount_temporary(CLOUD) {
        Ok(()) => {
            log.info("the root is read-only: {} is in memory, for this boot", &[CLOUD]);
            true
        }
        Err(error) => {
            log.error(&error);
            false
        }
    }
}
