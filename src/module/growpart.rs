//! `growpart`: partitions fill the disks they are on, at every boot.

use super::devices::{self, Node};
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Program, Task};
use crate::cloud_config::disks::{Mode, growpart};
use crate::error::Error;
use crate::fetch;
use crate::state::paths::Frequency;
use crate::text::fill;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "growpart",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

/// Sectors of 512 bytes behind a partition that are not worth a program: the
/// second table of GPT, and as much as growpart(1) leaves.
const FUDGE: u64 = 2048 + 34;

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let wanted = growpart(context.config, &mut plan.problems);
    if wanted.mode == Mode::Off {
        return;
    }
    if !wanted.always && !matches!(plan.finds(context, "/etc/growroot-disabled"), Ok(false)) {
        return;
    }
    for device in wanted.devices {
        let Some(Node { partition: Some((number, disk)), .. }) = node(context, device) else { continue };
        if room(context, &disk, number).is_some_and(|sectors| sectors > FUDGE) {
            grow(context, wanted.mode, &disk, number, plan);
        }
    }
}

/// The device of a mount point, or the one that is named.
fn node(context: &Context<'_>, name: &str) -> Option<Node> {
    let root = context.root;
    if name.starts_with("/dev/") {
        let path = context.host.real_path(name)?;
        let name = path.strip_prefix("/dev/")?.replace('/', "!");
        let number = fetch::text(root, &fill("/sys/class/block/{}/dev", &[&name]))?;
        return devices::of_number(root, number.trim_ascii());
    }
    let mounted = devices::mounted(root);
    let mounted = mounted.iter().rev().find(|mounted| mounted.point == name)?;
    // A file system over several devices has a number of its own.
    devices::of_number(root, &mounted.number)
        .or_else(|| node(context, Some(&*mounted.source).filter(|source| source.starts_with("/dev/"))?))
}

/// Sectors between a partition and what comes next on its disk.
fn room(context: &Context<'_>, disk: &str, number: u32) -> Option<u64> {
    let folder = fill("/sys/class/block/{}", &[disk.strip_prefix("/dev/")?]);
    let value = |path: &[&str]| -> Option<u64> {
        fetch::text(context.root, &path.concat())?.trim_ascii().parse().ok()
    };
    let mut next = value(&[&folder, "/size"])?;
    let (mut end, mut starts) = (None, Vec::new());
    for name in context.root.list(&folder).ok().flatten()? {
        let Some(own) = value(&[&folder, "/", &name, "/partition"]) else { continue };
        let start = value(&[&folder, "/", &name, "/start"])?;
        if own == u64::from(number) {
            end = Some(start + value(&[&folder, "/", &name, "/size"])?);
        }
        starts.push(start);
    }
    let end = end?;
    for start in starts {
        if start >= end {
            next = next.min(start);
        }
    }
    next.checked_sub(end)
}

/// Plans it: by growpart(1), by sfdisk(8), or by this program itself.
fn grow(context: &Context<'_>, mode: Mode, disk: &str, partition: u32, plan: &mut Plan) {
    let number = partition.to_string();
    let has = |name| has_program(context.root, name);
    let environment = Vec::from([("LANG".to_string(), "C".to_string())]);
    if has("growpart") {
        // 1: it has as much as there is.
        let program =
            Program { environment, accepted: &[1], ..Program::repeatable(&["growpart", disk, &number]) };
        plan.actions.push(program.into());
    } else if mode == Mode::Auto && has("sfdisk") && has("partx") {
        let argv = ["sfdisk", "--no-reread", "--no-tell-kernel", "-N", &number, disk];
        let input = b",+\n".to_vec();
        plan.actions.push(Program { environment, input, ..Program::repeatable(&argv) }.into());
        plan.actions.push(Program::repeatable(&["partx", "-u", "-n", &number, disk]).into());
    } else if mode == Mode::Auto {
        let what = fill("grow partition {} of {}", &[&number, disk]);
        let effect = Effect::GrowPartition { disk: disk.into(), number: partition };
        plan.actions.push(Task { what, effect }.into());
    } else {
        let which = fill("{} {}", &[disk, &number]);
        plan.problems.push(Error::new("grow partition", which, "the root has no growpart"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};
    use alloc::string::String;

    /// /dev/vda with one partition of 1 MiB to `end`, which is the root.
    fn root(end: u64) -> Tree {
        let size = (end - 2048).to_string();
        Tree::default()
            .with("/proc/self/mountinfo", "25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n", FILE)
            .with(
                "/sys/dev/block/254:1/uevent",
                "MAJOR=254\nDEVNAME=vda1\nDEVTYPE=partition\nPARTN=1\n",
                FILE,
            )
            .with("/sys/dev/block/254:1/../uevent", "DEVNAME=vda\nDEVTYPE=disk\n", FILE)
            .with("/sys/class/block/vda1/dev", "254:1\n", FILE)
            .with("/sys/class/block/vda/size", "1000000\n", FILE)
            .with("/sys/class/block/vda/vda1/partition", "1\n", FILE)
            .with("/sys/class/block/vda/vda1/start", "2048\n", FILE)
            .with("/sys/class/block/vda/vda1/size", &size, FILE)
    }

    fn with(root: Tree, names: &[&str]) -> Tree {
        names.iter().fold(root, |root, name| root.with(&format!("/usr/bin/{name}"), "", 0o100_755))
    }

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        planned("growpart", text, root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn a_partition_grows_where_there_is_room() {
        let small = with(root(500_000), &["growpart", "sfdisk", "partx"]);
        assert_eq!(lines("{}", &small), ["run growpart /dev/vda 1"]);
        assert_eq!(lines("growpart: {devices: [/dev/vda1]}", &small), ["run growpart /dev/vda 1"]);
        assert_eq!(lines("growpart: {devices: [/srv]}", &small), [""; 0]);
        assert_eq!(lines("growpart: {mode: off}", &small), [""; 0]);
        assert_eq!(lines("{}", &with(root(999_000), &["growpart"])), [""; 0]);
        let other = small.with("/sys/class/block/vda/vda2/partition", "2\n", FILE).with(
            "/sys/class/block/vda/vda2/start",
            "500000\n",
            FILE,
        );
        assert_eq!(lines("{}", &other), [""; 0]);
    }

    #[test]
    fn sfdisk_stands_in_and_a_file_forbids() {
        let sfdisk = with(root(500_000), &["sfdisk", "partx"]);
        assert_eq!(
            lines("{}", &sfdisk),
            ["run sfdisk --no-reread --no-tell-kernel -N 1 /dev/vda", "run partx -u -n 1 /dev/vda"]
        );
        let bare = root(500_000);
        assert_eq!(lines("{}", &bare), ["grow partition 1 of /dev/vda"]);
        let none = planned("growpart", "growpart: {mode: growpart}", &sfdisk);
        assert_eq!(texts(&none.problems), ["unable to grow partition /dev/vda 1: the root has no growpart"]);
        let forbidden = sfdisk.with("/etc/growroot-disabled", "", FILE);
        assert_eq!(lines("{}", &forbidden), [""; 0]);
        assert_eq!(lines("growpart: {ignore_growroot_disabled: true}", &forbidden).len(), 2);
    }
}
