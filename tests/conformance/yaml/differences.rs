//! The differences that are meant: tests/data/yaml/differences.tsv.

use std::collections::BTreeMap;
use std::fs;

use crate::corpus;

/// How the two sides may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Here, not there.
    Refused,
    /// Here, not there.
    Accepted,
    /// Both read it, as something else.
    Different,
}

impl Outcome {
    /// How two answers differ; `None` when they are equal or both refuse.
    pub(crate) fn of(ours: &str, theirs: &str) -> Option<Self> {
        match (ours.starts_with('!'), theirs.starts_with('!')) {
            (true, true) => None,
            (true, false) => Some(Self::Refused),
            (false, true) => Some(Self::Accepted),
            // NaN has no place in an order: where Python's sort leaves such a
            // key in a dump depends on how it sorts.
            (false, false) if ours.contains("float nan: ") && tree(ours) == tree(theirs) => None,
            (false, false) => (ours != theirs).then_some(Self::Different),
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Refused, Self::Accepted, Self::Different]
            .into_iter()
            .find(|outcome| format!("{outcome:?}").to_lowercase() == name)
    }
}

/// The table, in two halves.
pub(crate) struct Differences {
    /// Name of a case and how it differs.
    pub(crate) cases: BTreeMap<String, Outcome>,
    /// Rows `any: WHY` and `any: WHY, at CHARACTER`, where WHY is what the side
    /// says that refuses: for documents that have no names.
    pub(crate) rules: BTreeMap<String, Outcome>,
}

impl Differences {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(corpus::data().join("yaml/differences.tsv")).unwrap();
        let mut table = Self { cases: BTreeMap::new(), rules: BTreeMap::new() };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, outcome, reason] = fields[..] else { panic!("not three fields: {line}") };
            assert!(!reason.is_empty(), "a reason is missing: {line}");
            let outcome = Outcome::named(outcome).unwrap_or_else(|| panic!("no such outcome: {line}"));
            let earlier = match name.strip_prefix("any: ") {
                Some(why) => table.rules.insert(why.to_owned(), outcome),
                None => table.cases.insert(name.to_owned(), outcome),
            };
            assert!(earlier.is_none(), "stands twice: {line}");
        }
        table
    }

    /// Whether a rule says that `text`, which has no name, may differ so.
    pub(crate) fn allow(&self, outcome: Outcome, text: &[u8], ours: &str, theirs: &str) -> bool {
        let refusal = if outcome == Outcome::Refused { ours } else { theirs };
        let anywhere = why(refusal);
        let here = format!("{anywhere}, at {}", character_at(text, refusal).unwrap_or(' '));
        [anywhere, &here].iter().any(|rule| self.rules.get(*rule) == Some(&outcome))
    }
}

/// The character of `text` that a refusal `!LINE:COLUMN: WORDS` points at.
pub(crate) fn character_at(text: &[u8], refusal: &str) -> Option<char> {
    let mut numbers = refusal.trim_start_matches('!').split(':').map(|number| number.parse::<usize>().ok());
    let (line, column) = (numbers.next()??, numbers.next()??);
    std::str::from_utf8(text).ok()?.split('\n').nth(line - 1)?.chars().nth(column - 1)
}

/// The tree of an answer, without its dump.
fn tree(answer: &str) -> &str {
    answer.split('\t').next().unwrap_or_default()
}

/// The words of a refusal `!LINE:COLUMN: WORDS`.
pub(crate) fn why(refusal: &str) -> &str {
    let words = refusal.trim_start_matches('!');
    words.split_once(": ").filter(|(place, _)| place.contains(':')).map_or(words, |(_, words)| words)
}
