//! The system's allocator, counting.
#![allow(unsafe_code)] // an allocator can't be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Asked for since the start.
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// In use now, and the most there was.
static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: each call is the system allocator's with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        let used = USED.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(used, Relaxed);
        // SAFETY: the caller keeps alloc's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps dealloc's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a piece of work took.
pub(crate) struct Heap {
    /// Asked for in all.
    pub(crate) bytes: usize,
    /// Most in use at once beyond what was before.
    pub(crate) peak: usize,
}

pub(crate) fn measured(work: impl FnOnce()) -> Heap {
    let (bytes, used) = (BYTES.load(Relaxed), USED.load(Relaxed));
    PEAK.store(used, Relaxed);
    work();
    Heap { bytes: BYTES.load(Relaxed) - bytes, peak: PEAK.load(Relaxed) - used }
}
