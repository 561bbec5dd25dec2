//! What two boots left differently, and which of it is to stay so.

use crate::tree::{Entry, Tree};
use std::fmt;
use std::fs;
use std::path::Path;

#[derive(Debug)]
pub(crate) struct Difference {
    seed: String,
    path: String,
    what: &'static str,
    detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}\t{}\t{}", self.seed, self.path, self.what, self.detail)
    }
}

/// Every difference between two trees.
pub(crate) fn between(seed: &str, theirs: &Tree, ours: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |path: &str, what, detail: String| {
        found.push(Difference { seed: seed.into(), path: path.into(), what, detail });
    };
    for (path, entry) in &theirs.0 {
        let Some(own) = ours.0.get(path) else {
            note(path, "theirs", shortened(&entry.content));
            continue;
        };
        if entry.mode != own.mode {
            note(path, "mode", format!("{:o} theirs, {:o} ours", entry.mode, own.mode));
        }
        if entry.owner != own.owner {
            note(path, "owner", format!("{} theirs, {} ours", entry.owner, own.owner));
        }
        if entry.content != own.content {
            note(path, "content", first_lines(entry, own));
        }
    }
    for (path, entry) in ours.0.iter().filter(|(path, _)| !theirs.0.contains_key(*path)) {
        note(path, "ours", shortened(&entry.content));
    }
    found
}

/// The first line that differs.
fn first_lines(theirs: &Entry, ours: &Entry) -> String {
    let (mut theirs, mut ours) = (theirs.content.split('\n'), ours.content.split('\n'));
    loop {
        match (theirs.next(), ours.next()) {
            (None, None) => return String::new(),
            (theirs, ours) if theirs != ours => {
                return format!("{:?} theirs, {:?} ours", theirs.map(shortened), ours.map(shortened));
            }
            _ => {}
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(150).flat_map(char::escape_debug).collect()
}

/// The table of differences that stay.
pub(crate) struct Kept(Vec<Row>);

struct Row {
    seed: String,
    path: String,
    what: String,
}

impl Kept {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let row = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [seed, path, what, why] = fields[..] else { panic!("{line:?} has not four fields") };
            assert!(!why.is_empty(), "{line:?} has no reason");
            Row { seed: seed.into(), path: path.into(), what: what.into() }
        };
        Self(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect())
    }

    pub(crate) fn explains(&self, difference: &Difference) -> bool {
        self.0.iter().any(|row| row.explains(difference))
    }

    /// The rows that explain none of these.
    pub(crate) fn idle(&self, found: &[Difference]) -> Vec<String> {
        let idle = |row: &&Row| !found.iter().any(|difference| row.explains(difference));
        self.0.iter().filter(idle).map(|row| format!("{}\t{}\t{}", row.seed, row.path, row.what)).collect()
    }
}

impl Row {
    fn explains(&self, difference: &Difference) -> bool {
        self.what == difference.what
            && fits(&self.seed, &difference.seed)
            && fits(&self.path, &difference.path)
    }
}

/// Whether a pattern with `*` is the whole of a text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            rest.is_empty() || (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| fits(rest, text)))
        }),
    }
}
