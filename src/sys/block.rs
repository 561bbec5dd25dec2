//! Block devices of the running kernel and what is on them.

use super::disc::last_session;
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

/// Names of the block devices under /sys/class/block, the last one first, as
/// cloud-init tries them.
#[inline(never)]
pub fn devices() -> Vec<String> {
    let mut devices = tree::names_at("/sys/class/block");
    devices.retain(|name| !(name.starts_with("ram") || name.starts_with("loop")));
    devices.reverse();
    devices
}

/// Whether a device is a partition of another.
pub fn is_partition(name: &str) -> bool {
    exists(&["/sys/class/block/", name, "/partition"].concat())
}

/// Whether devices are known to be coming though the kernel is silent: udev
/// has work to do, or a USB disc is given the time to spin up.
#[inline(never)]
pub fn are_on_their_way() -> bool {
    exists("/run/udev/queue") || ["usb-storage", "uas"].iter().any(|driver| are_spinning_up("/sys", driver))
}

/// Whether a disc of a USB driver below `sys` has not been asked what it is:
/// its interface (`1-1:1.0`) has a host and that no target yet.
#[inline(never)]
fn are_spinning_up(sys: &str, driver: &str) -> bool {
    let driver = [sys, "/bus/usb/drivers/", driver].concat();
    tree::names_at(&driver).iter().any(|interface| {
        let interface = [&driver, "/", interface].concat();
        let hosts = tree::names_at(&interface);
        hosts.iter().filter(|name| name.starts_with("host")).any(|host| {
            let parts = tree::names_at(&[&interface, "/", host].concat());
            !parts.iter().any(|name| name.starts_with("target"))
        })
    })
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
    let from = |start| recognise(&mut |at, out| fill(file.as_fd(), out, start + at) == Ok(true));
    // Of a disc with sessions the kernel mounts the last.
    let last = match last_session(file.as_fd()) {
        0 => None,
        start => from(start),
    };
    Ok(last.or_else(|| from(0)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_usb_disc_takes_its_time() {
        let sys = std::env::temp_dir().join(format!("glowplug-block-{}", std::process::id()));
        let host = sys.join("bus/usb/drivers/usb-storage/1-1:1.0/host3");
        let sys_text = sys.to_str().unwrap();
        assert!(!are_spinning_up(sys_text, "usb-storage"), "there is no such driver");
        fs::create_dir_all(host.join("scsi_host")).unwrap();
        assert!(are_spinning_up(sys_text, "usb-storage"));
        fs::create_dir_all(host.join("target3:0:0")).unwrap();
        assert!(!are_spinning_up(sys_text, "usb-storage"));
        fs::remove_dir_all(&sys).unwrap();
    }

    #[test]
    fn devices_come_the_last_name_first() {
        let devices = devices();
        assert!(devices.is_sorted_by(|a, b| a > b), "{devices:?}");
        assert!(
            !devices.iter().any(|name| is_partition(name) && exists(&device_path(name)) && name == "sr0")
        );
    }
}
