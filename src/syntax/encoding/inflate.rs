//! Inflate: the decoder of Deflate data (RFC 1951), as strict as zlib's.

use super::gzip::{CUT_SHORT, DAMAGED, TOO_LONG};
use crate::limits;
use alloc::vec::Vec;

/// Bits of a code that one lookup decodes; longer codes are rare.
const LOOKUP_BITS: u32 = 9;

/// Longest code (§3.2.7).
const LONGEST: usize = 15;

/// What one step may write: the longest match, and the last word of its copy.
const STEP: usize = 258 + 8;

/// Order of the lengths of the code length code (§3.2.7).
static LENGTH_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Appends to `out` what `input` inflates to, `expected` bytes or so; returns
/// the bytes of `input` used.
///
/// # Errors
/// Data that is damaged or cut short, or makes `out` longer than
/// [`limits::EXPANDED`].
pub(super) fn inflate(input: &[u8], out: &mut Vec<u8>, expected: usize) -> Result<usize, &'static str> {
    let start = out.len();
    out.resize(start + expected.min(limits::EXPANDED) + STEP, 0);
    let bits = Bits { input, at: 0, buffer: 0, count: 0 };
    let mut inflater = Inflater { bits, start, written: start, out };
    let (mut symbols, mut distances) = (Codes::new(), Codes::new());
    // What is made of the fixed codes serves until a block brings its own.
    let mut fixed = false;
    loop {
        let last = inflater.bits.take(1)? == 1;
        match inflater.bits.take(2)? {
            0 => inflater.stored()?,
            kind @ (1 | 2) => {
                if kind == 2 {
                    inflater.bits.read_codes(&mut symbols, &mut distances)?;
                } else if !fixed {
                    fixed_codes(&mut symbols, &mut distances);
                }
                fixed = kind == 1;
                inflater.compressed(&symbols, &distances)?;
            }
            _ => return Err(DAMAGED),
        }
        if last {
            let Inflater { bits, written, out, .. } = inflater;
            out.truncate(written);
            return Ok(bits.at - bits.whole_bytes());
        }
    }
}

struct Inflater<'i, 'o> {
    bits: Bits<'i>,
    out: &'o mut Vec<u8>,
    /// Where matches may begin: what stands before is another member's.
    start: usize,
    written: usize,
}

impl Inflater<'_, '_> {
    /// Makes room for `count` bytes and a step.
    fn reserve(&mut self, count: usize) -> Result<(), &'static str> {
        if self.written + count > limits::EXPANDED {
            return Err(TOO_LONG);
        }
        if self.out.len() < self.written + count + STEP {
            let most = limits::EXPANDED + STEP;
            self.out.resize((2 * self.out.len()).max(self.written + count + STEP).min(most), 0);
        }
        Ok(())
    }

    /// A block that stands as it is (§3.2.4).
    #[inline(never)]
    fn stored(&mut self) -> Result<(), &'static str> {
        let bits = &mut self.bits;
        bits.drop(bits.count % 8);
        let (length, complement) = (bits.take(16)?, bits.take(16)?);
        if length ^ complement != 0xffff {
            return Err(DAMAGED);
        }
        let (from, length) = (bits.at - bits.whole_bytes(), usize::from(length));
        let block = bits.input.get(from..from + length).ok_or(CUT_SHORT)?;
        *bits = Bits { input: bits.input, at: from + length, buffer: 0, count: 0 };
        self.reserve(length)?;
        if let Some(room) = self.out.get_mut(self.written..self.written + length) {
            room.copy_from_slice(block);
        }
        self.written += length;
        Ok(())
    }

    /// A block of literals and matches (§3.2.3).
    #[inline(never)]
    fn compressed(&mut self, symbols: &Codes, distances: &Codes) -> Result<(), &'static str> {
        let mut bits = self.bits;
        loop {
            self.reserve(0)?;
            // The room made holds a step: the window is what it may touch.
            let window = self.out.get_mut(self.start..self.written + STEP).ok_or(DAMAGED)?;
            match bits.symbol(symbols)? {
                literal @ 0..256 => {
                    let at = window.len() - STEP;
                    window[at] = literal.to_le_bytes()[0];
                    self.written += 1;
                }
                256 => {
                    self.bits = bits;
                    return Ok(());
                }
                symbol @ 257..286 => {
                    let length = match symbol {
                        285 => 258,
                        _ => 3 + bits.scaled(symbol - 257, 2)?,
                    };
                    let distance = match bits.symbol(distances)? {
                        symbol @ 0..30 => 1 + bits.scaled(symbol, 1)?,
                        _ => return Err(DAMAGED),
                    };
                    copy(window, distance, length).ok_or(DAMAGED)?;
                    self.written += length;
                }
                _ => return Err(DAMAGED),
            }
        }
    }
}

