//! Reading a device that may never answer.
//!
//! A read that the kernel has begun can't be taken back: who waits for it
//! sleeps until the device answers, and requests of aio(7) and `io_uring(7)` are
//! waited for when their process ends (`exit_aio`) or becomes another program
//! (`io_uring_task_cancel`). So a process of its own opens and reads the device
//! and is left behind when it does not answer in time.
#![allow(unsafe_code)]

use super::disc::last_session;
use super::path::terminated;
use super::{clock, failed};
use crate::error::{Error, Result};
use alloc::string::String;
use core::ffi::CStr;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use syscalls::{Sysno, syscall};

/// Most bytes of one read.
pub(super) const MOST: usize = 512;

/// Microseconds after which a device is called slow.
const SLOW: u64 = 1_000_000;

/// What goes first in an answer: an error number, or 0.
const HEAD: usize = 4;

/// What a process of its own does: it reads the device at a path, takes
/// requests from one pipe and writes answers to another.
type Child = fn(&CStr, &OwnedFd, &OwnedFd) -> !;

/// A device that is open in a process of its own.
pub(super) struct Reader<'a> {
    process: Pid,
    requests: Option<OwnedFd>,
    answers: OwnedFd,
    path: &'a str,
    /// Microseconds of the monotonic clock.
    deadline: u64,
    /// Called once, when it is slow.
    slow: Option<&'a mut dyn FnMut(&str)>,
    /// The byte at which the last session of a disc begins; 0 without sessions.
    pub(super) last_session: u64,
    /// Whether it did not answer in time.
    pub(super) is_lost: bool,
}

impl<'a> Reader<'a> {
    /// Opens the device at `path`. All that is asked of it has to be answered
    /// up to `deadline`; ENOMEDIUM where a drive is empty or its tray is open.
    pub(super) fn open(path: &'a str, deadline: u64, slow: &'a mut dyn FnMut(&str)) -> Result<Self> {
        Self::start(path, deadline, slow, serve)
    }

    fn start(path: &'a str, deadline: u64, slow: &'a mut dyn FnMut(&str), child: Child) -> Result<Self> {
        let start = || {
            let name = terminated(path)?;
            let (theirs, requests) = pipe_with(PipeFlags::CLOEXEC)?;
            let (answers, ours) = pipe_with(PipeFlags::CLOEXEC)?;
            let process = fork(child, &name, &theirs, &ours)?;
            Ok((process, requests, answers))
        };
        let (process, requests, answers) = start().map_err(|errno| failed("read", path, errno))?;
        let (requests, slow) = (Some(requests), Some(slow));
        let (last_session, is_lost) = (0, false);
        let mut reader = Self { process, requests, answers, path, deadline, slow, last_session, is_lost };
        let mut start = [0; 8];
        match reader.answer(&mut start) {
            Ok(()) => {
                reader.last_session = u64::from_ne_bytes(start);
                Ok(reader)
            }
            Err(_) if reader.is_lost => Err(reader.no_answer()),
            Err(errno) => Err(failed("open", path, errno)),
        }
    }

    /// Fills at most [`MOST`] bytes from those at `at` on; false where that
    /// can't be.
    pub(super) fn fill(&mut self, at: u64, out: &mut [u8]) -> bool {
        let mut request = [0; 16];
        request[..8].copy_from_slice(&at.to_ne_bytes());
        request[8..].copy_from_slice(&(out.len() as u64).to_ne_bytes());
        let asked = match &self.requests {
            Some(requests) if !self.is_lost => write(requests, &request).is_ok(),
            _ => false,
        };
        asked && self.answer(out).is_ok()
    }

    /// Why nothing more is asked of it.
    pub(super) fn no_answer(&self) -> Error {
        Error::new("read", String::from(self.path), "it does not answer, and is left out")
    }

