//! The only room with system calls and `unsafe`.

pub mod accounts;
pub mod apply;
mod aside;
pub mod block;
pub mod child;
pub mod clock;
mod disc;
pub mod drive;
pub mod grow;
pub mod kernel_log;
pub mod kernel_module;
pub mod lock;
pub mod mount;
pub mod netlink;
pub mod other_root;
mod partition_table;
mod path;
mod place;
pub mod power;
mod reader;
pub mod remount;
pub mod root;
pub mod smbios;
pub mod stdio;
pub mod superblock;
pub mod tree;
mod walk;
mod write;

use crate::error::Error;
use rustix::io::Errno;

/// A failed system call as [`Error`].
pub(crate) fn failed(doing: &str, subject: &str, errno: Errno) -> Error {
    Error::os(doing, subject, errno.raw_os_error())
}
