//! The one error of every room: `unable to VERB OBJECT: cause`.

use crate::text::quotable;
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
    text: String,
    /// A Linux errno, positive.
    errno: Option<i32>,
    /// Line and column in a text that a person wrote.
    place: Option<(u32, u32)>,
    /// Bytes before the cause.
    cause: usize,
}

impl Error {
    /// `doing` is a verb in its plain form ("mount"), `subject` the object as
    /// the reader knows it, `cause` a clause without a full stop.
    pub fn new(doing: &str, subject: impl AsRef<str>, cause: impl AsRef<str>) -> Self {
        Self::of(doing, subject.as_ref(), cause.as_ref(), None)
    }

    /// What was done and not asked for, as `SUBJECT: WHAT`.
    pub fn note(subject: &str, what: &str) -> Self {
        Self::of("", subject, what, None)
    }

    /// As [`Error::new`], for a failed system call; `errno` is positive.
    pub fn os(doing: &str, subject: impl AsRef<str>, errno: i32) -> Self {
        Self::of_errno(doing, subject.as_ref(), errno, "")
    }

    /// As [`Error::os`] where the errno is not all that is known; `what` is
    /// verb and object, `note` follows the errno's text.
    pub fn os_saying(what: &str, errno: i32, note: &str) -> Self {
        let (doing, subject) = what.split_once(' ').unwrap_or((what, ""));
        Self::of_errno(doing, subject, errno, note)
    }

    /// As [`Error::new`] for a text a person wrote: the object reads
    /// `file:line:column`, both counted from 1.
    pub fn at(doing: &str, file: &str, line: u32, column: u32, cause: impl AsRef<str>) -> Self {
        Self::of_place(doing, file, line, column, cause.as_ref())
    }

    #[inline(never)]
    fn of_errno(doing: &str, subject: &str, errno: i32, note: &str) -> Self {
        let number = u64::from(errno.unsigned_abs()).to_string();
        let cause = match errno_text(&number) {
            Some(text) => ["", text, note],
            None => ["errno ", &number, note],
        };
        Self::of(doing, subject, &cause.concat(), Some(errno))
    }

    #[inline(never)]
    fn of_place(doing: &str, file: &str, line: u32, column: u32, cause: &str) -> Self {
        let (row, at) = (u64::from(line).to_string(), u64::from(column).to_string());
        let mut error = Self::of(doing, &[file, ":", &row, ":", &at].concat(), cause, None);
        error.0.place = Some((line, column));
        error
    }

    #[inline(never)]
    fn of(doing: &str, subject: &str, cause: &str, errno: Option<i32>) -> Self {
        // Both may quote what a person wrote.
        let (unable, space) = if doing.is_empty() { ("", "") } else { ("unable to ", " ") };
        let mut text = [unable, doing, space, &quotable(subject), ": "].concat();
        let start = text.len();
        text.push_str(&quotable(cause));
        Self(Box::new(Failure { text, errno, place: None, cause: start }))
    }

    /// What another process has told of its failure: the whole sentence, how much of its end is the
    /// cause, in bytes, and the errno or 0.
    pub fn told(text: String, cause: usize, errno: i32) -> Self {
        let (cause, errno) = (text.len().saturating_sub(cause), Some(errno).filter(|errno| *errno != 0));
        Self(Box::new(Failure { text, errno, place: None, cause }))
    }

    /// The whole sentence.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Why it did not work.
    pub fn cause(&self) -> &str {
        self.text().get(self.0.cause..).unwrap_or_default()
    }

    /// Line and column of what [`Error::at`] is about.
    pub fn place(&self) -> Option<(u32, u32)> {
        self.0.place
    }

    /// The errno of a failed system call.
    pub fn errno(&self) -> Option<i32> {
        self.0.errno
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Error {}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.0.text
    }
}

/// strerror(3)'s words for the errnos this program meets, a line each: a table
/// of pointers would be twice as large.
const ERRNO_TEXTS: &str = "\
1 Operation not permitted
2 No such file or directory
3 No such process
4 Interrupted system call
5 Input/output error
6 No such device or address
8 Exec format error
9 Bad file descriptor
11 Resource temporarily unavailable
12 Cannot allocate memory
13 Permission denied
15 Block device required
16 Device or resource busy
17 File exists
18 Invalid cross-device link
19 No such device
20 Not a directory
21 Is a directory
22 Invalid argument
24 Too many open files
26 Text file busy
27 File too large
28 No space left on device
30 Read-only file system
31 Too many links
32 Broken pipe
34 Numerical result out of range
36 File name too long
38 Function not implemented
39 Directory not empty
40 Too many levels of symbolic links
61 No data available
62 Timer expired
75 Value too large for defined data type
90 Message too long
95 Operation not supported
99 Cannot assign requested address
100 Network is down
101 Network is unreachable
105 No buffer space available
110 Connection timed out
113 No route to host
117 Structure needs cleaning
122 Disk quota exceeded
123 No medium found
124 Wrong medium type";

/// The text of the errno `number`; `None` for one that is not in the table.
fn errno_text(number: &str) -> Option<&'static str> {
    ERRNO_TEXTS.split('\n').find_map(|line| line.strip_prefix(number)?.strip_prefix(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_quotes_forges_no_line_and_gives_no_key_away() {
        assert_eq!(
            Error::new("use", "a\n1.0 ERROR b", "it is \u{202e}x").text(),
            "unable to use a\\n1.0 ERROR b: it is \\u{202e}x"
        );
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAA";
        assert_eq!(
            Error::at("read", "x", 1, 2, [key, " is no address"].concat()).text(),
            "unable to read x:1:2: -----BEGIN OPENSSH (private key)"
        );
    }

    #[test]
    fn reads_as_one_sentence() {
        assert_eq!(
            Error::os("mount", "/dev/sr0", 5).to_string(),
            "unable to mount /dev/sr0: Input/output error"
        );
        assert_eq!(Error::os("mount", "/dev/sr0", 4095).to_string(), "unable to mount /dev/sr0: errno 4095");
        assert_eq!(Error::os("open", "x", 124).text(), "unable to open x: Wrong medium type");
        assert_eq!(Error::os("open", "x", 124).errno(), Some(124));
        let placed = Error::at("read", "a", 3, 5, "b: c");
        assert_eq!((placed.place(), placed.cause()), (Some((3, 5)), "b: c"));
        assert_eq!(
            Error::at("read", "user_data", 3, 5, "tabs may not indent").to_string(),
            "unable to read user_data:3:5: tabs may not indent"
        );
    }
}
