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

/// Fails unless sfdisk(8) finds nothing wrong with a disk's table.
pub(crate) fn check_table(disk: &Path) {
    let output = host::command("sfdisk").unwrap().arg("--verify").arg(disk).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("No errors detected"), "{said}");
}

/// Fails unless e2fsck(8) has nothing to say of the file system that begins
/// `start` bytes into a disk, or nothing that a mount would not mend. It looks
/// at a copy: it loses the offset when it opens a file again.
pub(crate) fn check_file_system(disk: &Path, start: u64) {
    let copied = disk.with_extension("file-system");
    let mut copy = host::command("dd").unwrap();
    copy.args([format!("if={}", disk.display()), format!("of={}", copied.display())]);
    copy.args(["bs=1M", &format!("skip={}", start / MEBIBYTE), "conv=sparse", "status=none"]);
    host::run(&mut copy, "copy", disk).unwrap();
    let output = host::command("e2fsck").unwrap().args(["-f", "-p"]).arg(&copied).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {said}", output.status);
}
