//! A process of its own for what may never come back.
//!
//! A read that the kernel has begun can't be taken back: who waits for it
//! sleeps until the device answers, and requests of aio(7) and `io_uring(7)` are
//! waited for when their process ends (`exit_aio`) or becomes another program
//! (`io_uring_task_cancel`). The same is true of mount(2). So a process of its
//! own opens, mounts and reads a device, and is left behind when it does not
//! answer in time.
#![allow(unsafe_code)]

use super::{clock, failed};
use crate::error::{Error, Result};
use alloc::string::String;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use syscalls::{Sysno, syscall};

/// Microseconds after which a device is called slow.
const SLOW: u64 = 1_000_000;

/// A process that does something with one device: it takes requests from one
/// pipe and writes answers to another.
pub(super) struct Aside<'a> {
    pub(super) process: Pid,
    requests: Option<OwnedFd>,
    answers: OwnedFd,
    /// The device, for messages.
    pub(super) path: &'a str,
    /// Microseconds of the monotonic clock.
    deadline: u64,
    /// Called once, when it is slow.
    slow: Option<&'a mut dyn FnMut(&str)>,
    /// Whether it did not answer in time.
    pub(super) is_lost: bool,
}

impl<'a> Aside<'a> {
    /// Starts `child` with the pipes of requests and of answers. It keeps
    /// nothing else open that is ours; when it returns its process ends. All
    /// that is asked of it has to be answered up to `deadline`.
    pub(super) fn start(
        path: &'a str,
        deadline: u64,
        slow: &'a mut dyn FnMut(&str),
        child: &dyn Fn(&OwnedFd, &OwnedFd),
    ) -> Result<Self> {
        let start = || {
            let (theirs, requests) = pipe_with(PipeFlags::CLOEXEC)?;
            let (answers, ours) = pipe_with(PipeFlags::CLOEXEC)?;
            let process = fork(child, &theirs, &ours)?;
            Ok((process, requests, answers))
        };
        let (process, requests, answers) = start().map_err(|errno| failed("read", path, errno))?;
        let (requests, slow) = (Some(requests), Some(slow));
        Ok(Self { process, requests, answers, path, deadline, slow, is_lost: false })
    }

    /// One whose child is a thread of this process, at the other ends of the pipes it is given.
    #[cfg(test)]
    #[allow(clippy::zombie_processes, reason = "dropping it waits")]
    pub(super) fn thread(
        path: &'a str,
        slow: &'a mut dyn FnMut(&str),
        child: impl FnOnce(OwnedFd, OwnedFd) + Send + 'static,
    ) -> Self {
        let (theirs, requests) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (answers, ours) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        std::thread::spawn(move || child(theirs, ours));
        let ended = std::process::Command::new("true").spawn().unwrap();
        let process = Pid::from_raw(i32::try_from(ended.id()).unwrap()).unwrap();
        let (requests, slow, deadline) = (Some(requests), Some(slow), clock::monotonic() + 10_000_000);
        Self { process, requests, answers, path, deadline, slow, is_lost: false }
    }

    /// Sends a request; whether it could.
    pub(super) fn ask(&self, request: &[u8]) -> bool {
        match &self.requests {
            Some(requests) if !self.is_lost => write_all(requests, request),
            _ => false,
        }
    }

    /// Reads as much of an answer as there is at once, and waits until there is
    /// some. The value: how many bytes.
    #[inline(never)]
    pub(super) fn read(&mut self, out: &mut [u8]) -> core::result::Result<usize, Errno> {
        let soon = self.deadline.min(clock::monotonic() + SLOW);
        if self.slow.is_some()
            && !is_ready(&self.answers, soon)
            && let Some(slow) = self.slow.take()
        {
            slow(self.path);
        }
        if self.is_lost || !is_ready(&self.answers, self.deadline) {
            self.is_lost = true;
            return Err(Errno::TIMEDOUT);
        }
        read(&self.answers, out)
    }

    /// Why nothing more is asked of it.
    pub(super) fn no_answer(&self) -> Error {
        Error::new("read", String::from(self.path), "it does not answer, and is left out")
    }
}

impl Drop for Aside<'_> {
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

/// Writes all of it; false where nobody reads it any more.
pub(super) fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match write(fd, bytes) {
            Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            _ => return false,
        }
    }
    true
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
    child: &dyn Fn(&OwnedFd, &OwnedFd),
    requests: &OwnedFd,
    answers: &OwnedFd,
) -> core::result::Result<Pid, Errno> {
    const SIGCHLD: usize = 17;
    // SAFETY: without CLONE_VM the child has memory of its own, a copy of ours;
    // it never returns from here, and ends without running anybody's handlers.
    let process = unsafe { syscall!(Sysno::clone, SIGCHLD, 0, 0, 0, 0) };
    let process = process.map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))?;
    if let Some(process) = Pid::from_raw(i32::try_from(process).unwrap_or_default()) {
        return Ok(process);
    }
    let (theirs, ours) = (requests.as_raw_fd(), answers.as_raw_fd());
    for number in (0..256).filter(|number| ![theirs, ours].contains(number)) {
        // SAFETY: what is closed is used no more: the child has what it opens.
        let _ = unsafe { syscall!(Sysno::close, number) };
    }
    child(requests, answers);
    loop {
        // SAFETY: exit_group has no preconditions and does not return.
        let _ = unsafe { syscall!(Sysno::exit_group, 0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a read of a disk does that has lost its paths: this one can't be
    /// made to fail either, only be killed.
    fn sleep(_: &OwnedFd, answers: &OwnedFd) {
        let _ = write(answers, &[0; 8]);
        loop {
            let _ = rustix::event::poll(&mut [], None);
        }
    }

    #[test]
    fn what_never_answers_is_given_up() {
        let (mut told, begun) = (0, clock::monotonic());
        let mut slow = |path: &str| {
            assert_eq!(path, "/dev/x");
            told += 1;
        };
        let mut aside = Aside::start("/dev/x", begun + 1_500_000, &mut slow, &sleep).unwrap();
        assert_eq!(aside.read(&mut [0; 16]), Ok(8));
        assert!(aside.ask(&[0]) && aside.read(&mut [0; 16]).is_err() && aside.is_lost);
        assert!(!aside.ask(&[0]) && aside.read(&mut [0; 16]).is_err());
        let error = aside.no_answer().to_string();
        assert_eq!(error, "unable to read /dev/x: it does not answer, and is left out");
        let process = aside.process;
        drop(aside);
        assert!((1_400_000..5_000_000).contains(&(clock::monotonic() - begun)));
        assert_eq!(told, 1);
        waitpid(Some(process), WaitOptions::empty()).unwrap();
    }
}
