//! Reading a device that may never answer: by a process [aside](super::aside).
#![allow(unsafe_code)]

use super::aside::{Aside, write_all};
use super::disc::last_session;
use super::failed;
use super::path::terminated;
use crate::error::{Error, Result};
use core::ffi::CStr;
use rustix::event::Timespec;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, read};
use syscalls::{Sysno, syscall};

/// Most bytes of one read.
pub(super) const MOST: usize = 512;

/// What goes first in an answer: an error number, or 0.
const HEAD: usize = 4;

/// A device that is open in a process of its own.
pub(super) struct Reader<'a> {
    aside: Aside<'a>,
    /// The byte at which the last session of a disc begins; 0 without sessions.
    pub(super) last_session: u64,
}

impl<'a> Reader<'a> {
    /// Opens the device at `path`. All that is asked of it has to be answered
    /// up to `deadline`; ENOMEDIUM where a drive is empty or its tray is open.
    pub(super) fn open(path: &'a str, deadline: u64, slow: &'a mut dyn FnMut(&str)) -> Result<Self> {
        let name = terminated(path).map_err(|errno| failed("read", path, errno))?;
        let child = |requests: &OwnedFd, answers: &OwnedFd| serve(&name, requests, answers);
        let mut reader = Self { aside: Aside::start(path, deadline, slow, &child)?, last_session: 0 };
        let mut start = [0; 8];
        match reader.answer(&mut start) {
            Ok(()) => {
                reader.last_session = u64::from_ne_bytes(start);
                Ok(reader)
            }
            Err(_) if reader.is_lost() => Err(reader.no_answer()),
            Err(errno) => Err(failed("open", path, errno)),
        }
    }

    /// Fills at most [`MOST`] bytes from those at `at` on; false where that
    /// can't be.
    pub(super) fn fill(&mut self, at: u64, out: &mut [u8]) -> bool {
        let mut request = [0; 16];
        request[..8].copy_from_slice(&at.to_ne_bytes());
        request[8..].copy_from_slice(&(out.len() as u64).to_ne_bytes());
        self.aside.ask(&request) && self.answer(out).is_ok()
    }

    /// Whether it did not answer in time.
    pub(super) fn is_lost(&self) -> bool {
        self.aside.is_lost
    }

    /// Why nothing more is asked of it.
    pub(super) fn no_answer(&self) -> Error {
        self.aside.no_answer()
    }

    /// Waits for an answer with as many bytes as `out`.
    #[inline(never)]
    fn answer(&mut self, out: &mut [u8]) -> core::result::Result<(), Errno> {
        let mut answer = [0; HEAD + MOST];
        let count = self.aside.read(&mut answer)?;
        let (head, bytes) = answer.split_at(HEAD);
        let errno = i32::from_ne_bytes([head[0], head[1], head[2], head[3]]);
        match bytes.get(..count.saturating_sub(HEAD)) {
            _ if errno != 0 => Err(Errno::from_raw_os_error(errno)),
            Some(bytes) if count >= HEAD && bytes.len() == out.len() => {
                out.copy_from_slice(bytes);
                Ok(())
            }
            _ => Err(Errno::IO),
        }
    }
}

/// The child: opens the device, and answers until nobody asks any more. It
/// allocates nothing.
fn serve(path: &CStr, requests: &OwnedFd, answers: &OwnedFd) {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).and_then(|device| {
        let mut start = 0;
        if path.to_bytes().starts_with(b"/dev/sr") {
            has_medium(device.as_fd())?;
            start = last_session(device.as_fd());
        }
        Ok((device, start))
    });
    match opened {
        Ok((device, start)) => {
            let mut opened = [0; HEAD + 8];
            opened[HEAD..].copy_from_slice(&start.to_ne_bytes());
            let mut alive = write_all(answers, &opened);
            while alive {
                alive = answer_one(&device, requests, answers).is_some();
            }
        }
        Err(errno) => {
            write_all(answers, &errno.raw_os_error().to_ne_bytes());
        }
    }
}

/// Reads what one request asks for; `None`: there is none any more.
fn answer_one(device: &OwnedFd, requests: &OwnedFd, answers: &OwnedFd) -> Option<()> {
    let mut request = [0; 16];
    if read(requests, &mut request) != Ok(16) {
        return None;
    }
    let [at, length] = [&request[..8], &request[8..]].map(|half| half.try_into().map(u64::from_ne_bytes));
    let mut answer = [0; HEAD + MOST];
    let length = usize::try_from(length.ok()?).ok()?;
    let (head, bytes) = answer.split_at_mut(HEAD);
    let bytes = bytes.get_mut(..length)?;
    let outcome = super::path::fill(device.as_fd(), bytes, at.ok()?);
    let errno = match outcome {
        Ok(true) => 0,
        Ok(false) => Errno::IO.raw_os_error(),
        Err(errno) => errno.raw_os_error(),
    };
    head.copy_from_slice(&errno.to_ne_bytes());
    let answer = answer.get(..HEAD + length)?;
    write_all(answers, answer).then_some(())
}

/// ENOMEDIUM where an optical drive says that it is empty or open. A drive that
/// has just got its medium is waited for.
fn has_medium(drive: BorrowedFd<'_>) -> core::result::Result<(), Errno> {
    /// linux/cdrom.h
    const CDROM_DRIVE_STATUS: usize = 0x5326;
    const CURRENT: usize = 0x7fff_ffff;
    const NO_DISC: usize = 1;
    const TRAY_OPEN: usize = 2;
    const NOT_READY: usize = 3;
    loop {
        // SAFETY: this ioctl takes a number and writes to no memory.
        let status = unsafe { syscall!(Sysno::ioctl, drive.as_raw_fd(), CDROM_DRIVE_STATUS, CURRENT) };
        match status {
            Ok(NO_DISC | TRAY_OPEN) => return Err(Errno::NOMEDIUM),
            Ok(NOT_READY) => {
                let pause = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
                let _ = rustix::event::poll(&mut [], Some(&pause));
            }
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clock;
    use std::fs;

    fn soon() -> u64 {
        clock::monotonic() + 1_500_000
    }

    #[test]
    fn what_answers_is_read_and_its_reader_ends() {
        let path = std::env::temp_dir().join(format!("glowplug-reader-{}", std::process::id()));
        fs::write(&path, [[1; 600], [2; 600]].concat()).unwrap();
        let mut slow = |_: &str| panic!("a file is quick");
        let mut reader = Reader::open(path.to_str().unwrap(), soon(), &mut slow).unwrap();
        let mut bytes = [0; 512];
        assert!(reader.fill(599, &mut bytes));
        assert_eq!((bytes[0], bytes[1], bytes[511]), (1, 2, 2));
        assert!(!reader.fill(1100, &mut bytes), "it ends before");
        assert!(reader.fill(0, &mut bytes[..1]), "and is asked on");
        let process = reader.aside.process;
        drop(reader);
        assert!(rustix::process::test_kill_process(process).is_err(), "nothing of it is left");
        fs::remove_file(&path).unwrap();
        let error = Reader::open("/dev/none", soon(), &mut slow).map(drop).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::NOENT.raw_os_error()));
    }
}