/// Repeats what stands `distance` before the last [`STEP`] bytes of `window`
/// at their start; `None` when that is before the window.
fn copy(window: &mut [u8], distance: usize, length: usize) -> Option<()> {
    let from = window.len().checked_sub(STEP)?.checked_sub(distance)?;
    let text = window.get_mut(from..)?;
    if distance < 8 {
        for at in 0..length {
            *text.get_mut(at + distance)? = *text.get(at)?;
        }
        return Some(());
    }
    // Past the end it writes what later steps write over.
    for at in (0..length).step_by(8) {
        let word: [u8; 8] = *text.get(at..)?.first_chunk()?;
        *text.get_mut(at + distance..)?.first_chunk_mut()? = word;
    }
    Some(())
}

/// The input from its lowest bit on.
#[derive(Clone, Copy)]
struct Bits<'a> {
    input: &'a [u8],
    /// First byte of which nothing counts as being in `buffer`.
    at: usize,
    buffer: u64,
    /// Bits in `buffer`; what stands above them will come again.
    count: u32,
}

impl Bits<'_> {
    #[inline]
    fn refill(&mut self) {
        let rest = self.input.get(self.at..).unwrap_or_default();
        if let Some(word) = rest.first_chunk() {
            self.buffer |= u64::from_le_bytes(*word) << self.count;
            self.at += (63 - self.count) as usize / 8;
            // As many bytes as fit: it is 56 to 63 now.
            self.count |= 0x38;
            return;
        }
        for &byte in rest {
            if self.count > 56 {
                break;
            }
            self.buffer |= u64::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    fn drop(&mut self, count: u32) {
        self.buffer >>= count;
        self.count -= count;
    }

    /// Bytes in `buffer` of which nothing was taken.
    fn whole_bytes(&self) -> usize {
        self.count as usize / 8
    }

    /// The lowest bits of `buffer`.
    fn peek(&self) -> u16 {
        let [low, high, ..] = self.buffer.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// The next `count` bits, 16 at most.
    #[inline]
    fn take(&mut self, count: u32) -> Result<u16, &'static str> {
        if self.count < count {
            self.refill();
        }
        if self.count < count {
            return Err(CUT_SHORT);
        }
        let value = self.peek() & u16::MAX.checked_shr(16 - count).unwrap_or(0);
        self.drop(count);
        Ok(value)
    }

    /// The length or distance, from 0, of symbol `index`: a step further every
    /// `1 << group` symbols, the values between two by further bits (§3.2.5).
    #[inline]
    fn scaled(&mut self, index: u16, group: u32) -> Result<usize, &'static str> {
        if index < 2 << group {
            return Ok(index.into());
        }
        let extra = u32::from(index >> group) - 1;
        let base = usize::from(1 << group | index & ((1 << group) - 1)) << extra;
        Ok(base + usize::from(self.take(extra)?))
    }

    /// The next symbol by `codes`.
    #[inline]
    fn symbol(&mut self, codes: &Codes) -> Result<u16, &'static str> {
        if self.whole_bytes() < 2 {
            self.refill();
        }
        let entry = codes.lookup[usize::from(self.peek() & ((1 << LOOKUP_BITS) - 1))];
        if entry == 0 {
            return self.long_symbol(codes);
        }
        let length = u32::from(entry & 15);
        if length > self.count {
            return Err(CUT_SHORT);
        }
        self.drop(length);
        Ok(entry >> 4)
    }

    #[cold]
    /// The next symbol, a bit at a time: codes of a length are numbers in a
    /// row, the first of them twice what follows the last shorter one.
    fn long_symbol(&mut self, codes: &Codes) -> Result<u16, &'static str> {
        let (mut code, mut first, mut passed) = (0, 0, 0);
        for (length, &count) in (1..).zip(codes.counts.iter().skip(1)) {
            if length > self.count {
                return Err(CUT_SHORT);
            }
            code |= usize::from(self.peek() >> (length - 1) & 1);
            let count = usize::from(count);
            if code < first + count {
                self.drop(length);
                return codes.symbols.get(passed + code - first).copied().ok_or(DAMAGED);
            }
            passed += count;
            first = 2 * (first + count);
            code *= 2;
        }
        Err(DAMAGED)
    }

    /// The codes at the start of a block that has its own (§3.2.7).
    #[inline(never)]
    fn read_codes(&mut self, symbols: &mut Codes, distances: &mut Codes) -> Result<(), &'static str> {
        let literals = 257 + usize::from(self.take(5)?);
        let both = literals + 1 + usize::from(self.take(5)?);
        let mut lengths = [0; 320];
        for &symbol in LENGTH_ORDER.iter().take(4 + usize::from(self.take(4)?)) {
            lengths[usize::from(symbol)] = self.take(3)?.to_le_bytes()[0];
        }
        symbols.build(lengths.get(..19).unwrap_or_default())?;
        lengths.fill(0);
        let (mut at, mut last) = (0, None);
        while at < both {
            let (value, times) = match self.symbol(symbols)? {
                16 => (last.ok_or(DAMAGED)?, 3 + self.take(2)?),
                17 => (0, 3 + self.take(3)?),
                18 => (0, 11 + self.take(7)?),
                length => (length.to_le_bytes()[0], 1),
            };
            last = Some(value);
            let end = at + usize::from(times);
            lengths.get_mut(at..end).filter(|_| end <= both).ok_or(DAMAGED)?.fill(value);
            at = end;
        }
        let (literal, distance) = lengths.split_at_checked(literals).ok_or(DAMAGED)?;
        // A block that can't end, and symbols that stand for nothing.
        if literals > 286 || both - literals > 30 || literal.last_chunk::<1>().is_none() || lengths[256] == 0
        {
            return Err(DAMAGED);
        }
        symbols.build(literal)?;
        distances.build(distance.get(..both - literals).unwrap_or_default())
    }
}

