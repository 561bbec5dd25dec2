//! What a disk with a volatile cache has kept when its power fails: all that
//! was written before its last flush. QEMU's `blklogwrites` keeps the list of
//! writes, in the format of Linux' dm-log-writes
//! (Documentation/admin-guide/device-mapper/log-writes.rst).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::vm::host;

const MAGIC: u64 = 0x006a_7366_7773_6872;

/// The flag of an entry without data: so many sectors are of no use any more.
const DISCARD: u64 = 4;

/// Copies the image of a disk.
pub(crate) fn copy(disk: &Path, to: &Path) {
    let mut copy = host::command("cp").unwrap();
    copy.args(["--sparse=always", "--reflink=auto"]).arg(disk).arg(to);
    host::run(&mut copy, "copy", disk).unwrap();
}

/// Makes an empty log.
pub(crate) fn begin(log: &Path) {
    File::create(log).unwrap();
}

/// Little-endian number `at` of the header in `sector`.
fn number(sector: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(sector[at * 8..at * 8 + 8].try_into().unwrap())
}

/// Does to `disk`, the image of before the boot, every write of the log up to
/// its last flush: the header counts no others. QEMU writes the header with the
/// first flush, so a log without one is of a disk that has kept nothing.
pub(crate) fn replay_flushed(log: &Path, disk: &Path) {
    let mut log = File::open(log).unwrap();
    let mut disk = File::options().write(true).open(disk).unwrap();
    let mut header = [0; 512];
    if log.read_exact(&mut header).is_err() || header == [0; 512] {
        println!("nothing was flushed");
        return;
    }
    assert_eq!((number(&header, 0), number(&header, 1)), (MAGIC, 1), "no log of writes, version 1");
    let entries = number(&header, 2);
    let size = u64::from(u32::from_le_bytes(header[24..28].try_into().unwrap()));
    log.seek(SeekFrom::Start(size)).unwrap();
    for _ in 0..entries {
        let mut sector = vec![0; usize::try_from(size).unwrap()];
        log.read_exact(&mut sector).unwrap();
        let (to, count, flags) = (number(&sector, 0), number(&sector, 1), number(&sector, 2));
        if flags & DISCARD == 0 && count > 0 {
            let mut data = vec![0; usize::try_from(count * size).unwrap()];
            log.read_exact(&mut data).unwrap();
            disk.seek(SeekFrom::Start(to * size)).unwrap();
            disk.write_all(&data).unwrap();
        }
    }
    println!("{entries} entries were flushed, the log has {} bytes", log.metadata().unwrap().len());
}
