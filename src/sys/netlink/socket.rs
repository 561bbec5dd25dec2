//! A netlink socket: requests out, replies in.

#![allow(unsafe_code, reason = "rustix has no setsockopt for SOL_NETLINK")]

use super::wire::{self, Malformed, Message, Request};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use linux_raw_sys::netlink::{NETLINK_CAP_ACK, NETLINK_EXT_ACK, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Bytes of one receive. The kernel fills at most 32 KiB of it with a dump.
const BUFFER: usize = 64 << 10;

/// Times a dump is begun again because the machine changed meanwhile.
const DUMPS: u32 = 8;

const SOL_NETLINK: usize = 270;

/// Takes each message of a reply.
pub(super) type Each<'a> = dyn FnMut(&Message<'_>) -> Result<(), Malformed> + 'a;

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Positive.
    pub(super) errno: i32,
    /// `RTM_…` of the request.
    pub(super) request: u16,
    /// The kernel's own words.
    pub(super) text: Option<String>,
}

impl Failure {
    /// This failure, unless it is one that does not matter.
    pub(super) fn unless(self, harmless: Errno) -> Result<(), Self> {
        if self.errno == harmless.raw_os_error() { Ok(()) } else { Err(self) }
    }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self { errno: errno.raw_os_error(), request: 0, text: None }
    }
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Self { errno: Errno::PROTO.raw_os_error(), request: 0, text: Some("malformed reply".into()) }
    }
}

/// A socket bound to a port of the kernel's choice.
pub(super) struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

/// What a receive brought.
pub(super) enum Received {
    /// This many bytes from the kernel.
    Kernel(usize),
    /// Somebody else's; not looked at.
    Foreign,
}

/// Opens and binds a socket; `groups` are multicast groups as a mask.
pub(super) fn open(protocol: Option<Protocol>, groups: u32) -> Result<OwnedFd, Errno> {
    let fd =
        rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
    rustix::net::bind(&fd, &SocketAddrNetlink::new(0, groups))?;
    Ok(fd)
}

/// One receive, its sender checked: port 0 is the kernel, and no other process
/// can have it.
pub(super) fn receive(fd: &OwnedFd, buffer: &mut [u8]) -> Result<Received, Errno> {
    let (_, length, sender) = rustix::net::recvfrom(fd, &mut *buffer, RecvFlags::TRUNC)?;
    let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
    if sender.is_none_or(|sender| sender.pid() != 0) {
        return Ok(Received::Foreign);
    }
    if length > buffer.len() {
        return Err(Errno::MSGSIZE);
    }
    Ok(Received::Kernel(length))
}

impl Socket {
    /// An rtnetlink socket.
    pub(super) fn route() -> Result<Self, Errno> {
        let fd = open(None, 0)?;
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] {
            set_option(&fd, option);
        }
        Ok(Self { fd, sequence: 0, buffer: vec![0; BUFFER] })
    }

    /// Sends `request` and waits for its acknowledgement or the end of its
    /// dump; `each` sees every message in between. A dump that was interrupted
    /// by a change begins again, and `each` sees all of it again.
    #[inline(never)]
    pub(super) fn exchange(&mut self, mut request: Request, each: &mut Each<'_>) -> Result<(), Failure> {
        let outcome = self.attempt(&mut request, each);
        outcome.map_err(|failure| Failure { request: request.kind(), ..failure })
    }

    fn attempt(&mut self, request: &mut Request, each: &mut Each<'_>) -> Result<(), Failure> {
        for _ in 0..DUMPS {
            self.sequence = self.sequence.wrapping_add(1);
            rustix::net::send(&self.fd, request.finish(self.sequence), SendFlags::empty())?;
            if self.replies(each)? {
                return Ok(());
            }
        }
        Err(Errno::INTR.into())
    }

    /// Reads to the end of the replies; false when a dump was interrupted.
    fn replies(&mut self, each: &mut Each<'_>) -> Result<bool, Failure> {
        let mut consistent = true;
        loop {
            let length = match receive(&self.fd, &mut self.buffer) {
                Ok(Received::Kernel(length)) => length,
                Ok(Received::Foreign) | Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            for message in wire::messages(&self.buffer[..length]) {
                let message = message?;
                if message.sequence != self.sequence {
                    continue;
                }
                consistent &= message.flags & NLM_F_DUMP_INTR == 0;
                match u32::from(message.kind) {
                    NLMSG_DONE => return Ok(consistent),
                    NLMSG_ERROR => return finished(&message).map(|()| consistent),
                    _ => each(&message)?,
                }
            }
        }
    }
}

/// The outcome an acknowledgement tells.
fn finished(message: &Message<'_>) -> Result<(), Failure> {
    let (errno, text) = wire::acknowledgement(message)?;
    if errno == 0 {
        return Ok(());
    }
    Err(Failure { errno, request: 0, text: text.map(|text| String::from_utf8_lossy(text).into_owned()) })
}

/// Switches a netlink option on. Kernels before 4.12 know neither of ours;
/// errors then come without words.
fn set_option(fd: &OwnedFd, option: u32) {
    let on: i32 = 1;
    let fd = usize::try_from(fd.as_raw_fd()).unwrap_or_default();
    // SAFETY: the pointer and length describe `on`, which outlives the call,
    // and the kernel only reads it.
    let _ = unsafe {
        syscalls::syscall5(
            syscalls::Sysno::setsockopt,
            fd,
            SOL_NETLINK,
            option as usize,
            (&raw const on).addr(),
            size_of::<i32>(),
        )
    };
}
