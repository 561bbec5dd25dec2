//! The clocks.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Microseconds of the monotonic clock: since the kernel started, without
/// suspended time.
pub fn monotonic() -> u64 {
    microseconds(clock_gettime(ClockId::Monotonic))
}

/// Microseconds since 1970-01-01 UTC.
pub fn realtime() -> u64 {
    microseconds(clock_gettime(ClockId::Realtime))
}

fn microseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds * 1_000_000 + nanoseconds / 1000
}