/// The codes every block may use (§3.2.6).
fn fixed_codes(symbols: &mut Codes, distances: &mut Codes) {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    // These are complete: they can't fail.
    let _ = symbols.build(&lengths);
    let _ = distances.build(&[5; 32]);
}

/// A Huffman code.
struct Codes {
    /// By the next bits: the symbol in the upper twelve, its code's length in
    /// the lower four; 0 where that is longer.
    lookup: [u16; 1 << LOOKUP_BITS],
    /// Codes of each length.
    counts: [u16; LONGEST + 1],
    /// Symbols in the order of their codes.
    symbols: [u16; 288],
}

impl Codes {
    fn new() -> Self {
        Self { lookup: [0; 1 << LOOKUP_BITS], counts: [0; LONGEST + 1], symbols: [0; 288] }
    }

    /// The code in which symbol N has a code of the `N`th length (§3.2.2).
    ///
    /// # Errors
    /// More codes than there can be, or fewer, except one alone or none.
    fn build(&mut self, lengths: &[u8]) -> Result<(), &'static str> {
        self.counts.fill(0);
        for &length in lengths {
            self.counts[usize::from(length & 15)] += 1;
        }
        self.counts[0] = 0;
        // By length: the next code, and its place among the symbols.
        let mut next = [(0_u32, 0_usize); LONGEST + 1];
        let (mut code, mut place, mut longest) = (0, 0, 0);
        for ((length, &count), next) in (0_u32..).zip(&self.counts).zip(&mut next) {
            code *= 2;
            *next = (code, place);
            code += u32::from(count);
            place += usize::from(count);
            if code > 1 << length {
                return Err(DAMAGED);
            }
            if count > 0 {
                longest = length;
            }
        }
        if code != 1 << LONGEST && longest > 1 {
            return Err(DAMAGED);
        }
        self.lookup.fill(0);
        for (symbol, &length) in (0..).zip(lengths).filter(|(_, length)| **length != 0) {
            let (code, place) = &mut next[usize::from(length & 15)];
            self.symbols[*place] = symbol;
            if u32::from(length) <= LOOKUP_BITS {
                // Codes stand in the data with their highest bit first.
                let reversed = code.reverse_bits() >> (32 - u32::from(length));
                for entry in self.lookup.iter_mut().skip(reversed as usize).step_by(1 << length) {
                    *entry = symbol << 4 | u16::from(length);
                }
            }
            *code += 1;
            *place += 1;
        }
        Ok(())
    }
}
