//! From the kernel's stack image to Rust's `main`.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ffi::{CStr, c_char};
use glowplug::sys::stdio;
use syscalls::{Sysno, syscall};

/// The arguments and environment the kernel put on the stack.
pub(crate) struct Environment {
    /// How this program was called.
    pub(crate) name: &'static CStr,
    /// Arguments without the program's name.
    pub(crate) arguments: Vec<&'static CStr>,
    /// The same as the kernel gave them, for programs this one becomes; ends
    /// with a null pointer.
    pub(crate) raw_arguments: &'static [*const c_char],
    /// The environment's strings, for programs this one becomes.
    pub(crate) variables: &'static [*const c_char],
}

impl Environment {
    /// Whether a variable begins with `name`, which ends with `=`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.variables.iter().take_while(|variable| !variable.is_null()).any(|variable| {
            // SAFETY: each pointer before the NULL is a NUL-terminated string that lives as long as
            // the process.
            unsafe { CStr::from_ptr(*variable) }.to_bytes().starts_with(name.as_bytes())
        })
    }
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
    let (mut name, mut arguments) = (c"", Vec::new());
    for at in 0..count {
        // SAFETY: each of argv's `count` pointers is a NUL-terminated string.
        let text = unsafe { CStr::from_ptr(*argv.add(at)) };
        if at == 0 { name = text } else { arguments.push(text) }
    }
    let first = count.min(1);
    // SAFETY: argv has `count` pointers and a NULL.
    let raw_arguments = unsafe { core::slice::from_raw_parts(argv.add(first), count - first + 1) };
    stdio::open_missing();
    super::panic::ignore_broken_pipes();
    let status = crate::main(&Environment { name, arguments, raw_arguments, variables });
    exit(status)
}

/// Ends the process.
pub(super) fn exit(status: i32) -> ! {
    loop {
        // SAFETY: exit_group has no preconditions and does not return.
        let _ = unsafe { syscall!(Sysno::exit_group, status) };
    }
}

/// Writes to standard error. The value: whether all was written; what can't be
/// is lost.
pub(crate) fn print(text: &str) -> bool {
    let mut rest = text.as_bytes();
    // SAFETY: nothing in this program closes descriptor 2, which is open from the start on.
    let stderr = unsafe { rustix::fd::BorrowedFd::borrow_raw(2) };
    while !rest.is_empty() {
        match rustix::io::write(stderr, rest) {
            Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            _ => return false,
        }
    }
    true
}
