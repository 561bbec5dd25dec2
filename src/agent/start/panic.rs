//! A panic is a message and an end.
#![allow(unsafe_code)]

use core::fmt::Write;
use core::panic::PanicInfo;

#[cfg(not(test))]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Without the allocator: it may be what failed.
    let mut text = heapless::String::<512>::new();
    let _ = writeln!(text, "glowplug-agent: {info}");
    super::print(&text);
    super::entry::exit(1)
}

/// Named by the precompiled `alloc`, never called: panics abort.
// SAFETY: the compiler's own name for it; nothing else defines it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Named by the precompiled `alloc`, never called: panics abort.
// SAFETY: the unwinder's name; no unwinder is linked.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() {}
