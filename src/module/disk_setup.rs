//! `disk_setup`: partition tables and file systems on disks that are empty, or
//! that may be made so.

mod file_systems;
mod table;

use super::devices::{self, Device};
use super::{Context, Early, FileSystem, Module, Network, Plan, Stage};
use crate::cloud_config::disk_setup::{disks, file_systems};
use crate::fetch::may_exist;
use crate::state::paths::Frequency;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "disk_setup",
    keys: &["disk_setup", "fs_setup"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

/// The machine's disks as they are once everything planned so far is done.
struct Disks<'a> {
    context: &'a Context<'a>,
    /// Devices that what is planned leaves empty: disks whose table goes, and
    /// partitions that are made.
    empty: Vec<String>,
    /// Partitions that are made.
    made: Vec<String>,
    /// Partitions that go.
    gone: Vec<String>,
    /// What is made on a device.
    filled: Vec<(String, FileSystem)>,
}

impl Disks<'_> {
    /// What is on a device.
    fn file_system(&self, device: &str) -> Option<FileSystem> {
        if let Some((_, found)) = self.filled.iter().rev().find(|(filled, _)| filled == device) {
            return Some(found.clone());
        }
        if self.empty.iter().any(|empty| empty == device) {
            None
        } else {
            self.context.host.file_system(device)
        }
    }

    /// The partitions of a disk.
    fn partitions(&self, disk: &str) -> Vec<String> {
        let mut partitions = partitions(self.context, disk);
        partitions.retain(|partition| !self.gone.contains(partition));
        let number = |partition: &&String| number(disk, partition).is_some();
        partitions.extend(self.made.iter().filter(number).cloned());
        partitions
    }

    /// The disk loses its table, and gets `count` partitions.
    fn replace_table(&mut self, disk: &str, count: usize) {
        self.gone.extend(partitions(self.context, disk));
        self.made.retain(|made| number(disk, made).is_none());
        self.made.extend((1..=count).map(|number| partition(disk, number)));
        self.empty.extend((1..=count).map(|number| partition(disk, number)));
        if count == 0 {
            self.empty.push(disk.into());
        }
    }
}

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let (empty, made, gone, filled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut state = Disks { context, empty, made, gone, filled };
    for disk in disks(context.config, &mut plan.problems) {
        if let Err(why) = table::plan(&mut state, &disk, plan) {
            plan.problems.push(disk.problem(&why));
        }
    }
    for wanted in file_systems(context.config, &mut plan.problems) {
        if let Err(why) = file_systems::plan(&mut state, &wanted, plan) {
            plan.problems.push(wanted.problem(&why));
        }
    }
}

/// The disk a name means, by the kernel's own path, and the number of a
/// partition where that names one.
fn disk(context: &Context<'_>, name: &str) -> Result<(String, Option<u32>), String> {
    match devices::whole(context, name) {
        (Device::Here(path), number) if path.starts_with('/') => {
            let path = context.host.real_path(&path).unwrap_or(path);
            Ok((path, number.and_then(|number| number.parse().ok())))
        }
        (Device::Here(_) | Device::Other, _) => Err("it is no disk's name".into()),
        (Device::Missing, _) => Err("there is no such device".into()),
    }
}

/// The number of a partition by its path; `None` where it is another disk's.
fn number(disk: &str, partition: &str) -> Option<u32> {
    let rest = partition.strip_prefix(disk)?;
    rest.strip_prefix('p').unwrap_or(rest).parse().ok()
}

/// The partitions the kernel knows of a disk.
fn partitions(context: &Context<'_>, disk: &str) -> Vec<String> {
    let Some(name) = disk.strip_prefix("/dev/") else { return Vec::new() };
    let folder = ["/sys/class/block/", name].concat();
    let names = context.root.list(&folder).ok().flatten().unwrap_or_default();
    let is_partition = |name: &String| may_exist(context.root, &[&folder, "/", name, "/partition"].concat());
    names.into_iter().filter(is_partition).map(|name| ["/dev/", &name].concat()).collect()
}

/// Partition `number` as the kernel will call it.
fn partition(disk: &str, number: usize) -> String {
    let between = if disk.ends_with(|last: char| last.is_ascii_digit()) { "p" } else { "" };
    [disk, between, &number.to_string()].concat()
}

/// Whether something on a device is in use: a file system or swap.
fn is_in_use(context: &Context<'_>, device: &str) -> bool {
    let own: Vec<String> = partitions(context, device).into_iter().chain([device.into()]).collect();
    let swaps = crate::fetch::text(context.root, "/proc/swaps").unwrap_or_default();
    let swaps = swaps
        .lines()
        .any(|line| line.split([' ', '\t']).next().is_some_and(|path| own.iter().any(|own| own == path)));
    swaps
        || devices::mounted(context.root).iter().any(|mounted| {
            let by_number = devices::of_number(context.root, &mounted.number);
            own.contains(&mounted.source) || by_number.is_some_and(|node| own.contains(&node.path))
        })
}

#[cfg(test)]
mod tests;
