//! What the agent leaves for the runner under /run/glowplug.

use super::local::Outcome;
use super::log::Log;
use crate::action::Action;
use crate::error::Result;
use crate::fetch::Fetch;
use crate::instance::Instance;
use crate::limits;
use crate::state::cache;
use crate::state::paths::{
    CACHE, HANDOFF, HANDOFF_FILES, HANDOFF_INSTANCE, HANDOFF_LOG, HANDOFF_SEED, TIMINGS,
};
use crate::text::fill;
use alloc::boxed::Box;

/// Bytes of an instance cache at the most: a seed and a little.
const CACHE_LIMIT: usize = limits::SEED_TOTAL + (1 << 20);

/// The instance of the root's cache; `None` when it has none.
pub fn cached(root: &dyn Fetch) -> Result<Option<Box<Instance>>> {
    read(root, CACHE)
}

/// The instance the agent handed over; `None` when no agent ran.
pub fn handed_over(run: &dyn Fetch) -> Result<Option<Box<Instance>>> {
    read(run, HANDOFF_INSTANCE.trim_start_matches("/run/"))
}

#[inline(never)]
pub(super) fn read(tree: &dyn Fetch, path: &str) -> Result<Option<Box<Instance>>> {
    let frame = tree.read(path, CACHE_LIMIT)?;
    frame.map(|frame| cache::decode(&frame, &tree.name(path))).transpose()
}

/// Hands over the instance, as `cache` has it, and its seed's files as they
/// were read. They may be large: `take` gets one at a time.
#[inline(never)]
pub fn instance(instance: &Instance, cache: &[u8], take: &mut dyn FnMut(Action)) {
    take(Action::make_directory(HANDOFF, 0o755));
    take(Action::make_directory(HANDOFF_FILES, 0o700));
    write(HANDOFF_INSTANCE, cache, 0o600, take);
    for file in &instance.raw {
        if !file.content.is_empty() {
            write(&fill("{}/{}", &[HANDOFF_FILES, &file.path]), &file.content, 0o600, take);
        }
    }
}

/// Hands over how the local stage ended.
pub fn outcome(outcome: Outcome, take: &mut dyn FnMut(Action)) {
    write(HANDOFF_SEED, [outcome.word(), "\n"].concat().as_bytes(), 0o644, take);
}

/// Hands over the log and the timings so far.
pub fn log(log: &Log<'_>, take: &mut dyn FnMut(Action)) {
    write(HANDOFF_LOG, log.text().as_bytes(), 0o640, take);
    write(TIMINGS, log.steps.as_bytes(), 0o644, take);
}

/// A file of root's with this `content`.
#[inline(never)]
pub(super) fn write(path: &str, content: &[u8], mode: u32, take: &mut dyn FnMut(Action)) {
    take(Action::write(path, content.to_vec(), mode));
}
