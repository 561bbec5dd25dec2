//! Partitions and mounted file systems grow, on machines without the programs
//! for it: by the kernel's own calls.
#![allow(unsafe_code)]

use super::partition_table::{Disk, Growth, grow};
use super::path::{fill, open, sync};
use super::{failed, tree};
use crate::error::{Error, Result};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::{Errno, pwrite};
use syscalls::{Sysno, syscall};

/// Lets partition `number` of a disk (`/dev/vda`) take the room behind it; the
/// partition may be in use. Whether it has become larger.
pub fn grow_partition(path: &str, number: u32) -> Result<bool> {
    let doing = "grow a partition of";
    let Some(size) = attribute(path, "size") else {
        return Err(Error::new(doing, path, "the kernel does not tell its size"));
    };
    let sector = attribute(path, "queue/logical_block_size").unwrap_or(512);
    let disk = open(path, OFlags::RDWR).map_err(|errno| failed("open", path, errno))?;
    let mut read = |at: u64, out: &mut [u8]| fill(disk.as_fd(), out, at) == Ok(true);
    let growth = grow(&mut Disk { size: size * 512, sector, read: &mut read }, number);
    let Some(growth) = growth.map_err(|why| Error::new(doing, path, why))? else { return Ok(false) };
    write(&disk, &growth).map_err(|errno| failed("write the partition table of", path, errno))?;
    tell_kernel(&disk, &growth, number).map_err(|errno| failed(doing, path, errno))?;
    Ok(true)
}

/// A number that /sys has of the block device `path`.
fn attribute(path: &str, file: &str) -> Option<u64> {
    let name = path.strip_prefix("/dev/").unwrap_or(path).replace('/', "!");
    let text = tree::attribute(&["/sys/class/block/", &name, "/", file].concat())?;
    text.trim_ascii().parse().ok()
}

fn write(disk: &OwnedFd, growth: &Growth) -> core::result::Result<(), Errno> {
    for (at, bytes) in &growth.writes {
        let (mut at, mut rest) = (*at, bytes.as_slice());
        while !rest.is_empty() {
            let count = pwrite(disk, rest, at)?;
            rest = rest.get(count..).filter(|_| count > 0).ok_or(Errno::IO)?;
            at += count as u64;
        }
        // the second table of a GPT holds before the first one changes
        sync(disk.as_fd())?;
    }
    Ok(())
}

/// `struct blkpg_ioctl_arg` (linux/blkpg.h).
#[repr(C)]
struct Request {
    operation: i32,
    flags: i32,
    length: i32,
    partition: *mut Partition,
}

/// `struct blkpg_partition` (linux/blkpg.h), in bytes.
#[repr(C)]
struct Partition {
    start: i64,
    length: i64,
    number: i32,
    names: [u8; 128],
}

const BLKPG: usize = 0x1269;
const BLKPG_RESIZE_PARTITION: i32 = 3;

fn tell_kernel(disk: &OwnedFd, growth: &Growth, number: u32) -> core::result::Result<(), Errno> {
    let signed = |bytes: u64| i64::try_from(bytes).map_err(|_| Errno::FBIG);
    let mut partition = Partition {
        start: signed(growth.start)?,
        length: signed(growth.size)?,
        number: i32::try_from(number).map_err(|_| Errno::INVAL)?,
        names: [0; 128],
    };
    let length = i32::try_from(size_of::<Partition>()).map_err(|_| Errno::INVAL)?;
    let request =
        Request { operation: BLKPG_RESIZE_PARTITION, flags: 0, length, partition: &raw mut partition };
    // SAFETY: the request and the partition it points to are the kernel's
    // structures, `length` is the size of the latter, and both outlive the call.
    unsafe { control(disk, BLKPG, (&raw const request).expose_provenance()) }
}

/// `_IOW('f', 16, __u64)` (Documentation/admin-guide/ext4.rst).
const EXT4_IOC_RESIZE_FS: usize = 0x4008_6610;

/// Lets the mounted file system of ext2, ext3 or ext4 at `point`, on the device
/// `path`, fill it.
pub fn grow_ext(path: &str, point: &str) -> Result<()> {
    let doing = "grow the file system at";
    let Some(sectors) = attribute(path, "size") else {
        return Err(Error::new(doing, point, ["the kernel does not tell the size of ", path].concat()));
    };
    let open = open(point, OFlags::RDONLY | OFlags::DIRECTORY);
    let grown = open.and_then(|directory| {
        let size = rustix::fs::fstatfs(&directory)?.f_bsize;
        let size = u64::try_from(size).ok().filter(|size| *size > 0).ok_or(Errno::INVAL)?;
        let blocks = sectors * 512 / size;
        // SAFETY: the argument is the address of the `__u64` this call takes,
        // which outlives it; the kernel only reads it.
        unsafe { control(&directory, EXT4_IOC_RESIZE_FS, (&raw const blocks).expose_provenance()) }
    });
    grown.map_err(|errno| failed(doing, point, errno))
}

/// ioctl(2).
///
/// # Safety
///
/// `argument` is what the kernel takes for `request`, an address valid for as long.
unsafe fn control(file: &OwnedFd, request: usize, argument: usize) -> core::result::Result<(), Errno> {
    let number = usize::try_from(file.as_raw_fd()).map_err(|_| Errno::BADF)?;
    // SAFETY: as the caller says.
    let outcome = unsafe { syscall!(Sysno::ioctl, number, request, argument) };
    outcome.map(drop).map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}
