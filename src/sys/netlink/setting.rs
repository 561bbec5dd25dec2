//! Settings of a link that rtnetlink can't make: ethtool's, by ioctl
//! (linux/ethtool.h), and those of IPv6, by /proc/sys.

#![allow(unsafe_code, reason = "rustix has no ethtool")]

use super::Netlink;
use crate::error::Result;
use crate::sys::{failed, path};
use alloc::string::String;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// The request that passes ethtool's commands (linux/sockios.h).
const SIOCETHTOOL: usize = 0x8946;

/// Commands of ethtool.
const GET_DRIVER: u32 = 3;
const SET_WAKE_ON_LAN: u32 = 6;

/// `WAKE_MAGIC`.
const MAGIC_PACKET: u32 = 1 << 5;

/// `struct ethtool_wolinfo`, its password in two words.
type WakeOnLan = [u32; 5];

/// `struct ethtool_drvinfo`: the command, then the driver's name in 32 bytes.
type Driver = [u32; 49];

/// `struct ifreq` with a pointer in its union.
#[repr(C)]
struct Request {
    name: [u8; 16],
    data: *mut u32,
    rest: [u64; 2],
}

impl Netlink {
    /// The driver behind the link called `name`; `None` where it has none, as
    /// `lo`.
    pub fn driver(&self, name: &str) -> Option<String> {
        let mut driver: Driver = [0; 49];
        driver[0] = GET_DRIVER;
        self.ethtool(name, &mut driver).ok()?;
        let mut bytes = driver.iter().skip(1).take(8).flat_map(|word| word.to_ne_bytes());
        let mut text = String::new();
        while let Some(byte @ 0x20..0x7f) = bytes.next() {
            text.push(char::from(byte));
        }
        (!text.is_empty()).then_some(text)
    }

    #[inline(never)]
    pub(super) fn wake_on_magic_packet(&self, name: &str) -> Result<()> {
        let mut wanted: WakeOnLan = [SET_WAKE_ON_LAN, 0, MAGIC_PACKET, 0, 0];
        self.ethtool(name, &mut wanted).map_err(|errno| failed("set wake-on-lan of", name, errno))
    }

    /// Lets ethtool's command in the first word of `data` do its work.
    #[inline(never)]
    fn ethtool(&self, name: &str, data: &mut [u32]) -> core::result::Result<(), Errno> {
        let mut request = Request { name: [0; 16], data: data.as_mut_ptr(), rest: [0; 2] };
        let Some(place) = request.name.get_mut(..name.len()).filter(|place| place.len() < 16) else {
            return Err(Errno::NODEV);
        };
        place.copy_from_slice(name.as_bytes());
        let fd = self.socket.number();
        // SAFETY: the request is a `struct ifreq` whose pointer is to `data`;
        // both outlive the call, and `data` has the size of the structure that
        // belongs to its command: the kernel writes no more than that.
        let outcome = unsafe {
            syscalls::syscall3(
                syscalls::Sysno::ioctl,
                fd,
                SIOCETHTOOL,
                (&raw mut request).expose_provenance(),
            )
        };
        outcome.map(drop).map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
    }
}

/// `net.ipv6.conf.NAME.accept_ra`. Without IPv6 nothing is accepted.
#[inline(never)]
pub(super) fn accept_advertisements(name: &str, accept: bool) -> Result<()> {
    let file = ["/proc/sys/net/ipv6/conf/", name, "/accept_ra"].concat();
    let value = if accept { b"1" } else { b"0" };
    let written = path::open(&file, OFlags::WRONLY).and_then(|file| rustix::io::write(file, value));
    match written {
        Ok(_) => Ok(()),
        Err(Errno::NOENT) if !accept => Ok(()),
        Err(errno) => Err(failed("write", &file, errno)),
    }
}
