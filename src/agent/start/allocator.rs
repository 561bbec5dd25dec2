//! The allocator: small pieces from a bump arena that is never taken back,
//! large ones as mappings of their own that are.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};
use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap, munmap};

/// From here on a piece gets its own mapping, in bytes.
const LARGE: usize = 64 << 10;
/// The arena in .bss, enough for a boot without a seed: no system call.
const FIRST: usize = 64 << 10;
/// Each further piece of arena.
const NEXT: usize = 1 << 20;
const PAGE: usize = 4096;

#[global_allocator]
static ALLOCATOR: Arena =
    Arena { first: UnsafeCell::new([0; FIRST]), free: UnsafeCell::new(Free { at: 0, end: 0, begun: false }) };

struct Arena {
    first: UnsafeCell<[u8; FIRST]>,
    free: UnsafeCell<Free>,
}

/// The rest of the arena, as addresses.
struct Free {
    at: usize,
    end: usize,
    begun: bool,
}

// SAFETY: this program never makes a second thread.
unsafe impl Sync for Arena {}

fn pages(size: usize) -> usize {
    size.next_multiple_of(PAGE)
}

fn map(size: usize) -> *mut u8 {
    // SAFETY: a fresh private mapping touches nothing that exists.
    unsafe { mmap_anonymous(ptr::null_mut(), size, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) }
        .map_or(ptr::null_mut(), <*mut core::ffi::c_void>::cast)
}

impl Arena {
    /// SAFETY: no other reference to the free range lives meanwhile.
    unsafe fn bump(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no call in here comes back to the allocator.
        let free = unsafe { &mut *self.free.get() };
        if !free.begun {
            free.begun = true;
            free.at = self.first.get() as usize;
            free.end = free.at + FIRST;
        }
        let start = free.at.next_multiple_of(layout.align());
        if start + layout.size() <= free.end {
            free.at = start + layout.size();
            return ptr::with_exposed_provenance_mut(start);
        }
        let more = map(NEXT);
        if more.is_null() {
            return more;
        }
        free.at = more.expose_provenance() + layout.size();
        free.end = more.expose_provenance() + NEXT;
        more
    }
}

// SAFETY: pieces never overlap: the arena only moves forward (back only over
// its last piece), and large pieces are mappings of their own.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE {
            return map(pages(layout.size()));
        }
        // SAFETY: called outside `bump`.
        unsafe { self.bump(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if layout.size() >= LARGE {
            // SAFETY: `alloc` mapped exactly these pages for this piece.
            let _ = unsafe { munmap(piece.cast(), pages(layout.size())) };
            return;
        }
        // SAFETY: one thread, as in `bump`.
        let free = unsafe { &mut *self.free.get() };
        if piece as usize + layout.size() == free.at {
            free.at = piece as usize;
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size() >= LARGE && size >= LARGE {
            let (old, new) = (pages(layout.size()), pages(size));
            if old == new {
                return piece;
            }
            // SAFETY: the mapping is this piece's own; the kernel may move it.
            return unsafe { mremap(piece.cast(), old, new, MremapFlags::MAYMOVE) }
                .map_or(ptr::null_mut(), <*mut core::ffi::c_void>::cast);
        }
        // SAFETY: one thread, as in `bump`.
        let free = unsafe { &mut *self.free.get() };
        if size < LARGE && piece as usize + layout.size() == free.at && piece as usize + size <= free.end {
            free.at = piece as usize + size;
            return piece;
        }
        // SAFETY: the new layout keeps the old alignment, which was valid.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if let Some(to) = NonNull::new(new) {
            // SAFETY: both pieces hold the smaller of the sizes and do not overlap.
            unsafe { ptr::copy_nonoverlapping(piece, to.as_ptr(), layout.size().min(size)) };
            // SAFETY: the caller gives the old piece up.
            unsafe { self.dealloc(piece, layout) };
        }
        new
    }
}
