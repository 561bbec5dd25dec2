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
            closely(rest, bytes.len() - rest.len())?;
        }
        rest = behind;
    }
    closely(rest, bytes.len() - rest.len())
}

/// Looks at each of the first sixteen bytes of `rest`, which begins at `start`.
#[inline(never)]
fn closely(rest: &[u8], start: usize) -> Result<(), Fault> {
    for at in 0..16 {
        let behind = rest.get(at..).unwrap_or_default();
        if !behind.is_empty()
            && let Some(message) = refusal(behind)
        {
            return Err(Fault { at: offset(start + at), message });
        }
    }
    Ok(())
}

/// Why the byte that `rest` begins with is refused.
fn refusal(rest: &[u8]) -> Option<Message> {
    let next = |at: usize| rest.get(at).copied().unwrap_or(0);
    match (next(0), next(1), next(2)) {
        (b'\r', b'\n', _) | (b'\n' | b'\t', _, _) => None,
        (b'\r', _, _) => Some(Message::LoneReturn),
        (0xc2, 0x85, _) | (0xe2, 0x80, 0xa8 | 0xa9) => Some(Message::Break),
        (0..0x20 | 0x7f, _, _) | (0xc2, ..0xa0, _) | (0xef, 0xbf, 0xbe | 0xbf) => Some(Message::Control),
        _ => None,
    }
}
