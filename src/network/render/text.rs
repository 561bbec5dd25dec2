//! A configuration file in the making: one string that every back end writes
//! into. Nothing here is generic: each copy would cost the agent again.

use crate::network::model::{Address, Dns};
use crate::network::order;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Text that grows at its end.
#[derive(Default)]
pub(super) struct Text {
    pub(super) out: String,
    /// What the next line begins with.
    pub(super) lead: &'static str,
    /// What the lines after it begin with.
    pub(super) indent: &'static str,
}

impl Text {
    /// A text that begins with `header`.
    pub(super) fn new(header: &str) -> Self {
        Self { out: String::from(header), lead: "", indent: "" }
    }

    /// The next lines begin with `lead`, those after the first with `indent`.
    pub(super) fn indent(&mut self, lead: &'static str, indent: &'static str) {
        (self.lead, self.indent) = (lead, indent);
    }

    /// For [`write!`], which cannot fail here.
    #[inline(never)]
    pub(super) fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        let _ = fmt::Write::write_fmt(&mut self.out, arguments);
    }

    /// One line, as it is.
    #[inline(never)]
    pub(super) fn line(&mut self, line: &str) {
        for part in [self.lead, line, "\n"] {
            self.out.push_str(part);
        }
        self.lead = self.indent;
    }

    /// One line: `key` with its separator, and the value.
    #[inline(never)]
    pub(super) fn entry(&mut self, key: &str, value: &dyn fmt::Display) {
        let lead = self.lead;
        writeln!(self, "{lead}{key}{value}");
        self.lead = self.indent;
    }

    /// As [`Text::entry`], where there is an address.
    pub(super) fn address(&mut self, key: &str, address: Option<&Address>) {
        if let Some(address) = address {
            self.entry(key, address);
        }
    }

    /// As [`Text::entry`], where there is a number.
    pub(super) fn number(&mut self, key: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.entry(key, &number);
        }
    }

    /// As [`Text::entry`], unless the value is empty.
    pub(super) fn filled(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.entry(key, &value);
        }
    }

    /// Sorts the lines from byte `from` on; lines that are the same stay once.
    #[inline(never)]
    pub(super) fn sort(&mut self, from: usize) {
        let tail = self.out.split_off(from);
        let mut lines: Vec<&str> = tail.split_inclusive('\n').collect();
        order::sort_by(&mut lines, |a, b| a < b);
        let mut last = "";
        for line in lines {
            if line != last {
                self.out.push_str(line);
            }
            last = line;
        }
    }
}

/// The name servers of several settings, of one family where one is given,
/// with `separator` between them.
#[inline(never)]
pub(super) fn servers(of: &[&Dns], ipv6: Option<bool>, separator: &str) -> String {
    let mut text = Text::default();
    for dns in of {
        for server in &dns.servers {
            if ipv6.is_none_or(|ipv6| ipv6 == server.is_ipv6()) {
                let between = if text.out.is_empty() { "" } else { separator };
                write!(text, "{between}{server}");
            }
        }
    }
    text.out
}

/// The search domains of several settings, with `separator` between them.
#[inline(never)]
pub(super) fn domains(of: &[&Dns], separator: &str) -> String {
    let mut text = String::new();
    for dns in of {
        for domain in &dns.search {
            if !text.is_empty() {
                text.push_str(separator);
            }
            text.push_str(domain.as_str());
        }
    }
    text
}
