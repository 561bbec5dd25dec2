//! A panic, and the faults of a process: a message and a way on. PID 1 must
//! not die, so it starts itself again to mount the root and go on without
//! provisioning; any other process ends. What a PID 1 does that can do nothing
//! else: it halts, or ends the machine where the kernel line says so.
#![allow(unsafe_code)]

use super::entry::{Environment, exit, print};
use core::cell::Cell;
use core::ffi::{CStr, c_char};
use core::fmt::Write;
use core::panic::PanicInfo;
use glowplug::sys::power;
use linux_raw_sys::general::{
    SA_NODEFER, SA_ONSTACK, SA_RESTORER, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGSEGV, SIGSYS, kernel_sigaction,
    stack_t,
};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::time::Timespec;
use syscalls::{Sysno, syscall};

/// The way out of a fault, set once by [`guard`].
struct Guard {
    program: Cell<Option<OwnedFd>>,
    /// Arguments of the new start, the first of which says what it is.
    arguments: Cell<&'static [*const c_char]>,
    variables: Cell<&'static [*const c_char]>,
    /// This is the second start already.
    last: Cell<bool>,
    ending: Cell<Ending>,
}

// SAFETY: this program never makes a second thread; a signal handler reads
// what was set before it was installed.
unsafe impl Sync for Guard {}

static GUARD: Guard = Guard {
    program: Cell::new(None),
    arguments: Cell::new(&[]),
    variables: Cell::new(&[]),
    last: Cell::new(false),
    ending: Cell::new(Ending::Halt),
};

/// What becomes of a machine whose PID 1 can do nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It stays as it is.
    Halt,
    /// It is powered off.
    PowerOff,
    /// It is restarted after so many seconds.
    Restart(u32),
}

/// The name a second start goes by. No kernel line gives it: what stands there
/// is an argument.
const AGAIN: &CStr = c"--no-seed";

/// Whether this is a second start.
pub(crate) fn is_second(environment: &Environment) -> bool {
    environment.name == AGAIN
}

/// Bytes of stack for a handler whose own stack is what overflowed.
const HANDLER_STACK: usize = 16 << 10;

/// Makes faults of PID 1 end in a new start. `last`: it is the second one,
/// after which there is nothing but a halt.
pub(crate) fn guard(environment: &Environment, last: bool) {
    // Kept open, the file can be executed when the initramfs is deleted.
    GUARD.program.set(open("/proc/self/exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok());
    let arguments = [&[AGAIN.as_ptr()], environment.raw_arguments].concat();
    GUARD.arguments.set(arguments.leak());
    GUARD.variables.set(environment.variables);
    GUARD.last.set(last);
    let stack = stack_t { ss_sp: STACK.as_ptr().cast_mut().cast(), ss_flags: 0, ss_size: HANDLER_STACK as _ };
    // SAFETY: the stack is static and used for nothing else.
    let _ = unsafe { syscall!(Sysno::sigaltstack, &raw const stack, 0) };
    for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS] {
        let action = kernel_sigaction {
            sa_handler_kernel: Some(fault),
            // NODEFER: the mask survives execve, and the new start wants the signal too.
            sa_flags: (SA_ONSTACK | SA_NODEFER | SA_RESTORER).into(),
            sa_restorer: Some(never),
            sa_mask: linux_raw_sys::general::kernel_sigset_t { sig: [0] },
        };
        // SAFETY: the handler has the kernel's signature and never returns.
        let _ = unsafe {
            syscall!(Sysno::rt_sigaction, signal, &raw const action, 0, size_of_val(&action.sa_mask))
        };
    }
}

/// Sets what [`end`] does.
pub(crate) fn end_as(ending: Ending) {
    GUARD.ending.set(ending);
}

/// Makes a write to a pipe that nobody reads an error of that write. PID 1 gets
/// no such signal, and what is ignored would be for the program it becomes.
pub(super) fn ignore_broken_pipes() {
    const IGNORE: usize = 1;
    if rustix::process::getpid().is_init() {
        return;
    }
    let action = kernel_sigaction {
        // SAFETY: the kernel's SIG_IGN, a number in the place of a handler; nothing calls it.
        sa_handler_kernel: Some(unsafe {
            core::mem::transmute::<usize, unsafe extern "C" fn(core::ffi::c_int)>(IGNORE)
        }),
        sa_flags: SA_RESTORER.into(),
        sa_restorer: Some(never),
        sa_mask: linux_raw_sys::general::kernel_sigset_t { sig: [0] },
    };
    // SAFETY: no handler is installed.
    let _ =
        unsafe { syscall!(Sysno::rt_sigaction, SIGPIPE, &raw const action, 0, size_of_val(&action.sa_mask)) };
}

/// The stack of a handler whose own is what overflowed.
static STACK: [Cell32; HANDLER_STACK / 4] = [const { Cell32(Cell::new(0)) }; HANDLER_STACK / 4];

/// A cell that may be static, for the handler's stack.
struct Cell32(#[allow(dead_code)] Cell<u32>);

// SAFETY: only the kernel and the one handler running on it touch it.
unsafe impl Sync for Cell32 {}

unsafe extern "C" fn fault(signal: core::ffi::c_int) {
    let mut text = heapless::String::<64>::new();
    let _ = writeln!(text, "glowplug-agent: fault, signal {signal}");
    print(&text);
    way_out()
}

/// The kernel wants a restorer; the handler never comes back to it.
unsafe extern "C" fn never() {
    end()
}

#[cfg(not(test))]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Without the allocator: it may be what failed.
    let mut text = heapless::String::<512>::new();
    let _ = writeln!(text, "glowplug-agent: {info}");
    print(&text);
    way_out()
}

fn way_out() -> ! {
    if !rustix::process::getpid().is_init() {
        exit(1)
    }
    if let (Some(program), false) = (GUARD.program.take(), GUARD.last.get()) {
        let errno = power::become_file(program.as_fd(), GUARD.arguments.get(), GUARD.variables.get());
        let mut text = heapless::String::<64>::new();
        let _ = writeln!(text, "glowplug-agent: unable to start again: errno {}", errno.raw_os_error());
        print(&text);
    }
    end()
}

/// Does what is left to a PID 1 that can do nothing else. Allocates nothing,
/// unless the kernel refuses.
pub(crate) fn end() -> ! {
    match GUARD.ending.get() {
        Ending::Halt => {}
        Ending::PowerOff => {
            print("glowplug-agent: powering off\n");
            let _ = power::power_off();
        }
        Ending::Restart(seconds) => {
            let mut text = heapless::String::<64>::new();
            let _ = writeln!(text, "glowplug-agent: restarting in {seconds} s");
            print(&text);
            pause(seconds);
            let _ = power::restart();
        }
    }
    print("glowplug-agent: halted\n");
    loop {
        pause(3600);
    }
}

/// Lets so many seconds pass.
pub(crate) fn pause(seconds: u32) {
    let _ = rustix::thread::nanosleep(&Timespec { tv_sec: seconds.into(), tv_nsec: 0 });
}

/// Named by the precompiled `alloc`, never called: panics abort.
// SAFETY: the compiler's own name for it; nothing else defines it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Named by the precompiled `alloc`, never called: panics abort.
// SAFETY: the unwinder's name; no unwinder is linked.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() {}
