//! Files of `key=value` lines in sections, as three of the back ends have
//! them, in the making.

use super::concat;
use super::text::{joined, push};
use crate::network::model::Address;
use crate::network::order::sort_by;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A section and its lines; without a title a whole file of variables.
#[derive(Default)]
pub(super) struct Section {
    title: &'static str,
    /// Where it goes among those of its title.
    place: String,
    /// `key=value`
    lines: Vec<String>,
}

impl Section {
    /// Sets a key: a later value stands where the earlier did.
    #[inline(never)]
    pub(super) fn set(&mut self, key: &str, value: &str) {
        let line = concat(&[key, "=", value]);
        for old in &mut self.lines {
            if self::key(old) == key {
                *old = line;
                return;
            }
        }
        self.lines.push(line);
    }

    /// Sets a key that ends in a number.
    #[inline(never)]
    pub(super) fn set_numbered(&mut self, stem: &str, number: usize, value: &str) {
        self.set(&concat(&[stem, &number.to_string()]), value);
    }

    /// Sets a key to a number, where there is one.
    #[inline(never)]
    pub(super) fn set_number(&mut self, key: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.set(key, &number.to_string());
        }
    }

    /// Sets a key to an address, where there is one.
    #[inline(never)]
    pub(super) fn set_address(&mut self, key: &str, address: Option<&Address>) {
        if let Some(address) = address {
            self.set(key, address.as_str());
        }
    }

    /// Sets a key to a list, unless it is empty.
    #[inline(never)]
    pub(super) fn set_list(&mut self, key: &str, words: &[&str]) {
        if !words.is_empty() {
            self.set(key, &joined(words, " "));
        }
    }

    /// Sets keys to words: `key=value`s with spaces between them.
    #[inline(never)]
    pub(super) fn set_all(&mut self, lines: &str) {
        for line in lines.split_ascii_whitespace() {
            if let Some((key, value)) = line.split_once('=') {
                self.set(key, value);
            }
        }
    }

    /// Adds a line of a key that may stand several times, the same one once.
    #[inline(never)]
    pub(super) fn add(&mut self, key: &str, value: &str) {
        let line = concat(&[key, "=", value]);
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// The value of a key.
    #[inline(never)]
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let line = self.lines.iter().find(|line| self::key(line) == key)?;
        line.get(key.len() + 1..)
    }

    /// Writes the lines in order of their keys, and forgets them: `before`,
    /// the key, `between`, the value; one with a space has `quote` around it.
    #[inline(never)]
    pub(super) fn flush(&mut self, out: &mut String, before: &str, between: &str, quote: &str) {
        for line in self.sorted() {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let quote = if value.as_bytes().contains(&b' ') { quote } else { "" };
            push(out, &[before, key, between, quote, value, quote, "\n"]);
        }
        self.lines.clear();
    }

    /// How many keys are `stem` and a number.
    #[inline(never)]
    pub(super) fn numbered(&self, stem: &str) -> usize {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        self.lines.iter().filter(|line| key(line).strip_prefix(stem).is_some_and(is_number)).count()
    }

    /// Removes all keys but these.
    pub(super) fn keep(&mut self, keys: &[&str]) {
        self.lines.retain(|line| keys.contains(&key(line)));
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, key: &str) {
        self.lines.retain(|line| self::key(line) != key);
    }

    /// The lines, in order of their keys.
    #[inline(never)]
    pub(super) fn sorted(&mut self) -> &[String] {
        sort_by(&mut self.lines, |a, b| (key(a), a) < (key(b), b));
        &self.lines
    }
}

/// A line up to its `=`.
fn key(line: &str) -> &str {
    line.split_once('=').map_or(line, |(key, _)| key)
}

/// The sections of a file.
#[derive(Default)]
pub(super) struct Sections(Vec<Section>);

impl Sections {
    /// The section of this title; a new one comes last.
    #[inline(never)]
    pub(super) fn of(&mut self, title: &'static str) -> &mut Section {
        self.at(title, "")
    }

    /// One of several sections of a title, told apart by `place`.
    #[inline(never)]
    pub(super) fn at(&mut self, title: &'static str, place: &str) -> &mut Section {
        let mut at = 0;
        while self.0.get(at).is_some_and(|other| other.title != title || other.place != place) {
            at += 1;
        }
        if at == self.0.len() {
            self.0.push(Section { title, place: place.into(), lines: Vec::new() });
        }
        &mut self.0[at]
    }

    /// The section of this title, if there is one.
    pub(super) fn find(&mut self, title: &str) -> Option<&mut Section> {
        self.0.iter_mut().find(|section| section.title == title)
    }

    /// Sections by title and place, their lines by key.
    #[inline(never)]
    pub(super) fn sort(&mut self) {
        sort_by(&mut self.0, |a, b| (a.title, &a.place) < (b.title, &b.place));
        for section in &mut self.0 {
            section.sorted();
        }
    }

    /// Writes them to `out`, an empty line between two.
    #[inline(never)]
    pub(super) fn write(&self, out: &mut String) {
        for (at, section) in self.0.iter().enumerate() {
            push(out, &[if at == 0 { "" } else { "\n" }, "[", section.title, "]\n"]);
            for line in &section.lines {
                push(out, &[line, "\n"]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_replaced() {
        let mut section = Section::default();
        section.set_all("IPADDR1=b IPADDR=a DEVICE=x IPADDR1=c");
        assert_eq!(section.sorted(), ["DEVICE=x", "IPADDR=a", "IPADDR1=c"]);
        assert_eq!((section.get("IPADDR"), section.get("IP")), (Some("a"), None));
        section.remove("IPADDR");
        assert_eq!(section.sorted().len(), 2);
    }

    #[test]
    fn sections_are_written_by_title_and_place() {
        let mut sections = Sections::default();
        sections.at("Route", "r2").add("Gateway", "b");
        sections.at("Route", "r10").add("Gateway", "a");
        sections.of("Match").add("Name", "eth0");
        sections.of("Match").add("Name", "eth0");
        sections.sort();
        let mut text = String::new();
        sections.write(&mut text);
        assert_eq!(text, "[Match]\nName=eth0\n\n[Route]\nGateway=a\n\n[Route]\nGateway=b\n");
    }
}
