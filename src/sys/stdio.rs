//! The standard outputs of this process.
#![allow(unsafe_code)]

use crate::error::{Error, Result};
use rustix::fd::BorrowedFd;
use rustix::stdio::{dup2_stderr, dup2_stdout};

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
