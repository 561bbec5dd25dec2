//! A partition table.

use super::{Context, Plan, disk, is_in_use, partition, partitions};
use crate::action::Program;
use crate::cloud_config::disk_setup::{Disk, Table};
use crate::fetch;
use crate::module::system::has_program;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Sectors of 512 bytes in a mebibyte: where partitions begin and end.
const MEBIBYTE: u64 = 2048;

/// Plans the table of a disk; the value is the partitions it will have, none
/// where it has as many already.
pub(super) fn plan(context: &Context<'_>, wanted: &Disk<'_>, plan: &mut Plan) -> Result<Vec<String>, String> {
    let (path, _) = disk(context, wanted.name)?;
    let folder = ["/sys/class/block/", path.strip_prefix("/dev/").unwrap_or_default()].concat();
    let size = fetch::text(context.root, &[&folder, "/size"].concat())
        .and_then(|size| size.trim_ascii().parse::<u64>().ok());
    let Some(size) = size.filter(|_| context.root.mode(&[&folder, "/partition"].concat()).is_none()) else {
        return Err(fill("{} is not a whole disk", &[&path]));
    };
    let present = partitions(context, &path);
    if !wanted.overwrite {
        if !present.is_empty() && present.len() == wanted.layout.len() {
            return Ok(Vec::new());
        }
        let there = context.host.file_system(&path).map(|found| found.kind);
        if let Some(what) = there.or_else(|| (!present.is_empty()).then(|| "partitions".into())) {
            return Err(fill("it holds {}, and overwrite is not set", &[&what]));
        }
    }
    if is_in_use(context, &path) {
        return Err("it is in use".into());
    }
    let program = program(context, wanted, &path, size)?;
    plan.actions.push(program.into());
    if has_program(context.root, "udevadm") {
        plan.actions.push(Program::new(&["udevadm", "settle"]).into());
    }
    Ok((1..=wanted.layout.len()).map(|number| partition(&path, number)).collect())
}

/// What writes the table: sfdisk(8), or for GPT sgdisk(8), or parted(8).
fn program(context: &Context<'_>, wanted: &Disk<'_>, path: &str, size: u64) -> Result<Program, String> {
    let has = |name| has_program(context.root, name);
    let sizes = sizes(wanted, size)?;
    if has("sfdisk") {
        let mut input =
            String::from(if wanted.table == Table::Gpt { "label: gpt\n" } else { "label: dos\n" });
        for ((_, kind), size) in wanted.layout.iter().zip(&sizes) {
            let size = size.map(|size| fill("size={}, ", &[&size.to_string()])).unwrap_or_default();
            input.push_str(&fill("{}type={}\n", &[&size, sfdisk_type(wanted.table, kind)]));
        }
        let argv = ["sfdisk", "--wipe", "always", "--wipe-partitions", "always", path];
        return Ok(Program { input: input.into_bytes(), ..Program::new(&argv) });
    }
    if has("sgdisk") && wanted.table == Table::Gpt {
        let mut argv: Vec<String> = ["sgdisk", "-Z"].map(String::from).into();
        for (at, ((_, kind), size)) in wanted.layout.iter().zip(&sizes).enumerate() {
            let (number, kind) = ((at + 1).to_string(), sgdisk_type(kind));
            let end = size.map_or_else(|| "0".into(), |size| fill("+{}", &[&size.to_string()]));
            argv.extend([
                "-n".into(),
                fill("{}:0:{}", &[&number, &end]),
                "-t".into(),
                fill("{}:{}", &[&number, &kind]),
            ]);
        }
        argv.push(path.into());
        return Ok(Program { argv, ..Program::default() });
    }
    if has("parted") {
        let label = if wanted.table == Table::Gpt { "gpt" } else { "msdos" };
        let mut argv: Vec<String> =
            ["parted", "-s", "-a", "optimal", path, "mklabel", label].map(String::from).into();
        let mut begin = 0;
        for (part, _) in &wanted.layout {
            let (from, to) =
                (fill("{}%", &[&begin.to_string()]), fill("{}%", &[&(begin + part).to_string()]));
            argv.extend(["mkpart".into(), "primary".into(), from, to]);
            begin += part;
        }
        return Ok(Program { argv, ..Program::default() });
    }
    Err("the root has no sfdisk, sgdisk or parted".into())
}

/// Sectors of each partition; `None` for one that takes what is left.
fn sizes(wanted: &Disk<'_>, size: u64) -> Result<Vec<Option<u64>>, String> {
    let usable = size.saturating_sub(2 * MEBIBYTE);
    let mut left: u32 = 100;
    let mut sizes = Vec::new();
    for (part, _) in &wanted.layout {
        left = left.saturating_sub(*part);
        let own = usable / 100 * u64::from(*part) / MEBIBYTE * MEBIBYTE;
        if own == 0 {
            return Err("the disk is too small for its partitions".into());
        }
        sizes.push((left > 0).then_some(own));
    }
    Ok(sizes)
}

/// A type as sfdisk(8) takes it: what stands for both tables, or itself.
fn sfdisk_type(table: Table, kind: &str) -> &str {
    match (kind.to_ascii_uppercase().as_str(), table) {
        ("" | "83" | "8300", _) => "L",
        ("82" | "8200", _) => "S",
        ("EF" | "EF00", _) => "U",
        ("FD" | "FD00", _) => "R",
        ("8E" | "8E00", _) => "V",
        _ => kind,
    }
}

/// A type as sgdisk(8) takes it: four digits.
fn sgdisk_type(kind: &str) -> String {
    match kind.len() {
        0 => "8300".into(),
        2 => [kind, "00"].concat(),
        _ => kind.into(),
    }
}
