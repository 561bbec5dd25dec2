//! A partition table.

use super::{Disks, Plan, disk, is_in_use};
use crate::action::Program;
use crate::cloud_config::disk_setup::{Disk, Layout, Table, WHOLE};
use crate::fetch::{self, may_exist};
use crate::module::system::has_program;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Sectors of 512 bytes in a mebibyte: where partitions begin and end.
const MEBIBYTE: u64 = 2048;

/// Plans the table of a disk. One that has as many partitions already keeps
/// them, whatever may be overwritten: this runs anew with each instance.
pub(super) fn plan(disks: &mut Disks<'_>, wanted: &Disk<'_>, plan: &mut Plan) -> Result<(), String> {
    let context = disks.context;
    let (path, _) = disk(context, wanted.name)?;
    let folder = ["/sys/class/block/", path.strip_prefix("/dev/").unwrap_or_default()].concat();
    let size = fetch::text(context.root, &[&folder, "/size"].concat())
        .and_then(|size| size.trim_ascii().parse::<u64>().ok());
    let Some(size) = size.filter(|_| !may_exist(context.root, &[&folder, "/partition"].concat())) else {
        return Err(fill("{} is not a whole disk", &[&path]));
    };
    let present = disks.partitions(&path);
    let one = [(WHOLE, String::new())];
    let parts: &[(u32, String)] = match &wanted.layout {
        Layout::None => &[],
        Layout::One => &one,
        Layout::Parts(parts) => parts,
    };
    let is_right = match wanted.layout {
        Layout::None => false,
        Layout::One => !present.is_empty(),
        Layout::Parts(_) => present.len() == parts.len(),
    };
    if is_right {
        return Ok(());
    }
    if !wanted.overwrite && wanted.layout != Layout::None {
        let there = disks.file_system(&path).map(|found| found.kind);
        if let Some(what) = (!present.is_empty()).then(|| "partitions".into()).or(there) {
            return Err(fill("it holds {}, and overwrite is not set", &[&what]));
        }
    }
    if is_in_use(context, &path) {
        return Err("it is in use".into());
    }
    if parts.is_empty() {
        plan.actions.push(remove(&path, &present, size).into());
    } else {
        plan.actions.push(program(disks, wanted.table, parts, &path, size)?.into());
    }
    if has_program(context.root, "udevadm") {
        plan.actions.push(Program::repeatable(&["udevadm", "settle"]).into());
    }
    disks.replace_table(&path, parts.len());
    Ok(())
}

/// Of a disk of so many sectors and its partitions nothing is left that says
/// what they held; the kernel hears of it. A table's signature alone is not all of
/// a table, and a partition may be smaller than what is written.
const REMOVE: &str = "disk=$1 size=$2\n\
    shift 2\n\
    zero() { dd if=/dev/zero bs=512 count=2048 of=\"$@\"; }\n\
    for partition; do\n\
    wipefs --all \"$partition\" || zero \"$partition\"\n\
    done\n\
    zero \"$disk\" && zero \"$disk\" seek=$((size - 2048)) && blockdev --rereadpt \"$disk\"\n";

/// What empties a disk of so many sectors.
fn remove(path: &str, present: &[String], size: u64) -> Program {
    let sectors = size.max(MEBIBYTE).to_string();
    let mut argv = ["sh", "-c", REMOVE, "remove", path, &sectors].map(String::from).to_vec();
    argv.extend_from_slice(present);
    Program { argv, ..Program::default() }
}

/// What writes the table: for GPT sgdisk(8), whose numbers for types the
/// configuration has; else sfdisk(8), or parted(8).
fn program(
    disks: &Disks<'_>,
    table: Table,
    parts: &[(u32, String)],
    path: &str,
    size: u64,
) -> Result<Program, String> {
    let has = |name| has_program(disks.context.root, name);
    if table == Table::Mbr && parts.len() > 4 {
        return Err("an MBR has room for four partitions".into());
    }
    let sizes = sizes(parts, size)?;
    let kinds = parts.iter().map(|(_, kind)| &**kind);
    if table == Table::Gpt && has("sgdisk") {
        return Ok(sgdisk(kinds, &sizes, path));
    }
    if has("sfdisk") {
        return Ok(sfdisk(table, kinds, &sizes, path));
    }
    if has("parted") {
        return parted(table, kinds, &sizes, path);
    }
    Err("the root has no sfdisk, sgdisk or parted".into())
}

