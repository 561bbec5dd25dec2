//! Deflate (RFC 1951), in a tenth of the size of a decoder made for speed.

use crate::limits;
use alloc::vec::Vec;

const CUT_SHORT: &str = "gzip data is cut short";
const DAMAGED: &str = "gzip data is damaged";
const TOO_LARGE: &str = "gzip data expands past the bound of 32 MiB";

/// Longest code of a symbol, in bits.
const LONGEST: usize = 15;

/// Symbols of the longest alphabet, and lengths of two alphabets together.
const SYMBOLS: usize = 288;
const LENGTHS: usize = SYMBOLS + 32;

/// The literal that ends a block.
const END: u16 = 256;

/// Appends what `input` inflates to, up to [`limits::EXPANDED`] bytes in all;
/// returns the bytes of `input` used.
pub(super) fn inflate(input: &[u8], out: &mut Vec<u8>) -> Result<usize, &'static str> {
    let mut bits = Bits { input, at: 0, held: 0, count: 0 };
    let start = out.len();
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, out)?,
            1 => {
                let literals =
                    [(8, 144), (9, 112), (7, 24), (8, 8)].map(|(bits, count)| [bits].repeat(count));
                block(&mut bits, &Code::new(&literals.concat())?, &Code::new(&[5; 32])?, start, out)?;
            }
            2 => {
                let (literals, distances) = codes(&mut bits)?;
                block(&mut bits, &literals, &distances, start, out)?;
            }
            _ => return Err(DAMAGED),
        }
        if last {
            bits.align();
            return Ok(bits.at);
        }
    }
}

/// The bits of a text, the lowest of each byte first.
struct Bits<'a> {
    input: &'a [u8],
    at: usize,
    /// Bits taken from the input before they are asked for, and how many.
    held: u32,
    count: u32,
}

impl Bits<'_> {
    /// Holds 25 bits or more, or all that are left.
    fn fill(&mut self) {
        while self.count <= 24
            && let Some(&byte) = self.input.get(self.at)
        {
            self.held |= u32::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    /// The next `wanted` bits, at most 16.
    fn take(&mut self, wanted: u32) -> Result<u32, &'static str> {
        self.fill();
        let value = self.held & ((1 << wanted) - 1);
        self.count = self.count.checked_sub(wanted).ok_or(CUT_SHORT)?;
        self.held >>= wanted;
        Ok(value)
    }

    /// Goes on at the next whole byte: `at` is its place.
    fn align(&mut self) {
        self.at -= (self.count / 8) as usize;
        (self.held, self.count) = (0, 0);
    }
}

/// A block of bytes as they are (§3.2.4).
fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    bits.align();
    let (length, check) = (bits.take(16)?, bits.take(16)?);
    bits.align();
    if length ^ check != 0xffff {
        return Err(DAMAGED);
    }
    let end = bits.at + length as usize;
    let bytes = bits.input.get(bits.at..end).ok_or(CUT_SHORT)?;
    if out.len() + bytes.len() > limits::EXPANDED {
        return Err(TOO_LARGE);
    }
    out.extend_from_slice(bytes);
    bits.at = end;
    Ok(())
}

/// A canonical Huffman code (§3.2.2).
struct Code {
    /// How many symbols have a code of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols in the order of their codes.
    symbols: [u16; SYMBOLS],
}

