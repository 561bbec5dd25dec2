//! Bytes looked for in long texts, eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Where the first `one` or `other` of `text` is.
pub(crate) fn first_of(text: &[u8], one: u8, other: u8) -> Option<usize> {
    // Bit 7 of the lowest byte that is zero, and perhaps of higher ones.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS;
    let (one_each, other_each) = (u64::from(one) * ONES, u64::from(other) * ONES);
    let (words, tail) = text.as_chunks::<8>();
    for (word, start) in words.iter().zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(*word);
        let found = zero(word ^ one_each) | zero(word ^ other_each);
        if found != 0 {
            return Some(start + found.trailing_zeros() as usize / 8);
        }
    }
    let in_tail = tail.iter().position(|&byte| byte == one || byte == other)?;
    Some(text.len() - tail.len() + in_tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wherever_it_is() {
        for length in 0..40 {
            for at in 0..length {
                let mut text = alloc::vec![b'='; length];
                text[at..].fill(b'\n');
                assert_eq!(first_of(&text, b'\r', b'\n'), Some(at));
                text[at + 1..].fill(b'\r');
                assert_eq!(first_of(&text, b'\r', b'\n'), Some(at));
            }
            // Bytes one more, and one bit off, follow each other.
            let text = b"\x0b\x0e\x8d\x8a\x0c\x0f\x02".repeat(length);
            assert_eq!(first_of(&text, b'\r', b'\n'), None);
        }
        assert_eq!(first_of(b"\n\x0b\x0b\x0b\x0b\x0b\x0b\x0b", b'\n', b'\n'), Some(0));
        assert_eq!(first_of(b"\x0b\n\x0b\x0b\x0b\x0b\x0b\x0b", b'\n', b'\n'), Some(1));
    }
}
