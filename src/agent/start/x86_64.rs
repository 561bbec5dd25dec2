//! What depends on the processor: the first instructions, and the memory
//! functions the compiler calls by name.
#![allow(unsafe_code)]

use core::arch::{asm, naked_asm};

/// Where the kernel jumps to: the stack pointer is at argc, aligned to 16.
///
/// # Safety
/// Called by the kernel alone, once.
// SAFETY: the kernel looks this symbol up as the entry of the file; nothing else defines it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "xor ebp, ebp",
        "mov rdi, rsp",
        "and rsp, -16",
        "call {entry}",
        "ud2",
        entry = sym super::entry::entry,
    )
}

/// # Safety
/// As memcpy(3).
// SAFETY: the C name with C's meaning, defined once in a program without libc.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: the caller grants `length` bytes at both ends; DF is clear by the ABI.
    unsafe {
        asm!("rep movsb", inout("rcx") length => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags));
    }
    to
}

/// # Safety
/// As memmove(3).
// SAFETY: the C name with C's meaning, defined once in a program without libc.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= length {
        // SAFETY: the destination begins before the source or behind its end: forward copying is right.
        return unsafe { memcpy(to, from, length) };
    }
    // SAFETY: the caller grants `length` (not 0 here) bytes at both ends; DF is set and cleared again inside.
    unsafe {
        asm!("std", "rep movsb", "cld",
            inout("rcx") length => _,
            inout("rdi") to.add(length - 1) => _,
            inout("rsi") from.add(length - 1) => _,
            options(nostack));
    }
    to
}

/// # Safety
/// As memset(3).
// SAFETY: the C name with C's meaning, defined once in a program without libc.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
    // SAFETY: the caller grants `length` bytes; DF is clear by the ABI.
    unsafe {
        asm!("rep stosb", inout("rcx") length => _, inout("rdi") to => _, in("eax") byte,
            options(nostack, preserves_flags));
    }
    to
}

/// # Safety
/// As memcmp(3).
// SAFETY: the C name with C's meaning, defined once in a program without libc.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    let mut at = 0;
    while at < length {
        // SAFETY: `at` is below the length the caller grants; volatile keeps
        // the loop from being recognised as a call of itself.
        let (a, b) = unsafe { (left.add(at).read_volatile(), right.add(at).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}

/// # Safety
/// As bcmp(3).
// SAFETY: the C name with C's meaning, defined once in a program without libc.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(left, right, length) }
}

/// # Safety
/// As strlen(3).
// SAFETY: the C name with C's meaning, defined once in a program without libc.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: the caller grants a NUL-terminated text; volatile as in memcmp.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}
