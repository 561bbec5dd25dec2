//! What is to be told is kept beside the instance before what it is about counts as done: until the
//! runner has a status that says it, a boot may end and leave the root alone.

use super::log::{Level, Line, Log};
use crate::action::Action;
use crate::fetch::{Fetch, lossy};
use crate::limits;
use crate::state::paths::InstancePaths;
use crate::sys::apply::Applier;
use crate::sys::mount::is_of_read_only;
use crate::text::fill;
use alloc::string::String;

/// The warnings and errors among `lines` as [`keep`] takes them.
#[inline(never)]
pub(super) fn problems(lines: &[Line]) -> String {
    let mut problems = String::new();
    for Line { level, text, .. } in lines {
        if matches!(level, Level::Warning | Level::Error) {
            problems.push_str(&fill("0.0 {} {}\n", &[level.word(), text]));
        }
    }
    problems
}

/// Keeps, durably, those of `lines` that are not kept yet.
#[inline(never)]
pub(super) fn keep(lines: &str, paths: &InstancePaths, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    // Who makes an image is told by the exit status.
    if lines.is_empty() || applier.record.is_some() || applier.is_image {
        return;
    }
    let path = paths.untold();
    let mut content = match applier.root.read(&path, limits::LOG) {
        Ok(kept) => lossy(kept.unwrap_or_default()),
        Err(error) => return log.warn(&error),
    };
    let kept = content.len();
    for line in lines.lines() {
        if content.len() + line.len() < limits::LOG && !content.lines().any(|kept| kept == line) {
            content.push_str(line);
            content.push('\n');
        }
    }
    if content.len() == kept {
        return;
    }
    let written = applier.apply(&Action::write(&path, content.into_bytes(), 0o600), None);
    match written.and_then(|()| applier.flush()) {
        // Such a root keeps no mark either.
        Err(error) if !is_of_read_only(&error) => log.error(&error),
        _ => {}
    }
}
