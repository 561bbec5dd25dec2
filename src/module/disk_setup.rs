//! `disk_setup`: partition tables and file systems on disks that are empty, or
//! that may be made so.

mod file_systems;
mod table;

use super::devices::{self, Device};
use super::{Context, Early, Module, Plan, Stage};
use crate::cloud_config::disk_setup::{disks, file_systems};
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
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let mut made = Vec::new();
    for disk in disks(context.config, &mut plan.problems) {
        match table::plan(context, &disk, plan) {
            Ok(partitions) => made.extend(partitions),
            Err(why) => plan.problems.push(disk.problem(&why)),
        }
    }
    for wanted in file_systems(context.config, &mut plan.problems) {
        if let Err(why) = file_systems::plan(context, &wanted, &made, plan) {
            plan.problems.push(wanted.problem(&why));
        }
    }
}

/// The disk a name means, and the number of a partition where that names one.
fn disk(context: &Context<'_>, name: &str) -> Result<(String, Option<u32>), String> {
    match devices::whole(context, name) {
        (Device::Here(path), number) => Ok((path, number.and_then(|number| number.parse().ok()))),
        _ => Err("there is no such device".into()),
    }
}

/// The partitions the kernel knows of a disk.
fn partitions(context: &Context<'_>, disk: &str) -> Vec<String> {
    let Some(name) = disk.strip_prefix("/dev/") else { return Vec::new() };
    let folder = ["/sys/class/block/", name].concat();
    let names = context.root.list(&folder).ok().flatten().unwrap_or_default();
    let is_partition =
        |name: &String| context.root.mode(&[&folder, "/", name, "/partition"].concat()).is_some();
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
