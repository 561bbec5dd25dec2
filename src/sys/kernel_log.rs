//! The kernel's log, which dmesg(1) shows and the journal reads.

use super::path;
use rustix::fs::OFlags;

/// Bytes of a record that the kernel takes at the most (`PRINTKRB_RECORD_MAX`), less some for
/// itself.
const RECORD: usize = 960;

/// Adds a record, which begins with a priority (`<4>`). A kernel that refuses it has no such log.
pub fn write(record: &str) {
    // Of what stays open it takes ten records in five seconds.
    if let Ok(file) = path::open("/dev/kmsg", OFlags::WRONLY) {
        let _ = rustix::io::write(file, record.as_bytes().get(..RECORD).unwrap_or(record.as_bytes()));
    }
}
