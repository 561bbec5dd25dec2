//! The end of a process or of the machine.
#![allow(unsafe_code)]

use super::{failed, path::terminated};
use crate::error::Error;
use alloc::vec::Vec;
use core::ffi::c_char;
use core::ptr;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;
use rustix::system::{RebootCommand, reboot};
use syscalls::{Sysno, syscall};

/// Powers the machine off after what is written has reached the disks.
/// Returns only when the kernel refuses.
pub fn power_off() -> Error {
    rustix::fs::sync();
    match reboot(RebootCommand::PowerOff) {
        Ok(()) => Error::new("power off", "the machine", "the kernel returned"),
        Err(errno) => failed("power off", "the machine", errno),
    }
}

/// Becomes the program at `path` (execve(2)); `arguments` begin with its
/// name, `environment` ends with a null pointer, as the kernel gave it.
/// Returns only when that failed.
#[inline(never)]
pub fn become_program(path: &str, arguments: &[&str], environment: &[*const c_char]) -> Error {
    let (mut texts, mut pointers) = (Vec::new(), Vec::new());
    for text in [path].iter().chain(arguments) {
        let Ok(text) = terminated(text) else {
            return Error::new("execute", path, "a NUL byte in its arguments");
        };
        pointers.push(text.as_ptr());
        texts.push(text);
    }
    let program = pointers.remove(0);
    pointers.push(ptr::null());
    // SAFETY: the path and every argument are NUL-terminated and live in
    // `texts` through the call; both arrays end with a null pointer.
    let failure = unsafe { syscall!(Sysno::execve, program, pointers.as_ptr(), environment.as_ptr()) };
    drop(texts);
    failed("execute", path, failure.map_or_else(refusal, |_| Errno::INVAL))
}

fn refusal(errno: syscalls::Errno) -> Errno {
    Errno::from_raw_os_error(errno.into_raw())
}

/// As [`become_program`] for an open file (execveat(2) with `AT_EMPTY_PATH`),
/// which works after the file has been unlinked. Allocates nothing: this is
/// the way out of a panic.
pub fn become_file(
    file: BorrowedFd<'_>,
    arguments: &[*const c_char],
    environment: &[*const c_char],
) -> Errno {
    const AT_EMPTY_PATH: usize = 0x1000;
    // SAFETY: the descriptor is open; the callers' arrays end with null
    // pointers and hold NUL-terminated texts.
    let failure = unsafe {
        syscall!(
            Sysno::execveat,
            file.as_raw_fd(),
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            AT_EMPTY_PATH
        )
    };
    failure.map_or_else(refusal, |_| Errno::INVAL)
}
