//! What a plan may ask of the running machine beside its files.

use crate::error::{Error, Result};
use alloc::string::String;
use alloc::vec::Vec;

/// A file system or swap area on a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSystem {
    /// As the kernel names it: `ext4` (also for ext2 and ext3), `xfs`, `swap`.
    pub kind: String,
    /// Its label; empty when it has none.
    pub label: String,
    /// Its UUID; empty when it has none.
    pub uuid: String,
}

/// The running machine. Before the pivot there is none to ask ([`NoHost`]).
pub trait Host {
    /// Microseconds since 1970-01-01 UTC.
    fn now(&self) -> u64;

    /// Microseconds since the kernel started.
    fn uptime(&self) -> u64;

    /// So many unpredictable bytes.
    fn random(&self, count: usize) -> Result<Vec<u8>>;

    /// What is on the block device at `path`: `data` where that is not known,
    /// `None` for nothing.
    fn file_system(&self, path: &str) -> Option<FileSystem>;

    /// Where a link of /dev leads: `/dev/vdb` for `/dev/disk/by-id/…`; `None`
    /// where nothing stands at `path`.
    fn real_path(&self, path: &str) -> Option<String> {
        Some(path.into())
    }

    /// Bytes of memory, and bytes free in the file system `path` lies in.
    fn sizes(&self, path: &str) -> Result<(u64, u64)>;

    /// Whether a host has an address; who can't ask takes it for one.
    fn resolves(&self, _: &str) -> bool {
        true
    }
}

/// A machine that answers nothing.
pub struct NoHost;

impl Host for NoHost {
    fn now(&self) -> u64 {
        0
    }

    fn uptime(&self) -> u64 {
        0
    }

    fn random(&self, _: usize) -> Result<Vec<u8>> {
        Err(Error::new("take", "random bytes", "there is no machine to ask"))
    }

    fn file_system(&self, _: &str) -> Option<FileSystem> {
        None
    }

    fn sizes(&self, _: &str) -> Result<(u64, u64)> {
        Err(Error::new("read", "sizes", "there is no machine to ask"))
    }
}
