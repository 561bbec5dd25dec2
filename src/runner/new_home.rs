//! The home of a user that useradd(8) was interrupted in: it makes the home last, and finds the user
//! there when it is run again.

use crate::http::cause;
use crate::provision::Machine;
use glowplug::accounts::{Accounts, home_mode};
use glowplug::action::{Action, Existing, Owner, WriteFile};
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::limits;
use glowplug::sys::apply::Applier;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const SKELETON: &str = "/etc/skel";

/// Directories below the skeleton that are followed.
const DEPTH: usize = 16;

/// Copies what the skeleton has and the home of `user` lacks, as the user's own. A file of which only
/// the beginning is there is one that useradd(8) was writing; others stay as they are.
pub(crate) fn complete(user: &str, machine: &Machine) -> Result<()> {
    let accounts = Accounts::read(&machine.root)?;
    let Some(found) = accounts.user(user) else {
        return Err(Error::new("complete the home of", user, "the root has no such user"));
    };
    let mut applier = Applier::new(&machine.root, &machine.run);
    let mut home = Home { machine, user, uid: found.uid, applier: &mut applier };
    home.directory(SKELETON, found.home, home_mode(&machine.root), DEPTH)
}

struct Home<'h, 'a> {
    machine: &'h Machine,
    user: &'h str,
    uid: u32,
    applier: &'h mut Applier<'a>,
}

impl Home<'_, '_> {
    fn directory(&mut self, from: &str, to: &str, mode: u32, depth: usize) -> Result<()> {
        let names = self.machine.root.list(from)?.unwrap_or_default();
        // A new one may not have its owner and mode yet; this takes an empty one alone.
        if found(to)?.is_some_and(|found| found.is_dir()) {
            self.applier.apply(&Action::RemoveDirectory { path: to.into() }, None)?;
        }
        let owner = Owner::User(self.user.into());
        self.applier.apply(&Action::MakeDirectory { path: to.into(), mode, owner }, None)?;
        for name in names {
            let (from, to) = (format!("{from}/{name}"), format!("{to}/{name}"));
            let Some(entry) = found(&from)? else { continue };
            let mode = entry.permissions().mode() & 0o777;
            if entry.is_dir() && depth > 0 {
                self.directory(&from, &to, mode, depth - 1)?;
            } else if entry.is_file() {
                self.file(&from, &to, mode)?;
            } else if entry.is_symlink() && found(&to)?.is_none() {
                let target =
                    fs::read_link(&from).map_err(|error| Error::new("read", &from, cause(&error)))?;
                let target = target.to_string_lossy().into_owned();
                self.applier.apply(&Action::MakeLink { path: to, target }, None)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &str, to: &str, mode: u32) -> Result<()> {
        let content = self.machine.root.read(from, limits::SEED_FILE)?.unwrap_or_default();
        if let Some(there) = found(to)? {
            let is_part = there.is_file()
                && there.len() <= content.len() as u64
                && fs::read(to).is_ok_and(|part| content.starts_with(&part));
            let is_whole = there.len() == content.len() as u64 && there.uid() == self.uid;
            if !is_part || is_whole && there.permissions().mode() & 0o777 == mode {
                return Ok(());
            }
        }
        let owner = Owner::User(self.user.into());
        let file = WriteFile { path: to.into(), content, mode, owner, existing: Existing::Replace };
        self.applier.apply(&file.into(), None)
    }
}

/// What is at `path`; a link is not followed.
fn found(path: &str) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::new("look up", path, cause(&error))),
    }
}
