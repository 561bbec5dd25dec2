//! Scalars of a description as typed values, and the errors that name them.

use crate::error::Error;
use crate::ip::Ip;
use crate::network::model::{Address, Prefix};
use crate::syntax::value::{Data, Value};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Characters of a foreign text that a message repeats.
const SHOWN: usize = 64;

/// The smallest MTU of IPv4 (RFC 791) and the largest a packet's length field
/// allows.
const MTU: core::ops::RangeInclusive<i64> = 68..=65_535;

/// How messages name an entry: `network lan`.
#[derive(Clone, Copy)]
pub(super) struct Entry<'v> {
    /// What it is, with a space where an id follows.
    pub(super) kind: &'static str,
    pub(super) id: &'v str,
}

impl<'v> Entry<'v> {
    #[inline(never)]
    pub(super) fn new(kind: &'static str, value: &'v Value<'_>) -> Self {
        Self { kind, id: string(value, "id").unwrap_or("without id") }
    }
}

/// The string under `key`.
#[inline(never)]
pub(super) fn string<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// Collects what is wrong with a description, naming the place.
pub(super) struct Problems {
    file: &'static str,
    found: Vec<Error>,
}

impl Problems {
    pub(super) fn new(file: &'static str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Records that `value` cannot be used: `part` (`gateway of `, or nothing)
    /// of `entry`, and why, in pieces that may be foreign text.
    #[inline(never)]
    pub(super) fn add(&mut self, value: &Value<'_>, part: &str, entry: Entry<'_>, cause: &[&str]) {
        let mut text = String::new();
        for piece in [part, entry.kind, entry.id, ": "].iter().chain(cause) {
            push_shown(&mut text, piece);
        }
        let place = value.place;
        self.found.push(if place.line == 0 {
            Error::new("read", self.file, text)
        } else {
            Error::at("read", self.file, place.line, place.column, text)
        });
    }

    pub(super) fn into_inner(self) -> Vec<Error> {
        self.found
    }

    /// An IP address.
    pub(super) fn address(&mut self, value: &Value<'_>, part: &str, entry: Entry<'_>) -> Option<Address> {
        let text = text(value);
        let address = Address::parse(text);
        if address.is_none() {
            self.add(value, part, entry, &[text, " is no IP address"]);
        }
        address
    }

    /// `10.0.0.5/24`, or an address whose length `netmask` tells as a mask or a
    /// number. Without either a network is taken for a /24 or a /64, as
    /// cloud-init does.
    #[inline(never)]
    pub(super) fn prefix(
        &mut self,
        value: &Value<'_>,
        netmask: Option<&Value<'_>>,
        part: &str,
        entry: Entry<'_>,
    ) -> Option<Prefix> {
        let whole = text(value);
        let number;
        let (bare, length) = match (whole.split_once('/'), netmask.map(|mask| &mask.data)) {
            (Some((bare, length)), _) => (bare, length),
            (None, Some(Data::Str(mask))) => (whole, mask.trim_ascii()),
            (None, Some(Data::Int(mask))) => {
                number = mask.to_string();
                (whole, &*number)
            }
            (None, _) => (whole, if whole.contains(':') { "64" } else { "24" }),
        };
        let Some(address) = Address::parse(bare) else {
            self.add(value, part, entry, &[whole, " is no IP address"]);
            return None;
        };
        let Some(bits) = self::length(length, address.ip()) else {
            self.add(value, part, entry, &[length, " is no netmask"]);
            return None;
        };
        let prefix = Prefix::new(address, bits);
        if prefix.is_none() {
            self.add(value, part, entry, &["/", length, " is longer than ", bare]);
        }
        prefix
    }

    /// The priority of a route.
    #[inline(never)]
    pub(super) fn metric(&mut self, value: Option<&Value<'_>>, part: &str, entry: Entry<'_>) -> Option<u32> {
        let metric = integer(value?).and_then(|metric| u32::try_from(metric).ok());
        if let (Some(value), None) = (value, metric) {
            self.add(value, part, entry, &["must be a number from 0 to 4294967295"]);
        }
        metric
    }

    /// An MTU in bytes; 0 leaves the kernel's.
    pub(super) fn mtu(&mut self, value: Option<&Value<'_>>, entry: Entry<'_>) -> Option<u32> {
        match integer(value?) {
            Some(0) => None,
            Some(bytes) if MTU.contains(&bytes) => u32::try_from(bytes).ok(),
            _ => {
                self.add(value?, "mtu of ", entry, &["must be a number from 68 to 65535"]);
                None
            }
        }
    }
}

/// Foreign text fit for a message: control characters escaped, cut when long.
fn push_shown(out: &mut String, text: &str) {
    for (at, character) in text.chars().enumerate() {
        if at == SHOWN {
            out.push_str("...");
            return;
        }
        if matches!(character, ' '..='~') {
            out.push(character);
        } else {
            out.extend(character.escape_default());
        }
    }
}

/// A string without spaces around it; of anything else what it is, which
/// nothing takes for an address or a domain.
fn text<'v>(value: &'v Value<'_>) -> &'v str {
    match &value.data {
        Data::Str(text) => text.trim_ascii(),
        Data::Null => "a null",
        _ => value.kind(),
    }
}

/// An integer, or a string that holds one.
fn integer(value: &Value<'_>) -> Option<i64> {
    match &value.data {
        Data::Int(number) => Some(*number),
        Data::Str(text) => text.trim_ascii().parse().ok(),
        _ => None,
    }
}

/// A prefix length or a mask of the family of `address`.
fn length(text: &str, address: Ip) -> Option<u8> {
    if let Ok(length) = text.parse::<i64>() {
        return u8::try_from(length).ok();
    }
    let mask: Ip = text.parse().ok()?;
    mask.mask_length().filter(|_| mask.is_ipv6() == address.is_ipv6())
}

/// The words of `value`, be it a list of strings, a string of words or nothing;
/// of other items what they are.
#[inline(never)]
pub(super) fn words<'v>(value: Option<&'v Value<'_>>) -> Vec<&'v str> {
    let mut words = Vec::new();
    match value.map(|value| (value, &value.data)) {
        None => {}
        Some((_, Data::Seq(items))) => words.extend(items.iter().map(text)),
        Some((_, Data::Str(text))) => words.extend(text.split_ascii_whitespace()),
        Some((value, _)) => words.push(text(value)),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Value<'_> {
        Value::bare(Data::Str(text.into()))
    }

    #[test]
    fn every_form_of_a_netmask() {
        let read = |address, mask: Option<Value<'_>>| {
            let entry = Entry { kind: "network", id: "" };
            let mut problems = Problems::new("x");
            let prefix = problems.prefix(&string(address), mask.as_ref(), "", entry);
            assert_eq!(prefix.is_some(), problems.into_inner().is_empty());
            prefix.map(|prefix| prefix.to_string())
        };
        let yes = |text: &str| Some(text.to_string());
        assert_eq!(read("10.0.0.5", Some(string("255.255.252.0"))), yes("10.0.0.5/22"));
        assert_eq!(read("10.0.0.5", Some(string("22"))), yes("10.0.0.5/22"));
        assert_eq!(read("10.0.0.5", Some(Value::bare(Data::Int(22)))), yes("10.0.0.5/22"));
        assert_eq!(read("10.0.0.5/22", Some(string("255.0.0.0"))), yes("10.0.0.5/22"));
        assert_eq!(read("10.0.0.5/255.255.0.0", None), yes("10.0.0.5/16"));
        assert_eq!(read("2001:db8::5", Some(string("ffff:ffff::"))), yes("2001:db8::5/32"));
        assert_eq!(read("2001:db8::5", None), yes("2001:db8::5/64"));
        assert_eq!(read("10.0.0.5", None), yes("10.0.0.5/24"));
        for (address, mask) in
            [("10.0.0.5", "ffff::"), ("10.0.0.5", "x"), ("10.0.0.5/33", ""), ("::1/129", "")]
        {
            assert!(read(address, Some(string(mask))).is_none(), "{address} {mask}");
        }
    }

    #[test]
    fn foreign_text_cannot_forge_a_line_of_log() {
        let shown = |text: &str| {
            let mut shown = String::new();
            push_shown(&mut shown, text);
            shown
        };
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(100)).len(), SHOWN + 3);
    }
}
