//! What the agent leaves for the runner under /run/glowplug.

use super::local::Outcome;
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::error::Result;
use crate::fetch::Fetch;
use crate::instance::Instance;
use crate::limits;
use crate::state::cache;
use crate::state::paths::{
    CACHE, HANDOFF, HANDOFF_FILES, HANDOFF_INSTANCE, HANDOFF_LOG, HANDOFF_SEED, TIMINGS,
};
use alloc::format;
use alloc::vec::Vec;

/// Bytes of an instance cache at the most: a seed and a little.
const CACHE_LIMIT: usize = limits::SEED_TOTAL + (1 << 20);

/// The instance of the root's cache; `None` when it has none.
pub fn cached(root: &dyn Fetch) -> Result<Option<Instance>> {
    read(root, CACHE)
}

/// The instance the agent handed over; `None` when no agent ran.
pub fn handed_over(run: &dyn Fetch) -> Result<Option<Instance>> {
    read(run, HANDOFF_INSTANCE.trim_start_matches("/run/"))
}

fn read(tree: &dyn Fetch, path: &str) -> Result<Option<Instance>> {
    let frame = tree.read(path, CACHE_LIMIT)?;
    frame.map(|frame| cache::decode(&frame, &tree.name(path))).transpose()
}

/// The instance and its seed's files as they were read.
pub fn instance(instance: &Instance) -> Vec<Action> {
    let raw = &instance.raw;
    let files = [
        ("meta_data.json", Some(&raw.meta_data)),
        ("user_data", Some(&raw.user_data)),
        ("vendor_data.json", Some(&raw.vendor_data)),
        ("vendor_data2.json", Some(&raw.vendor_data2)),
        ("network_data.json", raw.network_data.as_ref()),
        ("ec2-meta-data.json", Some(&raw.ec2_meta_data)),
    ];
    let mut actions = Vec::from([
        Action::MakeDirectory { path: HANDOFF.into(), mode: 0o755, owner: Owner::Root },
        Action::MakeDirectory { path: HANDOFF_FILES.into(), mode: 0o700, owner: Owner::Root },
        write(HANDOFF_INSTANCE, &cache::encode(instance), 0o600),
    ]);
    let present = files.into_iter().filter_map(|(name, content)| Some((name, content?)));
    actions.extend(
        present
            .filter(|(_, content)| !content.is_empty())
            .map(|(name, content)| write(&format!("{HANDOFF_FILES}/{name}"), content, 0o600)),
    );
    actions
}

/// How the local stage ended.
pub fn outcome(outcome: Outcome) -> [Action; 1] {
    [write(HANDOFF_SEED, format!("{}\n", outcome.word()).as_bytes(), 0o644)]
}

/// The log and the timings so far.
pub fn log(lines: &str, steps: &str) -> [Action; 2] {
    [write(HANDOFF_LOG, lines.as_bytes(), 0o640), write(TIMINGS, steps.as_bytes(), 0o644)]
}

fn write(path: &str, content: &[u8], mode: u32) -> Action {
    let (content, owner, existing) = (content.to_vec(), Owner::Root, Existing::Replace);
    Action::WriteFile(WriteFile { path: path.into(), content, mode, owner, existing })
}
