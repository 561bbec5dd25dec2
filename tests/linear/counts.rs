//! What callgrind counted, by function.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What the second half of a list may cost a function, by the first half's cost of 100.
const GROWTH: u64 = 150;

/// Thousandths of all instructions that the growth of a function must exceed: what is below is the
/// noise of buffers that double, and searches of a list that stay far below the rest at its limit.
const NOISE: u64 = 15;

/// The instructions of each function itself, by its name.
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// Reads a file of callgrind's without positions (`--dump-line=no`).
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = String::from_utf8_lossy(&text);
        let (mut names, mut counts) = (BTreeMap::new(), BTreeMap::new());
        let (mut function, mut is_call) = ("", false);
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn=")) {
                // `(7) name` the first time, `(7)` from then on.
                let (number, name) = name.split_once(')').unwrap();
                if !name.is_empty() {
                    names.insert(number, name.trim());
                }
                function = if line.starts_with("fn=") { number } else { function };
            } else if line.starts_with("calls=") {
                is_call = true;
            } else if line.starts_with(|c: char| c.is_ascii_digit()) {
                let count: u64 = line.split(' ').nth(1).unwrap().parse().unwrap();
                // What follows a call is its callee's.
                if !std::mem::take(&mut is_call) {
                    *counts.entry(function).or_insert(0) += count;
                }
            }
        }
        Self(counts.into_iter().map(|(number, count)| (names[number].to_owned(), count)).collect())
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// The functions that take more for each item the longer a list is: `counts` are of so many items,
/// of twice and of four times as many.
pub(crate) fn growing(counts: &[Counts; 3]) -> String {
    let [one, two, four] = counts;
    let noise = four.sum() * NOISE / 1000;
    let mut found = String::new();
    for name in four.0.keys() {
        let all = counts.each_ref().map(|counts| counts.of(name));
        let (first, second) = (all[1].saturating_sub(all[0]), all[2].saturating_sub(all[1]) / 2);
        if second * 100 > first * GROWTH && second - first > noise {
            writeln!(found, "  {name}: {all:?} of {:?} instructions", [one.sum(), two.sum(), four.sum()])
                .unwrap();
        }
    }
    found
}
