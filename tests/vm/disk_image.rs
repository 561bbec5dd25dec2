//! Disks as files: with partitions, blank ones, and what is in them.

use std::fs::{self, File};
use std::path::Path;

use glowplug::error::Result;

use crate::vm::host;

/// Bytes in a mebibyte, where partitions begin and end.
const MEBIBYTE: u64 = 1 << 20;

/// Makes the image of a file system one of a disk with a partition table, as
/// images for clouds are: the file system is partition 1, with a small
/// partition 2 before it, and there is no room behind. The value is where it
/// begins, in bytes. `table` is sfdisk(8)'s word, `gpt` or `dos`.
pub(crate) fn partition(image: &Path, table: &str) -> Result<u64> {
    let start = 2 * MEBIBYTE;
    let bytes = fs::metadata(image).map_err(host::io("read", image))?.len();
    let disk = image.with_extension("disk");
    // behind it is the second table of GPT
    enlarge(&disk, start + bytes + MEBIBYTE)?;
    let layout = image.with_extension("layout");
    let size = bytes / 512;
    let text = format!("label: {table}\np2 : start=2048, size=2048\np1 : start=4096, size={size}\n");
    fs::write(&layout, text).map_err(host::io("write", &layout))?;
    let mut sfdisk = host::command("sfdisk")?;
    sfdisk.arg("--quiet").arg(&disk).stdin(File::open(&layout).map_err(host::io("read", &layout))?);
    host::run(&mut sfdisk, "partition", &disk)?;
    let mut copy = host::command("dd")?;
    let (from, to) = (image.display(), disk.display());
    copy.args([format!("if={from}"), format!("of={to}")]);
    copy.args(["bs=1M", "seek=2", "conv=notrunc,sparse", "status=none"]);
    host::run(&mut copy, "copy", image)?;
    fs::rename(&disk, image).map_err(host::io("make", image))?;
    Ok(start)
}

/// Makes a file, or makes it larger; what is new in it is empty.
pub(crate) fn enlarge(file: &Path, bytes: u64) -> Result<()> {
    let opened = File::options().create(true).truncate(false).write(true).open(file);
    opened.and_then(|opened| opened.set_len(bytes)).map_err(host::io("make", file))
}