impl Code {
    /// The code in which each symbol has the length given, 0 for none.
    fn new(lengths: &[u32]) -> Result<Self, &'static str> {
        let mut code = Self { counts: [0; LONGEST + 1], symbols: [0; SYMBOLS] };
        let mut used = 0;
        for (bits, count) in (0..).zip(&mut code.counts).skip(1) {
            for (symbol, _) in (0..).zip(lengths).filter(|&(_, &length)| length == bits) {
                *count += 1;
                *code.symbols.get_mut(used).ok_or(DAMAGED)? = symbol;
                used += 1;
            }
        }
        let mut free = 1_i32;
        for &count in code.counts.iter().skip(1) {
            free = 2 * free - i32::from(count);
            if free < 0 {
                return Err(DAMAGED);
            }
        }
        // A code of one symbol or none can't use all bits.
        if free > 0 && used > 1 { Err(DAMAGED) } else { Ok(code) }
    }

    /// The next symbol. The codes of a length are numbers in a row, and those
    /// one bit longer go on at twice the number that would follow.
    fn symbol(&self, bits: &mut Bits<'_>) -> Result<u16, &'static str> {
        bits.fill();
        let (mut code, mut first, mut index) = (0, 0, 0);
        let mut held = bits.held;
        for (length, &count) in (0..).zip(&self.counts).skip(1) {
            let count = u32::from(count);
            code = code << 1 | held & 1;
            held >>= 1;
            if code < first + count {
                bits.take(length)?;
                return self.symbols.get((index + code - first) as usize).copied().ok_or(DAMAGED);
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(DAMAGED)
    }
}

/// The codes of literals and distances that a block brings (§3.2.7).
fn codes(bits: &mut Bits<'_>) -> Result<(Code, Code), &'static str> {
    const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? as usize + 257;
    let all = literals + bits.take(5)? as usize + 1;
    let given = bits.take(4)? as usize + 4;
    let mut lengths = [0; LENGTHS];
    for &at in ORDER.iter().take(given) {
        lengths[usize::from(at)] = bits.take(3)?;
    }
    let code = Code::new(&lengths[..19])?;
    let mut at = 0;
    let mut length = 0;
    while at < all {
        let symbol = code.symbol(bits)?;
        let repeat = match symbol {
            0..=15 => 1,
            16 if at > 0 => 3 + bits.take(2)?,
            17 => 3 + bits.take(3)?,
            18 => 11 + bits.take(7)?,
            _ => return Err(DAMAGED),
        };
        match symbol {
            0..=15 => length = u32::from(symbol),
            16 => {}
            _ => length = 0,
        }
        let end = at + repeat as usize;
        lengths.get_mut(at..end.min(LENGTHS)).ok_or(DAMAGED)?.fill(length);
        at = end;
    }
    if at > all {
        return Err(DAMAGED);
    }
    let (literals, distances) = lengths.split_at_checked(literals).ok_or(DAMAGED)?;
    let distances = distances.get(..all - literals.len()).ok_or(DAMAGED)?;
    Ok((Code::new(literals)?, Code::new(distances)?))
}

/// A block of literals and copies of what is before them; `start` is where
/// that begins (§3.2.3).
fn block(
    bits: &mut Bits<'_>,
    literals: &Code,
    distances: &Code,
    start: usize,
    out: &mut Vec<u8>,
) -> Result<(), &'static str> {
    loop {
        let symbol = literals.symbol(bits)?;
        if symbol == END {
            return Ok(());
        }
        let length = match symbol {
            0..=255 => 1,
            285 => 258,
            257..=284 => 3 + scaled(u32::from(symbol) - 257, 2, bits)?,
            _ => return Err(DAMAGED),
        };
        if out.len() + length > limits::EXPANDED {
            return Err(TOO_LARGE);
        }
        if let Ok(byte) = u8::try_from(symbol) {
            out.push(byte);
            continue;
        }
        let code = distances.symbol(bits)?;
        if code >= 30 {
            return Err(DAMAGED);
        }
        let distance = 1 + scaled(u32::from(code), 1, bits)?;
        let from = out.len().checked_sub(distance).filter(|&from| from >= start).ok_or(DAMAGED)?;
        for at in from..from + length {
            // A copy may reach into itself.
            let byte = out.get(at).copied().ok_or(DAMAGED)?;
            out.push(byte);
        }
    }
}

/// A length or distance, from 0 (§3.2.5): symbols come in groups of
/// 2^`group`, and from the third group on each has one more extra bit.
fn scaled(symbol: u32, group: u32, bits: &mut Bits<'_>) -> Result<usize, &'static str> {
    let extra = (symbol >> group).saturating_sub(1);
    let place = symbol & ((1 << group) - 1);
    let base = if symbol >> group == 0 { symbol } else { ((1 << group) + place) << extra };
    Ok((base + bits.take(extra)?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;

    fn inflated(input: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut out = Vec::new();
        inflate(input, &mut out).map(|used| {
            assert_eq!(used, input.len());
            out
        })
    }

    #[test]
    fn what_another_program_deflates() {
        let noise = (0_u32..300_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
        let text = (0_u32..300_000).map(|n| b"abcdefgh ijkl\n"[(n.wrapping_mul(n) >> 3) as usize % 14]);
        let sparse = (0_u32..300_000).map(|n| u8::from(n.is_multiple_of(4099)));
        for content in [noise.collect(), text.collect(), sparse.collect(), b"a".to_vec(), Vec::new()] {
            for level in 0..=10 {
                let deflated = compress_to_vec(&content, level);
                assert!(inflated(&deflated).as_ref() == Ok(&content), "level {level}, {}", content.len());
            }
        }
    }

    #[test]
    fn damage_is_an_error() {
        for (input, message) in [
            (&b""[..], CUT_SHORT),
            (b"\x07", DAMAGED),
            (b"\x01\x01\0\xfe\xfe", DAMAGED),
            (b"\x01\x02\0\xfd\xff\0", CUT_SHORT),
            // a copy from before the start
            (b"\x03\x02", DAMAGED),
        ] {
            assert_eq!(inflated(input), Err(message), "{input:?}");
        }
    }
}
