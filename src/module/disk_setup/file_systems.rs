//! File systems.

use super::{Context, Plan, disk, is_in_use, partitions};
use crate::action::Program;
use crate::cloud_config::disk_setup::{FsSetup, Place};
use crate::module::FileSystem;
use crate::module::devices;
use crate::module::system::has_program;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Plans one; `made` are partitions that are about to be made, and empty.
pub(super) fn plan(
    context: &Context<'_>,
    wanted: &FsSetup<'_>,
    made: &[String],
    plan: &mut Plan,
) -> Result<(), String> {
    let (path, number) = disk(context, wanted.device)?;
    let place = number.map_or(wanted.place, Place::Partition);
    let found = |device: &String| if made.contains(device) { None } else { context.host.file_system(device) };
    let device = match place {
        Place::Whole => path,
        Place::Partition(number) => {
            let own = super::partition(&path, usize::try_from(number).unwrap_or(0));
            let there = devices::partition(context.root, &path, &number.to_string());
            match there.or_else(|| made.contains(&own).then_some(own)) {
                Some(device) => device,
                None => return Err(fill("it has no partition {}", &[&number.to_string()])),
            }
        }
        Place::Auto | Place::Any => match choose(context, wanted, &path, made, place) {
            Some(device) => device?,
            None => return Ok(()),
        },
    };
    let present = found(&device);
    if let Some(present) = &present
        && !wanted.overwrite
        && wanted.replace != Some(&*present.kind)
    {
        if is_same(present, wanted, true) {
            return Ok(());
        }
        return Err(fill("{} holds {}, and overwrite is not set", &[&device, &present.kind]));
    }
    let parts = partitions(context, &device);
    if !parts.is_empty() && !wanted.overwrite
        || made.iter().any(|made| *made != device && made.starts_with(&device) && place == Place::Whole)
    {
        return Err(fill("{} has partitions", &[&device]));
    }
    if is_in_use(context, &device) {
        return Err(fill("{} is in use", &[&device]));
    }
    plan.actions.push(program(context, wanted, &device)?.into());
    Ok(())
}

/// Of the partitions of a disk, or the disk itself, the one for a file system;
/// `None` where it is there already.
fn choose(
    context: &Context<'_>,
    wanted: &FsSetup<'_>,
    disk: &str,
    made: &[String],
    place: Place,
) -> Option<Result<String, String>> {
    let own: Vec<&String> = made.iter().filter(|made| made.starts_with(disk)).collect();
    if let Some(first) = own.first() {
        return Some(Ok((*first).clone()));
    }
    let parts = partitions(context, disk);
    let mut free = None;
    for device in parts.iter().cloned().chain([disk.to_string()]) {
        match context.host.file_system(&device) {
            Some(found) if is_same(&found, wanted, place == Place::Auto) => return None,
            Some(found) if wanted.replace == Some(&*found.kind) => return Some(Ok(device)),
            Some(_) => {}
            // A disk that has partitions is not free itself.
            None if device == disk && !parts.is_empty() => {}
            None => free = free.or(Some(device)),
        }
    }
    Some(free.ok_or_else(|| "nothing on it is free".into()))
}

/// Whether a file system is the wanted one; ext2 to ext4 look alike.
fn is_same(found: &FileSystem, wanted: &FsSetup<'_>, by_label: bool) -> bool {
    let kind = if matches!(wanted.kind, "ext2" | "ext3") { "ext4" } else { wanted.kind };
    found.kind == kind && (!by_label || found.label == wanted.label)
}

/// The command that makes it.
fn program(context: &Context<'_>, wanted: &FsSetup<'_>, device: &str) -> Result<Program, String> {
    if !wanted.command.is_empty() {
        let filled = |word: &&str| {
            let word = word.replace("%(filesystem)s", wanted.kind).replace("%(label)s", &wanted.label);
            word.replace("%(device)s", device)
        };
        return Ok(Program { argv: wanted.command.iter().map(filled).collect(), ..Program::default() });
    }
    let usual = ["mkfs.", wanted.kind].concat();
    // What makes it may go by an older name: in busybox by no other.
    let names = match wanted.kind {
        "swap" => ["mkswap", "mkswap"],
        "ext2" => [&*usual, "mke2fs"],
        "vfat" => [&*usual, "mkdosfs"],
        _ => [&*usual, &*usual],
    };
    let Some(tool) = names.into_iter().find(|name| has_program(context.root, name)) else {
        return Err(fill("the root has no {}", &names[..1]));
    };
    let mut argv = alloc::vec![tool];
    if !wanted.label.is_empty() {
        let flag = match wanted.kind {
            "vfat" | "fat" | "msdos" | "exfat" => "-n",
            "f2fs" | "reiserfs" => "-l",
            _ => "-L",
        };
        argv.extend([flag, &wanted.label]);
    }
    argv.extend(match wanted.kind {
        "ext2" | "ext3" | "ext4" => Some("-F"),
        "xfs" | "btrfs" | "f2fs" | "swap" => Some("-f"),
        _ => None,
    });
    argv.extend(&wanted.options);
    argv.push(device);
    Ok(Program::new(&argv))
}
