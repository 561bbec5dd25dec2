//! What answers a request, message by message: pure, whoever received it.

use super::wire::{self, Malformed, Message, u32_at};
use alloc::string::String;
use linux_raw_sys::netlink::{NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};
use rustix::io::Errno;

/// Takes each message of a reply; `None`: the reply begins again.
pub(super) type Each<'a> = dyn FnMut(Option<&Message<'_>>) -> Result<(), Malformed> + 'a;

/// How a reply ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All is told or done.
    Done,
    /// The machine changed during a dump.
    Interrupted,
    /// The kernel says why not: a positive errno and its own words.
    Refused(i32, String),
}

impl From<Malformed> for End {
    fn from(_: Malformed) -> Self {
        Self::Refused(Errno::PROTO.raw_os_error(), "malformed reply".into())
    }
}

impl From<Errno> for End {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno.raw_os_error(), String::new())
    }
}

/// A reply that is under way.
pub(super) struct Reply {
    sequence: u32,
    interrupted: bool,
}

impl Reply {
    /// The reply to the request numbered `sequence`.
    pub(super) fn to(sequence: u32) -> Self {
        Self { sequence, interrupted: false }
    }

    /// Takes what one receive brought; `None`: there is more to come. What
    /// answers an earlier request, given up meanwhile, is passed over.
    #[inline(never)]
    pub(super) fn take(&mut self, received: &[u8], each: &mut Each<'_>) -> Option<End> {
        for message in wire::messages(received) {
            let Ok(message) = message else { return Some(Malformed.into()) };
            if message.sequence != self.sequence {
                continue;
            }
            self.interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
            let end = match u32::from(message.kind) {
                // A dump that failed on the way says so in its last message.
                NLMSG_DONE => match u32_at(message.body, 0).unwrap_or(0).cast_signed().wrapping_neg() {
                    errno if errno > 0 => End::Refused(errno, String::new()),
                    _ => self.end(),
                },
                NLMSG_ERROR => match wire::acknowledgement(&message) {
                    Ok((0, _)) => self.end(),
                    Ok((errno, words)) => {
                        let words = String::from_utf8_lossy(words.unwrap_or_default());
                        End::Refused(errno, words.into_owned())
                    }
                    Err(malformed) => malformed.into(),
                },
                _ => match each(Some(&message)) {
                    Ok(()) => continue,
                    Err(malformed) => malformed.into(),
                },
            };
            return Some(end);
        }
        None
    }

    fn end(&self) -> End {
        if self.interrupted { End::Interrupted } else { End::Done }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::Request;
    use super::*;
    use alloc::vec::Vec;

    const MULTI: u32 = 2;

    fn message(kind: u16, flags: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
        Request::new(kind, flags, body, &[]).finish(sequence)
    }

    /// How the reply to request 7 ends with these receives, and how many
    /// messages were told.
    fn outcome(receives: &[Vec<u8>]) -> (Option<End>, usize) {
        let (mut reply, mut told) = (Reply::to(7), 0);
        for received in receives {
            let end = reply.take(received, &mut |message| {
                told += 1;
                if message.is_some_and(|message| message.body == [9]) { Err(Malformed) } else { Ok(()) }
            });
            if end.is_some() {
                return (end, told);
            }
        }
        (None, told)
    }

    #[test]
    fn a_dump_ends_with_its_last_message() {
        let (link, done) = (message(16, MULTI, 7, &[0; 16]), message(3, MULTI, 7, &[0; 4]));
        assert_eq!(outcome(&[[&*link, &link].concat(), done.clone()]), (Some(End::Done), 2));
        assert_eq!(outcome(&[link.clone(), [&*link, &done, &link].concat()]), (Some(End::Done), 2));
        assert_eq!(outcome(&[link]), (None, 1));
        assert_eq!(outcome(&[message(3, MULTI, 7, &[])]), (Some(End::Done), 0));
    }

    #[test]
    fn what_is_wrong_with_a_dump_is_known_in_the_end() {
        let done = message(3, MULTI, 7, &[0; 4]);
        let interrupted = message(16, MULTI | NLM_F_DUMP_INTR, 7, &[0; 16]);
        assert_eq!(outcome(&[interrupted, done]).0, Some(End::Interrupted));
        let last = message(3, MULTI | NLM_F_DUMP_INTR, 7, &[0; 4]);
        assert_eq!(outcome(&[last]).0, Some(End::Interrupted));
        let failed = message(3, MULTI, 7, &(-90_i32).to_ne_bytes());
        assert_eq!(outcome(&[failed]).0, Some(End::Refused(90, String::new())));
    }

    #[test]
    fn answers_to_others_are_passed_over() {
        let refused = message(2, 0, 6, &(-1_i32).to_ne_bytes());
        let mine = message(2, 0, 7, &[0; 20]);
        assert_eq!(outcome(&[refused.clone(), [refused, mine].concat()]), (Some(End::Done), 0));
    }

    #[test]
    fn an_answer_that_can_not_be_is_an_error() {
        let malformed = || Some(End::Refused(Errno::PROTO.raw_os_error(), "malformed reply".into()));
        assert_eq!(outcome(&[message(2, 0, 7, &[0])]).0, malformed());
        assert_eq!(outcome(&[message(16, 0, 7, &[9])]).0, malformed());
        assert_eq!(outcome(&[[3; 15].to_vec()]).0, malformed());
        assert_eq!(outcome(&[Vec::new()]), (None, 0));
    }
}
