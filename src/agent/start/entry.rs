//! From the kernel's stack image to Rust's `main`.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ffi::{CStr, c_char};
use syscalls::{Sysno, syscall};

/// The arguments and environment the kernel put on the stack.
pub(crate) struct Environment {
    /// Arguments without the program's name; what is not UTF-8 is left out.
    pub(crate) arguments: Vec<&'static str>,
    /// The environment's strings, for programs this one becomes.
    pub(crate) variables: &'static [*const c_char],
}

/// Called by `_start` with the initial stack pointer: argc, argv, NULL, envp, NULL.
///
/// # Safety
/// `stack` is the stack image described by the psABI; it lives as long as the process.
pub(super) unsafe extern "C" fn entry(stack: *const usize) -> ! {
    // SAFETY: the first word is argc.
    let count = unsafe { *stack };
    // SAFETY: argv follows with `count` pointers and a NULL, then envp.
    let (argv, envp) =
        unsafe { (stack.add(1).cast::<*const c_char>(), stack.add(count + 2).cast::<*const c_char>()) };
    let mut length = 0;
    // SAFETY: envp ends with a NULL; the slice takes it along, as execve wants it.
    while unsafe { !(*envp.add(length)).is_null() } {
        length += 1;
    }
    // SAFETY: `length` pointers and the NULL were just seen.
    let variables = unsafe { core::slice::from_raw_parts(envp, length + 1) };
    let mut arguments = Vec::new();
    for at in 1..count {
        // SAFETY: each of argv's `count` pointers is a NUL-terminated string.
        arguments.extend(unsafe { CStr::from_ptr(*argv.add(at)) }.to_str());
    }
    let status = crate::main(&Environment { arguments, variables });
    exit(status)
}

/// Ends the process.
pub(super) fn exit(status: i32) -> ! {
    loop {
        // SAFETY: exit_group has no preconditions and does not return.
        let _ = unsafe { syscall!(Sysno::exit_group, status) };
    }
}

/// Writes to standard error; what cannot be written is lost.
pub(crate) fn print(text: &str) {
    let mut rest = text.as_bytes();
    // SAFETY: nothing in this program closes descriptor 2; were it closed, write says EBADF.
    let stderr = unsafe { rustix::fd::BorrowedFd::borrow_raw(2) };
    while !rest.is_empty() {
        match rustix::io::write(stderr, rest) {
            Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
            _ => return,
        }
    }
}
