//! Line and column of a byte offset.

use alloc::vec::Vec;

use super::lanes::{Lanes, WIDTH};
use crate::syntax::value::Place;

/// Bytes between two remembered places.
const STRIDE: usize = 1024;

/// The place of the byte at `offset`; reads the text from its beginning.
pub(super) fn find(text: &str, offset: usize) -> Place {
    Locator::new(text).find(offset)
}

/// Finds many places: in ascending order for one pass over the text
/// altogether, in any order for at most [`STRIDE`] bytes each.
pub(super) struct Locator<'a> {
    text: &'a [u8],
    at: usize,
    place: Place,
    /// Places of the offsets 0, [`STRIDE`], 2 × [`STRIDE`] …; made when first
    /// a place lies behind.
    marks: Vec<Place>,
}

const START: Place = Place { line: 1, column: 1 };

impl<'a> Locator<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, place: START, marks: Vec::new() }
    }

    pub(super) fn find(&mut self, offset: usize) -> Place {
        if offset < self.at || !self.marks.is_empty() && offset > self.at + STRIDE {
            self.jump(offset);
        }
        self.place = advance(self.place, self.text.get(self.at..offset).unwrap_or_default());
        self.at = offset;
        self.place
    }

    /// Goes to the last mark before `offset`.
    fn jump(&mut self, offset: usize) {
        if self.marks.is_empty() {
            let mut place = START;
            for part in self.text.chunks(STRIDE) {
                self.marks.push(place);
                place = advance(place, part);
            }
        }
        let mark = offset / STRIDE;
        self.place = self.marks.get(mark).copied().unwrap_or(START);
        self.at = mark * STRIDE;
    }
}

/// The place behind `part`, which begins at `place`.
#[inline(never)]
fn advance(mut place: Place, mut part: &[u8]) -> Place {
    while let Some(block) = part.first_chunk() {
        // These are a character each.
        let plain = Lanes::load(*block).special().first();
        place.column += plain;
        part = part.get(plain as usize..).unwrap_or_default();
        if plain < WIDTH
            && let [byte, behind @ ..] = part
        {
            place = step(place, *byte);
            part = behind;
        }
    }
    for &byte in part {
        place = step(place, byte);
    }
    place
}

fn step(place: Place, byte: u8) -> Place {
    #[cfg(test)]
    super::linear::step();
    match byte {
        b'\n' => Place { line: place.line + 1, column: 1 },
        0x80..0xc0 => place,
        _ => Place { column: place.column + 1, ..place },
    }
}
