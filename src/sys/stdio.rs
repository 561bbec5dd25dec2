//! The standard input and outputs of this process.
#![allow(unsafe_code)]

use super::path;
use crate::error::{Error, Result};
use rustix::fd::{AsRawFd, BorrowedFd, IntoRawFd};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Makes a stream of this process the same as the open file `descriptor`
/// (dup2(2)).
///
/// # Errors
/// EBADF for a descriptor that is not open.
pub fn redirect(stream: Stream, descriptor: i32) -> Result<()> {
    const EBADF: i32 = 9;
    let failed = |errno: i32| Err(Error::os("redirect", "the output", errno));
    if descriptor < 0 {
        return failed(EBADF);
    }
    // SAFETY: the descriptor is not -1, and is used for the one call below, which
    // fails for a number that no file is open under.
    let file = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let sent = match stream {
        Stream::Out => dup2_stdout(file),
        Stream::Error => dup2_stderr(file),
    };
    sent.or_else(|errno| failed(errno.raw_os_error()))
}

/// Opens the descriptors 0 to 2 that this process was started without: else
/// the next file opened became one of them, and got lines of the log. Without
/// /dev/null what is written there is refused, which is as good; called again
/// once /dev is there, that is mended.
pub fn open_missing() {
    for number in 0..3 {
        // SAFETY: the number is not -1, and is used for the calls below alone,
        // which fail where no file is open under it.
        let standard = unsafe { BorrowedFd::borrow_raw(number) };
        if fcntl_getfl(standard).is_ok_and(|flags| !flags.contains(OFlags::PATH)) {
            continue;
        }
        let file = path::open("/dev/null", OFlags::RDWR).or_else(|_| path::open("/", OFlags::PATH));
        let Ok(file) = file else { continue };
        if file.as_raw_fd() == number {
            let _ = file.into_raw_fd();
            let _ = fcntl_setfd(standard, FdFlags::empty());
        } else {
            let _ = match number {
                0 => dup2_stdin(&file),
                1 => dup2_stdout(&file),
                _ => dup2_stderr(&file),
            };
        }
    }
}
