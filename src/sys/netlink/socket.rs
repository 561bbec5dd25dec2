//! A netlink socket: requests out, replies in.

#![allow(unsafe_code, reason = "rustix has no setsockopt for SOL_NETLINK")]

use super::batch;
use super::reply::{Each, End, Reply};
use super::wire::{Malformed, Request};
use crate::error::{self, Error};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use linux_raw_sys::netlink::{self, NETLINK_CAP_ACK, NETLINK_EXT_ACK};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::Timeout;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Bytes of one receive. The kernel fills at most 32 KiB of it with a dump.
const BUFFER: usize = 64 << 10;

/// Times a dump is begun again because the machine changed meanwhile.
const DUMPS: u32 = 8;

const SOL_NETLINK: usize = 270;

/// What a failed request is called in a message.
const NAMES: [(u32, &str); 12] = [
    (netlink::RTM_NEWLINK as u32, "RTM_NEWLINK"),
    (netlink::RTM_GETLINK as u32, "RTM_GETLINK"),
    (netlink::RTM_DELLINKPROP as u32, "RTM_DELLINKPROP"),
    (netlink::RTM_NEWADDR as u32, "RTM_NEWADDR"),
    (netlink::RTM_DELADDR as u32, "RTM_DELADDR"),
    (netlink::RTM_GETADDR as u32, "RTM_GETADDR"),
    (netlink::RTM_NEWROUTE as u32, "RTM_NEWROUTE"),
    (netlink::RTM_DELROUTE as u32, "RTM_DELROUTE"),
    (netlink::RTM_GETROUTE as u32, "RTM_GETROUTE"),
    (netlink::RTM_NEWRULE as u32, "RTM_NEWRULE"),
    (netlink::RTM_DELRULE as u32, "RTM_DELRULE"),
    (netlink::RTM_GETRULE as u32, "RTM_GETRULE"),
];

/// Seconds an answer is waited for. The kernel's lock on its network may be
/// held by others for long; without an end, a boot would never come to one.
const PATIENCE: u64 = 30;

/// A socket bound to a port of the kernel's choice.
pub(super) struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
    /// What the requests are for, verb and object, for messages.
    pub(super) purpose: String,
}

/// Opens and binds a socket; `groups` are multicast groups as a mask.
pub(super) fn open(protocol: Option<Protocol>, groups: u32) -> Result<OwnedFd, Errno> {
    let fd =
        rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
    rustix::net::bind(&fd, &SocketAddrNetlink::new(0, groups))?;
    Ok(fd)
}

/// One receive, its sender checked: port 0 is the kernel, and no other process
/// can have it. `None`: it is somebody else's, and not looked at.
#[inline(never)]
pub(super) fn receive<'b>(fd: &OwnedFd, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Errno> {
    let (_, length, sender) = rustix::net::recvfrom(fd, &mut *buffer, RecvFlags::TRUNC)?;
    let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
    if sender.is_none_or(|sender| sender.pid() != 0) {
        return Ok(None);
    }
    // The length is the message's own, also where that is cut.
    buffer.get(..length).map(Some).ok_or(Errno::MSGSIZE)
}

impl Socket {
    /// An rtnetlink socket.
    pub(super) fn route() -> Result<Self, Errno> {
        let fd = open(None, 0)?;
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] {
            set_option(&fd, option);
        }
        let patience = Some(Duration::from_secs(PATIENCE));
        rustix::net::sockopt::set_socket_timeout(&fd, Timeout::Recv, patience)?;
        Ok(Self { fd, sequence: 0, buffer: vec![0; BUFFER], purpose: String::new() })
    }

    /// The file descriptor, for calls that rustix has not.
    pub(super) fn number(&self) -> usize {
        usize::try_from(self.fd.as_raw_fd()).unwrap_or_default()
    }

    /// Requests sent so far.
    pub(super) fn sent(&self) -> u32 {
        self.sequence
    }

    /// Sends `request` and waits for its acknowledgement or the end of its
    /// dump; `each` sees every message in between. A dump that was interrupted
    /// by a change begins again.
    #[inline(never)]
    pub(super) fn exchange(&mut self, request: &Request, each: &mut Each<'_>) -> error::Result<()> {
        for _ in 0..DUMPS {
            match self.attempt(request, each) {
                End::Done => return Ok(()),
                // It is told again, and nothing that is refused then matters.
                End::Interrupted => drop(each(None)),
                End::Refused(errno, words) => return Err(self.failure(request, errno, &words)),
            }
        }
        Err(self.failure(request, Errno::INTR.raw_os_error(), ""))
    }

    /// `unable to rename link ens3 to eth0: File exists (RTM_NEWLINK: the
    /// kernel's words)`.
    #[inline(never)]
    pub(super) fn failure(&self, request: &Request, errno: i32, words: &str) -> Error {
        let kind = NAMES.iter().find(|(kind, _)| *kind == u32::from(request.kind)).map_or("", |name| name.1);
        let between = if words.is_empty() { "" } else { ": " };
        Error::os_saying(&self.purpose, errno, &[" (", kind, between, words, ")"].concat())
    }

    /// Sends several requests whose answers are acknowledgements; tells which
    /// of them were refused.
    pub(super) fn exchange_all(&mut self, requests: &[Request]) -> error::Result<Vec<bool>> {
        let Some(last) = requests.last() else { return Ok(Vec::new()) };
        let first = self.sequence.wrapping_add(1);
        let bytes = batch::together(requests, first);
        self.sequence = self.sequence.wrapping_add(u32::try_from(requests.len()).unwrap_or(u32::MAX));
        let mut answers = vec![None; requests.len()];
        let mut exchange = || -> Result<(), Errno> {
            rustix::net::send(&self.fd, &bytes, SendFlags::empty())?;
            while answers.contains(&None) {
                match receive(&self.fd, &mut self.buffer) {
                    Ok(received) => {
                        let received = received.unwrap_or_default();
                        batch::acknowledge(received, requests, first, &mut answers)
                            .map_err(|Malformed| Errno::PROTO)?;
                    }
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => return Err(Errno::TIMEDOUT),
                    Err(errno) => return Err(errno),
                }
            }
            Ok(())
        };
        match exchange() {
            Ok(()) => Ok(answers.into_iter().map(|refused| refused != Some(false)).collect()),
            Err(errno) => Err(self.failure(last, errno.raw_os_error(), "")),
        }
    }

    #[inline(never)]
    fn attempt(&mut self, request: &Request, each: &mut Each<'_>) -> End {
        self.sequence = self.sequence.wrapping_add(1);
        if let Err(errno) = rustix::net::send(&self.fd, &request.finish(self.sequence), SendFlags::empty()) {
            return errno.into();
        }
        let mut reply = Reply::to(self.sequence);
        loop {
            let received = match receive(&self.fd, &mut self.buffer) {
                Ok(received) => received.unwrap_or_default(),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Errno::TIMEDOUT.into(),
                // Answers were lost; a question may be asked again.
                Err(Errno::NOBUFS) if request.is_dump() => return End::Interrupted,
                Err(errno) => return errno.into(),
            };
            if let Some(end) = reply.take(received, each) {
                return end;
            }
        }
    }
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
