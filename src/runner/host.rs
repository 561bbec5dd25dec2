//! The machine that plans ask: its random bytes, memory and disks.

use crate::http::{self, cause};
use glowplug::error::{Error, Result};
use glowplug::module::{FileSystem, Host};
use glowplug::sys::{block, clock};
use std::fs::File;
use std::io::Read;

/// The machine this program runs on.
pub(crate) struct Running;

impl Host for Running {
    fn now(&self) -> u64 {
        clock::realtime()
    }

    fn uptime(&self) -> u64 {
        clock::monotonic()
    }

    fn random(&self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
        read.map_err(|error| Error::new("read", "/dev/urandom", cause(&error)))?;
        Ok(bytes)
    }

    fn file_system(&self, path: &str) -> Option<FileSystem> {
        match block::superblock_at(path).ok()? {
            Some(found) => Some(FileSystem { kind: found.kind.into(), label: found.label, uuid: found.uuid }),
            // What is not known may still be somebody's.
            None => (!is_blank(path)).then(|| FileSystem { kind: "data".into(), ..FileSystem::default() }),
        }
    }

    fn real_path(&self, path: &str) -> Option<String> {
        std::fs::canonicalize(path).ok()?.into_os_string().into_string().ok()
    }

    fn resolves(&self, host: &str) -> bool {
        http::resolves(host)
    }

    fn sizes(&self, path: &str) -> Result<(u64, u64)> {
        let memory = rustix::system::sysinfo();
        let memory = memory.totalram * u64::from(memory.mem_unit);
        let free =
            rustix::fs::statvfs(path).map_err(|errno| Error::os("read", path, errno.raw_os_error()))?;
        Ok((memory, free.f_frsize * free.f_bfree))
    }
}

/// Whether a device begins with zeros alone, where what is on it would say so.
fn is_blank(path: &str) -> bool {
    const LOOKED_AT: u64 = 128 << 10;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut bytes));
    read.is_err() || bytes.iter().all(|byte| *byte == 0)
}
