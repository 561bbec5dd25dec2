//! Block devices of the running kernel and what is on them.

use super::netlink::Uevent;
use super::path::open;
use super::reader::Reader;
use super::superblock::{Superblock, recognise};
use super::{clock, tree};
use crate::error::{Error, Result};
use crate::limits;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// Names of the block devices under /sys/class/block, the last one first, as
/// cloud-init tries them.
#[inline(never)]
pub fn devices() -> Vec<String> {
    let mut devices = tree::names_at("/sys/class/block");
    // A floppy drive answers after seconds, if it is there at all.
    let kinds = ["ram", "loop", "fd"];
    let is_of = |name: &str, kind: &str| {
        name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    devices.retain(|name| !kinds.iter().any(|kind| is_of(name, kind)));
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

/// What a device holds.
#[derive(Debug)]
pub enum Content {
    /// There is no device, or no medium in it.
    Nothing,
    /// Nothing but noise, or a file system this program does not know.
    Unknown,
    /// A file system.
    FileSystem(Box<Superblock>),
}

/// The devices, each looked at once as it is, and the time there is for those
/// that don't answer.
pub struct Devices {
    /// Names of those that were looked at, and what they were like.
    looked_at: Vec<(String, String)>,
    /// Microseconds that are left for the slow ones.
    left: u64,
}

impl Default for Devices {
    fn default() -> Self {
        Self { looked_at: Vec::new(), left: limits::DEVICES_ANSWER }
    }
}

impl Devices {
    /// Names of those that were not looked at yet, or have changed, the last
    /// one first, as cloud-init tries them. They count as looked at. Those of
    /// the device mapper come in a call of their own, when there are no others:
    /// they answer as late as what is below them, and seldom are a seed.
    #[inline(never)]
    pub fn fresh(&mut self) -> Vec<String> {
        let is_mapped = |name: &String| name.starts_with("dm-");
        let mut names = self.unseen();
        if !names.iter().all(is_mapped) {
            names.retain(|name| !is_mapped(name));
        }
        self.looked_at.extend(names.iter().map(|name| (name.clone(), state(name))));
        names
    }

    fn unseen(&self) -> Vec<String> {
        let mut names = devices();
        names.retain(|name| !self.looked_at.iter().any(|(seen, _)| seen == name));
        names
    }

    /// Whether [`Devices::fresh`] has more.
    pub fn has_fresh(&self) -> bool {
        !self.unseen().is_empty()
    }

    /// Takes note of what the kernel announces: a device that is as it was is
    /// not looked at again.
    #[inline(never)]
    pub fn note(&mut self, event: &Uevent) {
        match event {
            Uevent::Device { subsystem, name: Some(name), is_other_medium, action, .. }
                if subsystem == "block" =>
            {
                let is_new = *is_other_medium || action == "remove";
                self.looked_at.retain(|(seen, was)| seen != name || !is_new && *was == state(name));
            }
            Uevent::Device { .. } => {}
            Uevent::Lost => self.looked_at.clear(),
        }
    }

    /// What is on /dev/`name`; `slow` is called with its path when that takes
    /// longer than a second.
    #[inline(never)]
    pub fn content(&mut self, name: &str, slow: &mut dyn FnMut(&str)) -> Result<Content> {
        let path = device_path(name);
        if let Some(why) = queues(name) {
            return Err(Error::new("read", path, why));
        }
        if !name.starts_with("sr") && attribute(name, "size").as_deref() == Some("0") {
            return Ok(Content::Nothing);
        }
        let begun = clock::monotonic();
        let time = self.left.clamp(limits::DEVICE_LEAST, limits::DEVICE_ANSWER);
        let content = content_at(&path, begun + time, slow);
        self.left = self.left.saturating_sub(clock::monotonic() - begun);
        content
    }
}

/// An attribute of a device under /sys.
fn attribute(name: &str, attribute: &str) -> Option<String> {
    tree::attribute(&["/sys/class/block/", name, "/", attribute].concat())
}

/// What tells a device from what it was, or from another one of its name:
/// number, sequence number (since Linux 5.15), size, and whether it queues.
#[inline(never)]
fn state(name: &str) -> String {
    let mut state = String::new();
    for key in ["dev", "diskseq", "size", "dm/suspended", "device/state"] {
        state.push_str(&attribute(name, key).unwrap_or_default());
        state.push(' ');
    }
    state
}

/// Why a device is known not to answer: a device-mapper device that is
/// suspended, a SCSI disk that is gone or has lost its transport.
#[inline(never)]
fn queues(name: &str) -> Option<&'static str> {
    if attribute(name, "dm/suspended").as_deref() == Some("1") {
        return Some("it is suspended, and is left out");
    }
    let disk = if is_partition(name) { "../device/state" } else { "device/state" };
    let gone = ["offline", "transport-offline", "blocked", "quiesce"];
    let state = attribute(name, disk)?;
    gone.contains(&state.as_str()).then_some("it is offline or blocked, and is left out")
}

/// The superblock on the device at `path`; `None` when there is none this
/// program knows, no medium, or nothing but noise.
pub fn superblock_at(path: &str) -> Result<Option<Box<Superblock>>> {
    match content_at(path, clock::monotonic() + limits::DEVICE_ANSWER, &mut |_| {})? {
        Content::FileSystem(superblock) => Ok(Some(superblock)),
        Content::Nothing | Content::Unknown => Ok(None),
    }
}

#[inline(never)]
fn content_at(path: &str, deadline: u64, slow: &mut dyn FnMut(&str)) -> Result<Content> {
    const ABSENT: [Errno; 4] = [Errno::NOMEDIUM, Errno::NOENT, Errno::NXIO, Errno::NODEV];
    let mut reader = match Reader::open(path, deadline, slow) {
        Ok(reader) => reader,
        Err(error) if ABSENT.iter().any(|errno| error.errno() == Some(errno.raw_os_error())) => {
            return Ok(Content::Nothing);
        }
        Err(error) => return Err(error),
    };
    let last_session = reader.last_session;
    let mut from = |start: u64| recognise(&mut |at, out| reader.fill(start + at, out));
    // Of a disc with sessions the kernel mounts the last.
    let last = match last_session {
        0 => None,
        start => from(start),
    };
    let found = last.or_else(|| from(0));
    if reader.is_lost() {
        return Err(reader.no_answer());
    }
    Ok(found.map_or(Content::Unknown, Content::FileSystem))
}

/// `/dev/NAME`; the kernel writes `!` for `/` in the name (`cciss!c0d0`).
pub fn device_path(name: &str) -> String {
    ["/dev/", &name.replace('!', "/")].concat()
}

/// Whether there is a device called `path`.
pub fn exists(path: &str) -> bool {
    open(path, OFlags::PATH).is_ok()
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
