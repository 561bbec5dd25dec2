//! An account file in memory: a line for each name, found without reading all of them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// The lines of passwd(5), group(5), shadow(5) or gshadow(5). Of equal names the first counts.
#[derive(Default)]
pub(super) struct Table {
    /// Whether the root has the file.
    is_there: bool,
    /// Without their newlines.
    lines: Vec<String>,
    /// Whether the last line lacks its newline.
    is_open: bool,
    /// Where the line of each name is.
    names: BTreeMap<String, usize>,
    /// What the third fields have.
    numbers: BTreeSet<u32>,
    /// Members of those lines to which one was added.
    members: BTreeMap<usize, BTreeSet<String>>,
}

impl Table {
    /// `None`: the root has no such file.
    pub(super) fn of(text: Option<&str>) -> Self {
        let mut table = Self { is_there: text.is_some(), ..Self::default() };
        for line in text.unwrap_or_default().split_inclusive('\n') {
            table.push(line.strip_suffix('\n').unwrap_or(line).into());
        }
        table.is_open = text.is_some_and(|text| !text.is_empty() && !text.ends_with('\n'));
        table
    }

    /// The file's text.
    pub(super) fn text(&self) -> Option<String> {
        let mut text = self.lines.join("\n");
        if !self.lines.is_empty() && !self.is_open {
            text.push('\n');
        }
        self.is_there.then_some(text)
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// The line of `name`.
    pub(super) fn line(&self, name: &str) -> Option<&str> {
        let line = self.lines.get(*self.names.get(name)?)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// The number of `name`.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        number(self.line(name)?)
    }

    /// The numbers of all.
    pub(super) fn numbers(&self) -> &BTreeSet<u32> {
        &self.numbers
    }

    /// Puts a line at the end, behind a newline where the file lacks one.
    pub(super) fn append(&mut self, line: String) {
        self.is_there = true;
        self.is_open = false;
        self.push(line);
    }

    fn push(&mut self, line: String) {
        let name = line.strip_suffix('\r').unwrap_or(&line).split(':').next().unwrap_or_default();
        if !self.names.contains_key(name) {
            self.names.insert(name.into(), self.lines.len());
        }
        self.numbers.extend(number(&line));
        self.lines.push(line);
    }

    /// Puts another line in the place of the one of `name`.
    pub(super) fn replace(&mut self, name: &str, line: String) {
        if let Some(old) = self.names.get(name).and_then(|at| self.lines.get_mut(*at)) {
            *old = line;
        }
    }

    /// Adds a member at the end of the line of `group`, unless it is there.
    pub(super) fn add_member(&mut self, group: &str, user: &str) {
        let Some(&at) = self.names.get(group) else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.truncate(line.strip_suffix('\r').unwrap_or(line).len());
        let members = self.members.entry(at).or_insert_with(|| {
            let (_, members) = line.rsplit_once(':').unwrap_or_default();
            members.split(',').filter(|member| !member.is_empty()).map(String::from).collect()
        });
        if members.insert(user.into()) {
            line.push_str(if line.ends_with(':') { "" } else { "," });
            line.push_str(user);
        }
    }
}

fn number(line: &str) -> Option<u32> {
    line.strip_suffix('\r').unwrap_or(line).split(':').nth(2)?.parse().ok()
}
