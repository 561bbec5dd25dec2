//! What the local stage could not write into the root: it lies under
//! /run/glowplug/left as it is to lie in the root.

use crate::http::cause;
use crate::input::regular;
use glowplug::action::Action;
use glowplug::error::Error;
use glowplug::limits;
use glowplug::stage::log::Log;
use glowplug::state::paths::HANDOFF_LEFT;
use glowplug::sys::apply::Applier;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes it, each file told; what still can't be written stays.
pub(crate) fn write(applier: &mut Applier<'_>, log: &mut Log<'_>) {
    write_below(Path::new(HANDOFF_LEFT), applier, log);
}

/// Content and mode of a file that is to be written.
fn read(from: &Path) -> io::Result<(Vec<u8>, u32)> {
    let mut content = Vec::new();
    let file = regular(from)?;
    let mode = file.metadata()?.permissions().mode();
    file.take(limits::SEED_TOTAL as u64).read_to_end(&mut content)?;
    Ok((content, mode))
}

fn write_below(folder: &Path, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    // Nearly always there is no such folder.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let from = entry.path();
        let Some(path) = from.to_str().and_then(|from| from.strip_prefix(HANDOFF_LEFT)) else { continue };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            write_below(&from, applier, log);
            continue;
        }
        let read = read(&from);
        let written = match read {
            Ok((content, mode)) => applier.apply(&Action::write(path, content, mode & 0o7777), None),
            Err(error) => Err(Error::new("read", from.display().to_string(), cause(&error))),
        };
        match written {
            Ok(()) => {
                log.info("wrote {}, which had to wait", &[path]);
                // Written again it would be the same.
                let _ = fs::remove_file(&from);
            }
            Err(error) => log.error(&error),
        }
    }
}
