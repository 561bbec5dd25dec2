//! A file for swapping.

use super::super::devices::mounted;
use super::{Context, Plan};
use crate::action::Program;
use crate::cloud_config::mounts::{Swap, swap};
use crate::error::Error;
use crate::fetch::{self, may_exist};
use crate::text::parent_and_name;
use alloc::string::{String, ToString};

const GIB: u64 = 1 << 30;

/// Makes the file whole or not at all. Holes may not be in it; a file system
/// that copies on write is told not to for this one.
const SCRIPT: &str = "set -e\n\
    trap 'rm -f \"$1\"' EXIT\n\
    mkdir -p \"$3\"\n\
    swapoff \"$1\" 2>/dev/null || true\n\
    rm -f \"$1\"\n\
    umask 077\n\
    : > \"$1\"\n\
    if [ \"$4\" = btrfs ]; then chattr +C \"$1\"; fi\n\
    { [ \"$4\" != btrfs ] && fallocate -l \"$2M\" \"$1\"; } || dd if=/dev/zero of=\"$1\" bs=1M count=\"$2\"\n\
    mkswap \"$1\"\n\
    trap - EXIT\n";

/// Plans the file that is asked for; the value is its path.
pub(super) fn plan(context: &Context<'_>, plan: &mut Plan) -> Option<String> {
    let swap = swap(context.config, &mut plan.problems)?;
    let in_use = fetch::text(context.root, "/proc/swaps").unwrap_or_default();
    if in_use.lines().any(|line| line.split([' ', '\t']).next() == Some(swap.path)) {
        return Some(swap.path.into());
    }
    let (folder, _) = parent_and_name(swap.path);
    let folder = if folder.is_empty() { "/" } else { folder };
    let bytes = match bytes(context, &swap, folder) {
        Ok(bytes) => bytes,
        Err(error) => {
            plan.problems.push(error);
            return None;
        }
    };
    let mebibytes = bytes >> 20;
    if mebibytes == 0 {
        let why = "less than a megabyte is free for it";
        plan.problems.push(Error::new("make swap file", swap.path, why));
        return None;
    }
    let is_below = |point: &str| {
        let rest = folder.strip_prefix(point.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let around = mounted(context.root);
    let around =
        around.iter().filter(|mounted| is_below(&mounted.point)).max_by_key(|mounted| mounted.point.len());
    let kind = around.map_or("", |mounted| &mounted.kind);
    let argv = ["sh", "-c", SCRIPT, "swap", swap.path, &mebibytes.to_string(), folder, kind];
    plan.actions.push(Program::repeatable(&argv).into());
    Some(swap.path.into())
}

fn bytes(context: &Context<'_>, swap: &Swap<'_>, folder: &str) -> Result<u64, Error> {
    if let Some(size) = swap.size {
        return Ok(size);
    }
    let folder = if may_exist(context.root, folder) { folder } else { "/" };
    let (memory, free) = context.host.sizes(folder)?;
    Ok(suggested(memory, free, swap.most))
}

/// As much as the memory, past 4 GiB of it 4 GiB, past 16 its root; at most a
/// quarter of what is free, or what is given and 9 in 10 of it.
fn suggested(memory: u64, free: u64, most: Option<u64>) -> u64 {
    let most = match most {
        None => (free / 4).min(memory * 2),
        Some(most) => most.min(free / 10 * 9),
    };
    let least = if memory < 4 * GIB {
        memory
    } else if memory < 16 * GIB {
        4 * GIB
    } else {
        let whole = (memory / GIB).isqrt();
        // Rounded: (n + 1/2)² is n² + n + 1/4.
        let past_half = memory * 4 > (4 * whole * whole + 4 * whole + 1) * GIB;
        (whole + u64::from(past_half)) * GIB
    };
    least.min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_follows_the_memory() {
        let gib = |memory, free, most: Option<u64>| {
            suggested(memory * GIB, free * GIB, most.map(|most| most * GIB)) / GIB
        };
        assert_eq!(gib(2, 100, None), 2);
        assert_eq!(gib(8, 100, None), 4);
        assert_eq!(gib(64, 100, None), 8);
        assert_eq!(gib(20, 100, None), 4);
        assert_eq!(gib(21, 100, None), 5);
        assert_eq!(gib(8, 8, None), 2);
        assert_eq!(gib(8, 100, Some(1)), 1);
        assert_eq!(gib(64, 10, Some(20)), 8);
    }
}
