//! Block devices of the running kernel and what is on them.

use super::path::{fill, open};
use super::superblock::{Superblock, recognise};
use super::{failed, tree};
use crate::error::Result;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fd::AsFd;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// Names of the block devices under /sys/class/block, optical drives first
/// (`sr0`, `sr1`), then the others in reverse order, as cloud-init tries them.
#[inline(never)]
pub fn devices() -> Vec<String> {
    let mut devices = Vec::new();
    let mut optical = 0;
    for name in &tree::names_at("/sys/class/block") {
        let is_optical = name.starts_with("sr");
        if is_optical || !(name.starts_with("ram") || name.starts_with("loop")) {
            devices.insert(optical, name.clone());
            optical += usize::from(is_optical);
        }
    }
    devices
}

/// The superblock on /dev/`name`, as [`superblock_at`].
pub fn superblock(name: &str) -> Result<Option<Box<Superblock>>> {
    superblock_at(&device_path(name))
}

/// The superblock on the device at `path`; `None` when there is none this
/// program knows, no medium, or nothing but noise.
#[inline(never)]
pub fn superblock_at(path: &str) -> Result<Option<Box<Superblock>>> {
    let file = match open(path, OFlags::RDONLY | OFlags::NONBLOCK) {
        Ok(file) => file,
        Err(Errno::NOMEDIUM | Errno::NOENT | Errno::NXIO | Errno::NODEV) => return Ok(None),
        Err(errno) => return Err(failed("open", path, errno)),
    };
    Ok(recognise(&mut |at, out| fill(file.as_fd(), out, at) == Ok(true)))
}

/// `/dev/NAME`; the kernel writes `!` for `/` in the name (`cciss!c0d0`).
pub fn device_path(name: &str) -> String {
    ["/dev/", &name.replace('!', "/")].concat()
}

/// Whether there is a device called `path`.
pub fn exists(path: &str) -> bool {
    open(path, OFlags::PATH).is_ok()
}

/// Whether a removable drive holds a medium.
pub fn has_medium(name: &str) -> bool {
    // Without a medium an optical drive opens only O_NONBLOCK.
    open(&device_path(name), OFlags::RDONLY).is_ok()
}
