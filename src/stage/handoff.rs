//! What the agent leaves for the runner under /run/glowplug.

use super::local::Outcome;
use crate::action::Action;
use crate::error::Result;
use crate::fetch::Fetch;
use crate::instance::Instance;
use crate::limits;
use crate::state::cache;
use crate::state::paths::{
    CACHE, HANDOFF, HANDOFF_FILES, HANDOFF_INSTANCE, HANDOFF_LOG, HANDOFF_SEED, TIMINGS,
};
use alloc::boxed::Box;
use alloc::string::String;

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
fn read(tree: &dyn Fetch, path: &str) -> Result<Option<Box<Instance>>> {
    let frame = tree.read(path, CACHE_LIMIT)?;
    frame.map(|frame| cache::decode(&frame, &tree.name(path))).transpose()
}

/// Hands over the instance, as `cache` has it, and its seed's files as they
/// were read. They may be large: `take` gets one at a time.
#[inline(never)]
pub fn instance(instance: &Instance, cache: &[u8], take: &mut dyn FnMut(Action)) {
    let raw = &instance.raw;
    let files: [(&str, &[u8]); 6] = [
        ("meta_data.json", &raw.meta_data),
        ("user_data", &raw.user_data),
        ("vendor_data.json", &raw.vendor_data),
        ("vendor_data2.json", &raw.vendor_data2),
        ("network_data.json", raw.network_data.as_deref().unwrap_or_default()),
        ("ec2-meta-data.json", &raw.ec2_meta_data),
    ];
    for (path, mode) in [(HANDOFF, 0o755), (HANDOFF_FILES, 0o700)] {
        take(Action::make_directory(path, mode));
    }
    take(Action::write(HANDOFF_INSTANCE, cache.to_vec(), 0o600));
    for (name, content) in files {
        if !content.is_empty() {
            take(Action::write(&[HANDOFF_FILES, "/", name].concat(), content.to_vec(), 0o600));
        }
    }
}

/// How the local stage ended.
pub fn outcome(outcome: Outcome) -> Action {
    Action::write(HANDOFF_SEED, [outcome.word(), "\n"].concat().into_bytes(), 0o644)
}

/// The log and the timings so far.
pub fn log(lines: String, steps: String) -> [Action; 2] {
    [Action::write(HANDOFF_LOG, lines.into_bytes(), 0o640), Action::write(TIMINGS, steps.into_bytes(), 0o644)]
}
