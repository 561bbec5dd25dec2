//! Discs that were written more than once: each session has a file system of
//! its own, and the last is the one that the kernel mounts.
#![allow(unsafe_code)]

use core::ffi::c_void;
use rustix::fd::BorrowedFd;
use rustix::io;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl};

/// `struct cdrom_multisession` of <linux/cdrom.h>.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Multisession {
    /// First sector of the last session, of 2048 bytes: the union's `lba`.
    sector: i32,
    /// Whether that means anything.
    has_sessions: u8,
    /// How the address is given.
    format: u8,
}

/// `CDROM_LBA`.
const BY_SECTOR: u8 = 1;

// SAFETY: CDROMMULTISESSION reads and fills exactly this structure; a device
// that is no CD-ROM drive refuses it.
unsafe impl Ioctl for Multisession {
    type Output = Self;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        0x5310
    }

    fn as_ptr(&mut self) -> *mut c_void {
        core::ptr::from_mut(self).cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, filled: *mut c_void) -> io::Result<Self> {
        // SAFETY: it is what `as_ptr` gave.
        Ok(unsafe { *filled.cast::<Self>() })
    }
}

/// The byte at which the last session of the disc in an open drive begins; 0
/// for one with a single session, and for what is no such drive.
pub(super) fn last_session(drive: BorrowedFd<'_>) -> u64 {
    let question = Multisession { sector: 0, has_sessions: 0, format: BY_SECTOR };
    // SAFETY: the structure is the one this call takes.
    unsafe { ioctl(drive, question) }.map_or(0, start)
}

/// As isofs has it (`isofs_get_last_session`).
fn start(answer: Multisession) -> u64 {
    if answer.has_sessions == 0 { 0 } else { u64::try_from(answer.sector).unwrap_or(0) * 2048 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::AsFd;

    #[test]
    fn a_session_begins_where_the_drive_says() {
        let of = |sector, has_sessions| start(Multisession { sector, has_sessions, format: BY_SECTOR });
        assert_eq!((of(1000, 1), of(1000, 0), of(-1, 1)), (2_048_000, 0, 0));
        assert_eq!(size_of::<Multisession>(), 8);
        let null = super::super::path::open("/dev/null", rustix::fs::OFlags::RDONLY).unwrap();
        assert_eq!(last_session(null.as_fd()), 0);
    }
}
