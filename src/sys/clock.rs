//! The clocks. rustix would ask the vDSO, whose reader alone is as large as
//! a parser; the few hundred times a boot looks at a clock, the kernel answers
//! as well.
#![allow(unsafe_code)]

use linux_raw_sys::general::{__kernel_timespec, CLOCK_MONOTONIC, CLOCK_REALTIME};
use syscalls::{Sysno, syscall};

/// Microseconds of the monotonic clock: since the kernel started, without
/// suspended time.
pub fn monotonic() -> u64 {
    microseconds(CLOCK_MONOTONIC)
}

/// Microseconds since 1970-01-01 UTC.
pub fn realtime() -> u64 {
    microseconds(CLOCK_REALTIME)
}

#[inline(never)]
fn microseconds(clock: u32) -> u64 {
    let mut time = __kernel_timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec to the address, which is ours.
    let _ = unsafe { syscall!(Sysno::clock_gettime, clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds * 1_000_000 + nanoseconds / 1000
}
