//! The kernel's announcements of devices (`NETLINK_KOBJECT_UEVENT`).

use super::socket;
use crate::error::{Error, Result};
use crate::sys::clock;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

/// The kernel's multicast group; udev's own is 2.
const KERNEL: u32 = 1;

/// Bytes of one announcement: `UEVENT_BUFFER_SIZE` and its header line.
const BUFFER: usize = 8192;

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uevent {
    /// A device came, went or changed.
    Device {
        /// `ACTION`: add, remove, change, move, bind, …
        action: String,
        /// `SUBSYSTEM`: net, block, …
        subsystem: String,
        /// `DEVPATH`, below /sys.
        path: String,
        /// `DEVNAME`, below /dev; links of the network have none.
        name: Option<String>,
        /// `DISK_MEDIA_CHANGE`: a drive has another medium, or none.
        is_other_medium: bool,
    },
    /// Announcements were lost: look again at what there is.
    Lost,
}

/// A listener. What happened before [`Uevents::open`] is not heard.
pub struct Uevents {
    fd: OwnedFd,
    buffer: Vec<u8>,
}

impl Uevents {
    /// Begins to listen.
    pub fn open() -> Result<Self> {
        let protocol = Some(rustix::net::netlink::KOBJECT_UEVENT);
        match socket::open(protocol, KERNEL) {
            Ok(fd) => Ok(Self { fd, buffer: vec![0; BUFFER] }),
            Err(errno) => Err(failed(errno)),
        }
    }

    /// The next announcement; `None` when `deadline`, in microseconds of
    /// `CLOCK_MONOTONIC`, passes first.
    #[inline(never)]
    pub fn wait(&mut self, deadline: u64) -> Result<Option<Uevent>> {
        loop {
            let left = deadline.saturating_sub(clock::monotonic()).cast_signed();
            let timeout = Timespec { tv_sec: left / 1_000_000, tv_nsec: left % 1_000_000 * 1000 };
            match rustix::event::poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(failed(errno)),
            }
            match socket::receive(&self.fd, &mut self.buffer) {
                Ok(received) => {
                    if let Some(event) = received.and_then(parse) {
                        return Ok(Some(event));
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS | Errno::MSGSIZE) => return Ok(Some(Uevent::Lost)),
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
}

fn failed(errno: Errno) -> Error {
    Error::os("listen to", "uevents", errno.raw_os_error())
}

/// `add@/devices/…` and `KEY=value`s, each ended by NUL. `None` for anything
/// else.
#[inline(never)]
fn parse(bytes: &[u8]) -> Option<Uevent> {
    let announcement = bytes.split(|byte| *byte == 0).next()?;
    if !announcement.contains(&b'@') {
        return None;
    }
    Some(Uevent::Device {
        action: variable(bytes, b"ACTION=")?,
        subsystem: variable(bytes, b"SUBSYSTEM=")?,
        path: variable(bytes, b"DEVPATH=")?,
        name: variable(bytes, b"DEVNAME="),
        is_other_medium: variable(bytes, b"DISK_MEDIA_CHANGE=").is_some(),
    })
}

/// The value of a variable; `name` ends with `=`.
#[inline(never)]
fn variable(bytes: &[u8], name: &[u8]) -> Option<String> {
    let value = bytes.split(|byte| *byte == 0).find_map(|part| part.strip_prefix(name))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADD: &[u8] = b"add@/devices/virtual/net/veth0\0ACTION=add\0DEVPATH=/devices/virtual/net/veth0\0\
        SUBSYSTEM=net\0INTERFACE=veth0\0IFINDEX=2\0SEQNUM=1\0";

    #[test]
    fn reads_the_kernels_announcement() {
        let event = Uevent::Device {
            action: "add".into(),
            subsystem: "net".into(),
            path: "/devices/virtual/net/veth0".into(),
            name: None,
            is_other_medium: false,
        };
        assert_eq!(parse(ADD), Some(event));
        let disc = b"change@/devices/sr0\0ACTION=change\0DEVPATH=/devices/sr0\0SUBSYSTEM=block\0DEVNAME=sr0\0DISK_MEDIA_CHANGE=1";
        let parsed = parse(disc);
        let Some(Uevent::Device { name: Some(name), is_other_medium: true, .. }) = parsed else {
            panic!("{parsed:?}");
        };
        assert_eq!(name, "sr0");
    }

    #[test]
    fn refuses_what_is_cut_or_changed_without_a_panic() {
        assert_eq!(parse(b"libudev\0\xfe\xed"), None);
        assert_eq!(parse(b""), None);
        for at in 0..ADD.len() {
            let _ = parse(&ADD[..at]);
            for value in [0, b'=', b'@', 0xff] {
                let mut mutated = ADD.to_vec();
                mutated[at] = value;
                let _ = parse(&mutated);
            }
        }
    }
}
