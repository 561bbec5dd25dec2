//! The character set: what may not stand in a document at all.

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
    for (at, &byte) in bytes.iter().enumerate() {
        let plain =
            matches!(byte, b'\n' | b'\t' | 0x20..=0x7e | 0x80..=0xc1 | 0xc3..=0xe1 | 0xe3..=0xee | 0xf0..);
        if plain {
            continue;
        }
        if let Some(message) = refusal(&bytes[at..]) {
            return Err(Fault { at: offset(at), message });
        }
    }
    Ok(())
}

/// Why the character that `rest` begins with is refused.
fn refusal(rest: &[u8]) -> Option<Message> {
    const CONTROL: Message = Message::Control;
    const BREAK: Message = Message::Break;
    match rest {
        [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] => Some(BREAK),
        [0xc2, 0x80..=0x9f, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => Some(CONTROL),
        [0xc2 | 0xe2 | 0xef, ..] | [b'\r', b'\n', ..] => None,
        [b'\r', ..] => Some(Message::LoneReturn),
        _ => Some(CONTROL),
    }
}