/// Sectors of each partition; `None` for the last one, which takes what is left.
fn sizes(parts: &[(u32, String)], size: u64) -> Result<Vec<Option<u64>>, String> {
    let usable = u128::from(size.saturating_sub(2 * MEBIBYTE));
    let mut sizes = Vec::new();
    for (at, (part, _)) in parts.iter().enumerate() {
        let own = usable * u128::from(*part) / u128::from(WHOLE);
        let own = u64::try_from(own).unwrap_or(u64::MAX) / MEBIBYTE * MEBIBYTE;
        if own == 0 {
            return Err("the disk is too small for its partitions".into());
        }
        sizes.push((at + 1 < parts.len()).then_some(own));
    }
    Ok(sizes)
}

fn sgdisk<'k>(kinds: impl Iterator<Item = &'k str>, sizes: &[Option<u64>], path: &str) -> Program {
    let mut argv: Vec<String> = ["sgdisk", "-Z"].map(String::from).into();
    for (at, (kind, size)) in kinds.zip(sizes).enumerate() {
        let number = (at + 1).to_string();
        let end = size.map_or_else(|| "0".into(), |size| fill("+{}", &[&size.to_string()]));
        argv.extend(["-n".into(), fill("{}:0:{}", &[&number, &end])]);
        let kind = match kind.len() {
            0 => "8300".into(),
            2 => [kind, "00"].concat(),
            _ => kind.into(),
        };
        argv.extend(["-t".into(), fill("{}:{}", &[&number, &kind])]);
    }
    argv.push(path.into());
    Program { argv, ..Program::default() }
}

fn sfdisk<'k>(
    table: Table,
    kinds: impl Iterator<Item = &'k str>,
    sizes: &[Option<u64>],
    path: &str,
) -> Program {
    let mut input = String::from(if table == Table::Gpt { "label: gpt\n" } else { "label: dos\n" });
    for (kind, size) in kinds.zip(sizes) {
        let size = size.map(|size| fill("size={}, ", &[&size.to_string()])).unwrap_or_default();
        input.push_str(&fill("{}type={}\n", &[&size, sfdisk_type(table, kind)]));
    }
    let argv = ["sfdisk", "--wipe", "always", "--wipe-partitions", "always", path];
    Program { input: input.into_bytes(), ..Program::new(&argv) }
}

/// A type as sfdisk(8) takes it: what stands for both tables, a GUID for what
/// sgdisk(8) has a number for, or itself.
fn sfdisk_type(table: Table, kind: &str) -> &str {
    match (kind.to_ascii_uppercase().as_str(), table) {
        ("" | "83" | "8300", _) => "L",
        ("82" | "8200", _) => "S",
        ("EF" | "EF00", _) => "U",
        ("FD" | "FD00", _) => "R",
        ("8E" | "8E00", _) => "V",
        ("07" | "0700" | "0B" | "0B00" | "0C" | "0C00", Table::Gpt) => "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
        ("EF02", Table::Gpt) => "21686148-6449-6E6F-744E-656564454649",
        ("8302", Table::Gpt) => "H",
        ("8304", Table::Gpt) => "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
        _ => kind,
    }
}

/// By parted(8), which has no numbers for types.
fn parted<'k>(
    table: Table,
    kinds: impl Iterator<Item = &'k str>,
    sizes: &[Option<u64>],
    path: &str,
) -> Result<Program, String> {
    let label = if table == Table::Gpt { "gpt" } else { "msdos" };
    let mut argv: Vec<String> =
        ["parted", "-s", "-a", "optimal", path, "mklabel", label].map(String::from).into();
    let (mut start, mut flags) = (MEBIBYTE, Vec::new());
    for (at, (kind, size)) in kinds.zip(sizes).enumerate() {
        let (holds, flag) = match sfdisk_type(table, kind) {
            "L" => ("ext2", None),
            "S" => ("linux-swap", None),
            "U" => ("fat32", Some("esp")),
            "R" => ("ext2", Some("raid")),
            "V" => ("ext2", Some("lvm")),
            _ => return Err(fill("parted makes no partition of type {}", &[kind])),
        };
        let end = size.map(|size| fill("{}s", &[&(start + size - 1).to_string()]));
        argv.extend(["mkpart".into(), "primary".into(), holds.into()]);
        argv.extend([fill("{}s", &[&start.to_string()]), end.unwrap_or_else(|| "100%".into())]);
        if let Some(flag) = flag {
            flags.extend(["set".into(), (at + 1).to_string(), flag.into(), "on".into()]);
        }
        start += size.unwrap_or_default();
    }
    argv.append(&mut flags);
    Ok(Program { argv, ..Program::default() })
}
