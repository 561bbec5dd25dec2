//! Numbers that look random and are the same in every run, and mutations made
//! with them.

use std::ops::Range;

/// Numbers of Marsaglia's xorshift64 with Vigna's multiplier.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        // Small seeds differ in few bits, and zero would stay zero.
        let mut random = Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.next();
        random
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; 0 when there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap() % bound.max(1)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// A range inside `length`, mostly short.
    fn range(&mut self, length: usize) -> Range<usize> {
        let start = self.below(length + 1);
        let most = if self.once_in(8) { length } else { 16 };
        start..(start + self.below(most + 1)).min(length)
    }

    /// Changes `text` in one place: a piece put in, a range deleted or
    /// repeated, a byte replaced or its bit flipped, a number made extreme, a
    /// range of `other` put in.
    pub(crate) fn mutate(&mut self, text: &mut Vec<u8>, pieces: &[&[u8]], other: &[u8]) {
        let range = self.range(text.len());
        let at = range.start;
        match self.below(8) {
            0 | 1 => drop(text.splice(at..at, self.pick(pieces).iter().copied())),
            2 => drop(text.drain(range)),
            3 => {
                let copy = text[range].to_vec();
                let to = self.below(text.len() + 1);
                let times = if self.once_in(16) { 64 } else { 1 };
                drop(text.splice(to..to, copy.repeat(times)));
            }
            4 if at < text.len() => text[at] = self.next().to_le_bytes()[3],
            5 if at < text.len() => text[at] ^= 1 << self.below(8),
            6 => drop(text.splice(range, self.pick(&EXTREMES).bytes())),
            _ => {
                let from = self.range(other.len());
                drop(text.splice(at..at, other[from].iter().copied()));
            }
        }
    }
}

/// Numbers at the edges of types.
const EXTREMES: [&str; 8] =
    ["-1", "0", "255", "65536", "4294967295", "-9223372036854775809", "1e999", "18446744073709551616"];
