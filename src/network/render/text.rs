//! Pieces of text that several back ends write.

use super::concat;
use crate::network::model::parameter::{Row, rows};
use crate::network::model::{Address, Dns, Domain, Kind, Link, Prefix, Setting};
use crate::network::order::sort_by;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Adds `pieces` to `out`.
#[inline(never)]
pub(super) fn push(out: &mut String, pieces: &[&str]) {
    for piece in pieces {
        out.push_str(piece);
    }
}

/// Adds `before` and a number, where there is one.
#[inline(never)]
pub(super) fn push_number(out: &mut String, before: &str, number: Option<u32>) {
    if let Some(number) = number {
        push(out, &[before, &number.to_string()]);
    }
}

/// Adds `before` and an address, where there is one.
#[inline(never)]
pub(super) fn push_address(out: &mut String, before: &str, address: Option<&Address>) {
    if let Some(address) = address {
        push(out, &[before, address.as_str()]);
    }
}

/// `10.0.0.5/24`, the address as it was described.
#[inline(never)]
pub(super) fn prefix(prefix: &Prefix) -> String {
    concat(&[prefix.address().as_str(), "/", &u32::from(prefix.length()).to_string()])
}

/// The words with `separator` between them.
#[inline(never)]
pub(super) fn joined(words: &[&str], separator: &str) -> String {
    let mut text = String::new();
    for word in words {
        let between = if text.is_empty() { "" } else { separator };
        push(&mut text, &[between, word]);
    }
    text
}

/// Search domains as words.
pub(super) fn domains(search: &[Domain]) -> Vec<&str> {
    search.iter().map(Domain::as_str).collect()
}

/// Name servers and search domains from several places.
#[derive(Default)]
pub(super) struct Resolver<'n> {
    pub(super) servers: Vec<&'n str>,
    pub(super) search: Vec<&'n str>,
}

impl<'n> Resolver<'n> {
    /// Adds those of `dns`; `once` leaves out what is there already.
    #[inline(never)]
    pub(super) fn add(&mut self, dns: &'n Dns, once: bool) {
        for server in &dns.servers {
            push_once(&mut self.servers, server.as_str(), once);
        }
        for domain in &dns.search {
            push_once(&mut self.search, domain.as_str(), once);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.search.is_empty()
    }
}

#[inline(never)]
fn push_once<'n>(words: &mut Vec<&'n str>, word: &'n str, once: bool) {
    if !once || !words.contains(&word) {
        words.push(word);
    }
}

/// How a file spells true and false, and what stands between the items of a
/// list.
pub(super) struct Spelling {
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) separator: &'static str,
}

impl Spelling {
    /// The value of a parameter.
    #[inline(never)]
    pub(super) fn of(&self, value: &Setting) -> String {
        match value {
            Setting::Bool(value) => self.truth(*value).into(),
            Setting::Int(number) => number.to_string(),
            Setting::Text(text) => String::from(&**text),
            Setting::List(items) => {
                let words: Vec<&str> = items.iter().map(|item| &**item).collect();
                joined(&words, self.separator)
            }
        }
    }

    /// A truth value.
    pub(super) fn truth(&self, value: bool) -> &'static str {
        if value { self.yes } else { self.no }
    }
}

/// As Python writes them, where cloud-init has no word of its own.
pub(super) const PYTHON: Spelling = Spelling { yes: "True", no: "False", separator: " " };

/// The hardware address of any link: of an InfiniBand port the whole one.
#[inline(never)]
pub(super) fn hardware_address(link: &Link) -> Option<String> {
    match link.kind {
        Kind::Infiniband(Some(address)) => Some(address.to_string()),
        _ => link.mac.map(|mac| mac.to_string()),
    }
}

/// How a back end of cloud-init knows a parameter: its stem, and what joins
/// the words of the name after it.
pub(super) type Spelled = (&'static str, u8);

pub(super) const BRIDGES: &[Spelled] = &[("bridge_", b'_')];

/// The rows of `table` that `link` has a parameter for in one of the
/// spellings, by what stands in `column`; those without a word there are left
/// out.
#[inline(never)]
pub(super) fn parameters<'n>(
    link: &'n Link,
    table: &'static str,
    column: usize,
    spelled: &[Spelled],
) -> Vec<(Row, &'n Setting)> {
    let mut found = Vec::new();
    for row in rows(table) {
        if row[column] == "-" {
            continue;
        }
        for (stem, joint) in spelled {
            if let Some(value) = link.parameter(stem, row[0], *joint) {
                found.push((row, value));
                break;
            }
        }
    }
    sort_by(&mut found, |a, b| a.0[column] < b.0[column]);
    found
}
