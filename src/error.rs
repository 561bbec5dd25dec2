//! The one error of every room: `unable to VERB OBJECT: cause`.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;

/// Result with [`Error`].
pub type Result<T> = core::result::Result<T, Error>;

/// A failure as a person reads it: what was being done, to which object, and
/// why it did not work.
///
/// One pointer wide: every `?` on the way moves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Failure>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    doing: &'static str,
    subject: String,
    cause: Cause,
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    /// A Linux errno, positive.
    Os(i32),
    Text(Cow<'static, str>),
}

impl Error {
    /// `doing` is a verb in its plain form ("mount"), `subject` the object as
    /// the reader knows it, `cause` a clause without a full stop.
    pub fn new(doing: &'static str, subject: impl Into<String>, cause: impl Into<Cow<'static, str>>) -> Self {
        Self::of(doing, subject.into(), Cause::Text(cause.into()))
    }

    /// As [`Error::new`], for a failed system call; `errno` is positive.
    pub fn os(doing: &'static str, subject: impl Into<String>, errno: i32) -> Self {
        Self::of(doing, subject.into(), Cause::Os(errno))
    }

    #[inline(never)]
    fn of(doing: &'static str, subject: String, cause: Cause) -> Self {
        Self(Box::new(Failure { doing, subject, cause }))
    }

    /// As [`Error::new`] for a text a person wrote: the object reads
    /// `file:line:column`, both counted from 1.
    pub fn at(
        doing: &'static str,
        file: &str,
        line: u32,
        column: u32,
        cause: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(doing, alloc::format!("{file}:{line}:{column}"), cause)
    }

    /// The errno of a failed system call.
    pub fn errno(&self) -> Option<i32> {
        match self.0.cause {
            Cause::Os(errno) => Some(errno),
            Cause::Text(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unable to {} {}: ", self.0.doing, self.0.subject)?;
        match &self.0.cause {
            Cause::Os(errno) => match errno_text(*errno) {
                Some(text) => f.write_str(text),
                None => write!(f, "errno {errno}"),
            },
            Cause::Text(text) => f.write_str(text),
        }
    }
}

impl core::error::Error for Error {}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.to_string()
    }
}

/// strerror(3)'s words for the errnos this program meets.
pub(crate) fn errno_text(errno: i32) -> Option<&'static str> {
    Some(match errno {
        1 => "Operation not permitted",
        2 => "No such file or directory",
        3 => "No such process",
        4 => "Interrupted system call",
        5 => "Input/output error",
        6 => "No such device or address",
        8 => "Exec format error",
        9 => "Bad file descriptor",
        11 => "Resource temporarily unavailable",
        12 => "Cannot allocate memory",
        13 => "Permission denied",
        15 => "Block device required",
        16 => "Device or resource busy",
        17 => "File exists",
        18 => "Invalid cross-device link",
        19 => "No such device",
        20 => "Not a directory",
        21 => "Is a directory",
        22 => "Invalid argument",
        24 => "Too many open files",
        26 => "Text file busy",
        27 => "File too large",
        28 => "No space left on device",
        30 => "Read-only file system",
        31 => "Too many links",
        32 => "Broken pipe",
        34 => "Numerical result out of range",
        36 => "File name too long",
        38 => "Function not implemented",
        39 => "Directory not empty",
        40 => "Too many levels of symbolic links",
        61 => "No data available",
        62 => "Timer expired",
        75 => "Value too large for defined data type",
        90 => "Message too long",
        95 => "Operation not supported",
        99 => "Cannot assign requested address",
        100 => "Network is down",
        101 => "Network is unreachable",
        105 => "No buffer space available",
        110 => "Connection timed out",
        113 => "No route to host",
        117 => "Structure needs cleaning",
        122 => "Disk quota exceeded",
        123 => "No medium found",
        124 => "Wrong medium type",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_one_sentence() {
        assert_eq!(
            Error::os("mount", "/dev/sr0", 5).to_string(),
            "unable to mount /dev/sr0: Input/output error"
        );
        assert_eq!(Error::os("mount", "/dev/sr0", 4095).to_string(), "unable to mount /dev/sr0: errno 4095");
        assert_eq!(
            Error::at("read", "user_data", 3, 5, "tabs may not indent").to_string(),
            "unable to read user_data:3:5: tabs may not indent"
        );
    }
}