    /// Waits for an answer with as many bytes as `out`.
    #[inline(never)]
    fn answer(&mut self, out: &mut [u8]) -> core::result::Result<(), Errno> {
        let mut answer = [0; HEAD + MOST];
        let begun = clock::monotonic();
        let soon = self.deadline.min(begun + SLOW);
        if self.slow.is_some()
            && !is_ready(&self.answers, soon)
            && let Some(slow) = self.slow.take()
        {
            slow(self.path);
        }
        if !is_ready(&self.answers, self.deadline) {
            self.is_lost = true;
            return Err(Errno::TIMEDOUT);
        }
        let count = read(&self.answers, &mut answer)?;
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

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.requests = None;
        // It closes the device before its end of the pipe.
        if !self.is_lost && is_ready(&self.answers, self.deadline) {
            let _ = waitpid(Some(self.process), WaitOptions::empty());
        } else {
            let _ = kill_process(self.process, Signal::KILL);
        }
    }
}

/// Whether there is something to read, or nothing will come any more, before
/// the monotonic clock is at `deadline`.
fn is_ready(fd: &OwnedFd, deadline: u64) -> bool {
    loop {
        let left = deadline.saturating_sub(clock::monotonic()).cast_signed();
        let timeout = Timespec { tv_sec: left / 1_000_000, tv_nsec: left % 1_000_000 * 1000 };
        match rustix::event::poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)) {
            Err(Errno::INTR) => {}
            outcome => return outcome.is_ok_and(|count| count > 0),
        }
    }
}

/// fork(2) into `child`.
fn fork(
    child: Child,
    path: &CStr,
    requests: &OwnedFd,
    answers: &OwnedFd,
) -> core::result::Result<Pid, Errno> {
    const SIGCHLD: usize = 17;
    // SAFETY: without CLONE_VM the child has memory of its own, a copy of ours;
    // it never returns from here, and ends without running anybody's handlers.
    let process = unsafe { syscall!(Sysno::clone, SIGCHLD, 0, 0, 0, 0) };
    let process = process.map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))?;
    match Pid::from_raw(i32::try_from(process).unwrap_or_default()) {
        Some(process) => Ok(process),
        None => child(path, requests, answers),
    }
}

/// The child: opens the device, and answers until nobody asks any more. It
/// allocates nothing, and keeps nothing open that is not its own.
fn serve(path: &CStr, requests: &OwnedFd, answers: &OwnedFd) -> ! {
    let (theirs, ours) = (requests.as_raw_fd(), answers.as_raw_fd());
    for number in (0..256).filter(|number| ![theirs, ours].contains(number)) {
        // SAFETY: what is closed is used no more: this function does not return.
        let _ = unsafe { syscall!(Sysno::close, number) };
    }
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
            let mut alive = write(answers, &opened).is_ok();
            while alive {
                alive = answer_one(&device, requests, answers).is_some();
            }
        }
        Err(errno) => {
            let _ = write(answers, &errno.raw_os_error().to_ne_bytes());
        }
    }
    loop {
        // SAFETY: exit_group has no preconditions and does not return.
        let _ = unsafe { syscall!(Sysno::exit_group, 0) };
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
    (write(answers, answer) == Ok(answer.len())).then_some(())
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
        let process = reader.process;
        drop(reader);
        assert!(rustix::process::test_kill_process(process).is_err(), "nothing of it is left");
        fs::remove_file(&path).unwrap();
        let error = Reader::open("/dev/none", soon(), &mut slow).map(drop).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::NOENT.raw_os_error()));
    }

    /// As a read of a disk does that has lost its paths: this one can't be
    /// made to fail either, only be killed.
    fn sleep(_: &CStr, _: &OwnedFd, answers: &OwnedFd) -> ! {
        let _ = write(answers, &[0; HEAD + 8]);
        loop {
            let _ = rustix::event::poll(&mut [], None);
        }
    }

    #[test]
    fn a_device_that_never_answers_is_given_up() {
        let (mut told, begun) = (0, clock::monotonic());
        let mut slow = |path: &str| {
            assert_eq!(path, "/dev/x");
            told += 1;
        };
        let mut reader = Reader::start("/dev/x", soon(), &mut slow, sleep).unwrap();
        let mut bytes = [0; 1];
        assert!(!reader.fill(0, &mut bytes) && !reader.fill(0, &mut bytes));
        let error = reader.no_answer().to_string();
        assert_eq!(error, "unable to read /dev/x: it does not answer, and is left out");
        let process = reader.process;
        drop(reader);
        assert!((1_400_000..5_000_000).contains(&(clock::monotonic() - begun)));
        assert_eq!(told, 1);
        waitpid(Some(process), WaitOptions::empty()).unwrap();
    }
}
