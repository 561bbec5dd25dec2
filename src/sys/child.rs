//! Work that may take too much time, memory or stack, in a process of its own.
#![allow(unsafe_code)]

use super::clock;
use alloc::vec::Vec;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions, kill_process, setrlimit, waitpid};
use syscalls::{Sysno, syscall};

/// What the process may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of address space, those of this process with it.
    pub memory: u64,
    /// Seconds of a processor; twice as many pass at the most.
    pub seconds: u32,
    /// Bytes of its answer.
    pub answer: usize,
}

/// What `work` answers, carried out by a copy of this process; `None` where it
/// did not come to an end within the bounds.
///
/// # Errors
/// There is no process or pipe to be had.
pub fn answer(bounds: Bounds, work: &mut dyn FnMut() -> Vec<u8>) -> Result<Option<Vec<u8>>, Errno> {
    let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
    let process = fork(bounds, &theirs, work)?;
    drop(theirs);
    let deadline = clock::monotonic() + u64::from(bounds.seconds) * 2_000_000;
    let answer = read_all(&ours, bounds.answer, deadline);
    if answer.is_none() {
        let _ = kill_process(process, Signal::KILL);
    }
    let ended = loop {
        match waitpid(Some(process), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            ended => break ended?,
        }
    };
    Ok(answer.filter(|_| ended.is_some_and(|(_, status)| status.exit_status() == Some(0))))
}

/// All that comes until the other end closes; `None` where that is too much or
/// too late.
fn read_all(fd: &OwnedFd, most: usize, deadline: u64) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let left = deadline.checked_sub(clock::monotonic())?.cast_signed();
        let timeout = Timespec { tv_sec: left / 1_000_000, tv_nsec: left % 1_000_000 * 1000 };
        match rustix::event::poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)) {
            Err(Errno::INTR) => continue,
            ready => ready.ok().filter(|count| *count > 0)?,
        };
        match read(fd, &mut piece) {
            Ok(0) => return Some(all),
            Ok(count) => all.extend_from_slice(piece.get(..count)?),
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
        if all.len() > most {
            return None;
        }
    }
}

/// fork(2); the child writes what `work` answers to `answers`, and ends.
fn fork(bounds: Bounds, answers: &OwnedFd, work: &mut dyn FnMut() -> Vec<u8>) -> Result<Pid, Errno> {
    const SIGCHLD: usize = 17;
    // SAFETY: without CLONE_VM the child has memory of its own, a copy of ours;
    // it never returns from here, and ends without running anybody's handlers.
    let process = unsafe { syscall!(Sysno::clone, SIGCHLD, 0, 0, 0, 0) };
    let process = process.map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))?;
    if let Some(process) = Pid::from_raw(i32::try_from(process).unwrap_or_default()) {
        return Ok(process);
    }
    let own = answers.as_raw_fd();
    for number in (0..256).filter(|number| *number != own) {
        // What it says of its end is for nobody: who asked says it.
        // SAFETY: what is closed is used no more: this function does not return.
        let _ = unsafe { syscall!(Sysno::close, number) };
    }
    for (resource, most) in
        [(Resource::As, bounds.memory), (Resource::Cpu, bounds.seconds.into()), (Resource::Core, 0)]
    {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
    let answer = work();
    let mut rest = &*answer;
    while let Ok(count @ 1..) = write(answers, rest) {
        rest = rest.get(count..).unwrap_or_default();
    }
    let status = usize::from(!rest.is_empty());
    loop {
        // SAFETY: exit_group has no preconditions and does not return.
        let _ = unsafe { syscall!(Sysno::exit_group, status) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const BOUNDS: Bounds = Bounds { memory: 1 << 30, seconds: 1, answer: 100_000 };

    #[test]
    fn an_answer_comes_whole() {
        let text = vec![7; 90_000];
        let mut given = Some(text.clone());
        assert_eq!(answer(BOUNDS, &mut || given.take().unwrap_or_default()), Ok(Some(text)));
    }

    #[test]
    fn what_takes_too_much_has_no_answer() {
        fn deeper(depth: u64) -> u64 {
            if core::hint::black_box(depth) == u64::MAX { 0 } else { deeper(depth + 1) + 1 }
        }
        let begun = clock::monotonic();
        let mut much = Some(vec![0; 100_001]);
        assert_eq!(answer(BOUNDS, &mut || much.take().unwrap_or_default()), Ok(None));
        assert_eq!(answer(BOUNDS, &mut || Vec::from(deeper(0).to_ne_bytes())), Ok(None));
        assert_eq!(
            answer(BOUNDS, &mut || loop {
                core::hint::spin_loop();
            }),
            Ok(None)
        );
        assert!(clock::monotonic() - begun < 5_000_000);
    }
}
