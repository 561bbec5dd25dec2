//! File systems.

use super::{Disks, Plan, disk, is_in_use};
use crate::action::Program;
use crate::cloud_config::disk_setup::{Command, FsSetup, Place};
use crate::module::system::has_program;
use crate::module::{Context, FileSystem};
use crate::text::fill;
use alloc::string::{String, ToString};

/// Plans one.
pub(super) fn plan(disks: &mut Disks<'_>, wanted: &FsSetup<'_>, plan: &mut Plan) -> Result<(), String> {
    let (path, number) = disk(disks.context, wanted.device)?;
    let parts = disks.partitions(&path);
    let place = number.map_or(wanted.place, Place::Partition);
    let (device, by_label) = match place {
        Place::Partition(own) => match parts.iter().find(|part| super::number(&path, part) == Some(own)) {
            Some(device) => (device.clone(), true),
            None => return Err(fill("it has no partition {}", &[&own.to_string()])),
        },
        Place::Whole if !parts.is_empty() && !wanted.overwrite => {
            return Err(fill("{} has partitions", &[&path]));
        }
        Place::Whole => (path, true),
        Place::Auto | Place::Any if parts.is_empty() => (path, place == Place::Auto),
        Place::Auto | Place::Any => match choose(disks, wanted, &parts, place == Place::Auto)? {
            Some(device) => (device, true),
            None => return Ok(()),
        },
    };
    let may_go = |found: &FileSystem| wanted.overwrite || wanted.replace == Some(&*found.kind);
    if let Some(found) = disks.file_system(&device) {
        let stays = !wanted.overwrite || matches!(place, Place::Auto | Place::Any);
        if stays && is_same(&found, wanted, by_label) {
            return Ok(());
        }
        if !may_go(&found) {
            return Err(fill("{} holds {}, and overwrite is not set", &[&device, &found.kind]));
        }
    }
    if is_in_use(disks.context, &device) {
        return Err(fill("{} is in use", &[&device]));
    }
    plan.actions.push(program(disks.context, wanted, &device)?.into());
    let (kind, label, uuid) = (kind(wanted).into(), wanted.label.clone(), String::new());
    disks.filled.push((device, FileSystem { kind, label, uuid }));
    Ok(())
}

/// Of the partitions of a disk the one for a file system; `None` where it is
/// there already.
fn choose(
    disks: &Disks<'_>,
    wanted: &FsSetup<'_>,
    parts: &[String],
    by_label: bool,
) -> Result<Option<String>, String> {
    let mut free = None;
    for device in parts {
        match disks.file_system(device) {
            Some(found) if is_same(&found, wanted, by_label) => return Ok(None),
            Some(found) if wanted.replace == Some(&*found.kind) => return Ok(Some(device.clone())),
            Some(_) => {}
            None => free = free.or(Some(device)),
        }
    }
    free.cloned().map(Some).ok_or_else(|| "none of its partitions is free".into())
}

/// What the kernel calls it; ext2 to ext4 look alike.
fn kind<'w>(wanted: &FsSetup<'w>) -> &'w str {
    match wanted.kind {
        "ext2" | "ext3" => "ext4",
        "fat" | "msdos" => "vfat",
        kind => kind,
    }
}

/// Whether a file system is the wanted one. A FAT's label is in capitals.
fn is_same(found: &FileSystem, wanted: &FsSetup<'_>, by_label: bool) -> bool {
    let label = match kind(wanted) {
        "vfat" => found.label.eq_ignore_ascii_case(&wanted.label),
        _ => found.label == wanted.label,
    };
    found.kind == kind(wanted) && (label || !by_label)
}

/// A word of a command with what stands for this file system put in.
fn filled(word: &str, wanted: &FsSetup<'_>, device: &str) -> String {
    let word = word.replace("%(filesystem)s", wanted.kind).replace("%(label)s", &wanted.label);
    word.replace("%(device)s", device).replace("%%", "%")
}

/// The command that makes it.
fn program(context: &Context<'_>, wanted: &FsSetup<'_>, device: &str) -> Result<Program, String> {
    match &wanted.command {
        Some(Command::Line(line)) => return Ok(Program::new(&["sh", "-c", &filled(line, wanted, device)])),
        Some(Command::Words(words)) => {
            let argv = words.iter().map(|word| filled(word, wanted, device)).collect();
            return Ok(Program { argv, ..Program::default() });
        }
        None => {}
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
