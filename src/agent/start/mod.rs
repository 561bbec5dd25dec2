//! What a libc would have given: the entry, memory functions, the allocator,
//! the panic handler. One visible file each.

mod allocator;
mod entry;
mod panic;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub(crate) use entry::{Environment, print};
pub(crate) use panic::{Ending, end, end_as, guard, is_second, pause};
