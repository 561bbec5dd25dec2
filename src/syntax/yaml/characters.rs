//! The character set: what may not stand in a document at all.

use super::lanes::{Lanes, WIDTH};
use super::{Fault, Message, offset};
use crate::limits;

/// Refuses a text that is too long, or holds characters YAML excludes or line
/// breaks only YAML 1.1 knew. After this, CR stands only before LF and NUL
/// nowhere.
#[inline(never)]
pub(super) fn check(text: &str) -> Result<(), Fault> {
    if text.len() > limits::YAML_TEXT {
        return Err(Fault { at: 0, message: Message::Length });
    }
    let bytes = text.as_bytes();
    let mut rest = bytes;
    // Sixteen at a time as long as all are ASCII, LF the only control among
    // them.
    while let Some((block, behind)) = rest.split_first_chunk::<16>() {
        let lanes = Lanes::load(*block);
        let special = lanes.special().without(lanes.equal(b'\n')).or(lanes.equal(0x7f));
        if special.first() < WIDTH {
            let start = bytes.len() - rest.len();
            if let Some((at, message)) = (0..16).find_map(|at| Some((at, refusal(&rest[at..])?))) {
                return Err(Fault { at: offset(start + at), message });
            }
        }
        rest = behind;
    }
    let start = bytes.len() - rest.len();
    match (0..rest.len()).find_map(|at| Some((at, refusal(&rest[at..])?))) {
        Some((at, message)) => Err(Fault { at: offset(start + at), message }),
        None => Ok(()),
    }
}

/// Why the byte that `rest` begins with is refused.
fn refusal(rest: &[u8]) -> Option<Message> {
    match rest {
        [b'\n' | b'\t' | 0x20..=0x7e | 0x80..=0xc1 | 0xc3..=0xe1 | 0xe3..=0xee | 0xf0.., ..] => None,
        [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] => Some(Message::Break),
        [0xc2, 0x80..=0x9f, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => Some(Message::Control),
        [0xc2 | 0xe2 | 0xef, ..] | [b'\r', b'\n', ..] => None,
        [b'\r', ..] => Some(Message::LoneReturn),
        _ => Some(Message::Control),
    }
}
