//! The end of a process or of the machine.
#![allow(unsafe_code)]

use super::failed;
use super::path::{open, sync_all, terminated};
use crate::error::Error;
use core::ffi::c_char;
use core::ptr;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::system::{RebootCommand, reboot};
use syscalls::{Sysno, syscall};

/// Powers the machine off after what is written has reached the root's disk.
/// Returns only when the kernel refuses.
pub fn power_off() -> Error {
    end("power off", RebootCommand::PowerOff)
}

/// Restarts the machine, as [`power_off`] ends it.
pub fn restart() -> Error {
    end("restart", RebootCommand::Restart)
}

#[inline(never)]
fn end(doing: &str, command: RebootCommand) -> Error {
    // All discs would be waited for otherwise, also one that never answers.
    for root in ["/sysroot", "/"] {
        if let Ok(root) = open(root, OFlags::RDONLY | OFlags::DIRECTORY) {
            let _ = sync_all(root.as_fd());
        }
    }
    match reboot(command) {
        Ok(()) => Error::new(doing, "the machine", "the kernel returned"),
        Err(errno) => failed(doing, "the machine", errno),
    }
}

/// Becomes the program at `path` (execve(2)). `arguments`, which come after
/// its name, and `environment` end with a null pointer, as the kernel gave
/// them. Returns only when that failed.
#[inline(never)]
pub fn become_program(path: &str, arguments: &[*const c_char], environment: &[*const c_char]) -> Error {
    let Ok(program) = terminated(path) else {
        return Error::new("execute", path, "a NUL byte in its name");
    };
    let pointers = [&[program.as_ptr()], arguments, &[ptr::null()]].concat();
    // SAFETY: the path is NUL-terminated and lives through the call, as the
    // strings of this process do; both arrays end with a null pointer.
    let failure =
        unsafe { syscall!(Sysno::execve, program.as_ptr(), pointers.as_ptr(), environment.as_ptr()) };
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
