//! Delimiter lines of a multipart (RFC 2046 §5.1.1).

use alloc::vec::Vec;

/// The line `--boundary`, or `--boundary--` that closes, and how to find it.
///
/// The search is Boyer-Moore-Horspool's: most of a body is stepped over by the
/// length of the boundary. A line is compared only where it begins, so the
/// time is linear in the body whatever it holds.
#[derive(Debug)]
pub(super) struct Delimiter {
    /// `--` and the boundary.
    line: Vec<u8>,
    /// By the byte under the last place of `line`: how far to step.
    step: [u8; 256],
    /// A boundary with a line end in it stands on no line.
    possible: bool,
}

/// A delimiter line found.
struct Found<'b> {
    /// What stands before the line.
    before: &'b [u8],
    /// What follows it.
    after: &'b [u8],
    closes: bool,
}

impl Delimiter {
    pub(super) fn new(boundary: &[u8]) -> Self {
        let mut line = Vec::with_capacity(boundary.len() + 2);
        line.extend_from_slice(b"--");
        line.extend_from_slice(boundary);
        let last = line.len() - 1;
        let mut step = [u8::try_from(line.len()).unwrap_or(u8::MAX); 256];
        for (at, &byte) in line[..last].iter().enumerate() {
            step[usize::from(byte)] = u8::try_from(last - at).unwrap_or(u8::MAX);
        }
        let possible = !boundary.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        Self { line, step, possible }
    }

    /// What follows the first delimiter line of `body`; `None` when the first
    /// one closes, or there is none.
    pub(super) fn first<'b>(&self, body: &'b [u8]) -> Option<&'b [u8]> {
        self.find(body).filter(|found| !found.closes).map(|found| found.after)
    }

    /// The part at the start of `rest`, and what follows the delimiter after
    /// it; `None` when that one closes, or is missing.
    ///
    /// Delimiter lines right at the start have no part between them; a closing
    /// one does not close there.
    pub(super) fn next_part<'b>(&self, mut rest: &'b [u8]) -> (&'b [u8], Option<&'b [u8]>) {
        while let Some(found) = self.line_at(rest, 0) {
            rest = found.after;
        }
        match self.find(rest) {
            Some(found) => (found.before, (!found.closes).then_some(found.after)),
            None => (rest, None),
        }
    }

    fn find<'b>(&self, body: &'b [u8]) -> Option<Found<'b>> {
        if !self.possible {
            return None;
        }
        let last = self.line.len() - 1;
        let mut at = 0;
        while let Some(&under) = body.get(at + last) {
            if under == self.line[last]
                && (at == 0 || matches!(body[at - 1], b'\n' | b'\r'))
                && let Some(found) = self.line_at(body, at)
            {
                return Some(found);
            }
            at += usize::from(self.step[usize::from(under)]);
        }
        None
    }

    /// The delimiter line that begins at `at`, which begins a line.
    fn line_at<'b>(&self, body: &'b [u8], at: usize) -> Option<Found<'b>> {
        let mut after = body.get(at..)?.strip_prefix(&self.line[..])?;
        let closes = after.starts_with(b"--");
        if closes {
            after = after.get(2..)?;
        }
        while let [b' ' | b'\t', rest @ ..] = after {
            after = rest;
        }
        let after = match after {
            [b'\r', b'\n', rest @ ..] | [b'\n' | b'\r', rest @ ..] => rest,
            [] => after,
            _ => return None,
        };
        Some(Found { before: body.get(..at)?, after, closes })
    }
}
