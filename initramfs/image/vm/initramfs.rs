//! The initramfs: the agent as /init, the modules it loads, and nothing else.

use std::fs;
use std::path::Path;

use glowplug::error::Result;

use super::cpio::Archive;
use super::host;
use super::kernel::Kernel;

/// Modules a machine of ours can't do without: its disk, its drive, its NICs.
const NEEDED: &[&str] =
    &["virtio_pci", "virtio_blk", "virtio_scsi", "sr_mod", "sd_mod", "nvme", "isofs", "virtio_net"];

/// Modules that are packed where the kernel has them: what ext4 asks for by
/// name, random numbers, a config drive on FAT or USB, and kinds of links, which
/// the agent loads when it makes one.
const WELCOME: &[&str] = &[
    "crc32c_generic",
    "virtio_rng",
    "vfat",
    "nls_cp437",
    "nls_ascii",
    "nls_iso8859_1",
    "xhci_pci",
    "usb_storage",
    "bonding",
    "bridge",
    "8021q",
    "dummy",
];

/// Packs the archive into the file `to`; with the `runner`, for a root that
/// has none, and with the module `file_system` of a root that is not ext4.
pub(crate) fn pack(
    agent: &Path,
    runner: Option<&Path>,
    kernel: &Kernel,
    file_system: &str,
    to: &Path,
) -> Result<()> {
    let mut archive = Archive::default();
    archive.character_device("dev/console", 5, 1);
    archive.file("init", 0o755, &fs::read(agent).map_err(host::io("read", agent))?);
    if let Some(runner) = runner {
        archive.folder("usr/bin");
        archive.file("usr/bin/glowplug", 0o755, &fs::read(runner).map_err(host::io("read", runner))?);
    }
    let folder = format!("lib/modules/{}", kernel.version);
    archive.folder(&folder);
    let mut lines = String::new();
    for module in kernel.closure(&[NEEDED, &[file_system]].concat(), WELCOME)? {
        archive.file(&format!("{folder}/{}", module.path), 0o644, &module.content()?);
        lines.push_str(&module.line());
    }
    archive.file(&format!("{folder}/modules.dep"), 0o644, lines.as_bytes());
    fs::write(to, archive.finish()).map_err(host::io("write", to))
}
