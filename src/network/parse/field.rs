//! Scalars of a description as typed values, and the errors that name them.

use crate::error::Error;
use crate::network::model::{Domain, Prefix, mask_length};
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Characters of a foreign text that a message repeats.
const SHOWN: usize = 64;

/// The smallest MTU of IPv4 (RFC 791) and the largest a packet's length field
/// allows.
const MTU: core::ops::RangeInclusive<i64> = 68..=65_535;

/// Collects what is wrong with a description, naming the place.
pub(super) struct Problems {
    file: &'static str,
    found: Vec<Error>,
}

impl Problems {
    pub(super) fn new(file: &'static str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Records that `value`, which readers know as `what`, cannot be used.
    pub(super) fn add(&mut self, value: &Value<'_>, what: &str, cause: impl Into<Cow<'static, str>>) {
        let cause = format!("{what}: {}", cause.into());
        let place = value.place;
        self.found.push(if place.line == 0 {
            Error::new("read", self.file, cause)
        } else {
            Error::at("read", self.file, place.line, place.column, cause)
        });
    }

    pub(super) fn into_inner(self) -> Vec<Error> {
        self.found
    }
}

/// Foreign text fit for a message: control characters escaped, cut when long.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_default).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}

/// A scalar as the text a person sees; `None` for collections.
pub(super) fn text<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match &value.data {
        Data::Str(text) => Some(Cow::Borrowed(text.trim())),
        Data::Int(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// An integer, or a string that holds one.
pub(super) fn integer(value: &Value<'_>) -> Option<i64> {
    text(value)?.parse().ok()
}

/// An IP address.
pub(super) fn address(value: &Value<'_>) -> Result<IpAddr, String> {
    let text = value.as_str().map(str::trim).ok_or_else(|| format!("{} is no IP address", value.kind()))?;
    text.parse().map_err(|_| format!("{} is no IP address", shown(text)))
}

/// `10.0.0.5/24`, or an address whose length `netmask` tells as a mask or a
/// number. Without either a network is taken for a /24 or a /64, as cloud-init
/// does.
pub(super) fn prefix(value: &Value<'_>, netmask: Option<&Value<'_>>) -> Result<Prefix, String> {
    let text = value.as_str().map(str::trim).ok_or_else(|| format!("{} is no IP address", value.kind()))?;
    let (bare, length) = match text.split_once('/') {
        Some((bare, length)) => (bare, Some(Cow::Borrowed(length))),
        None => (text, netmask.and_then(self::text)),
    };
    let address: IpAddr = bare.parse().map_err(|_| format!("{} is no IP address", shown(text)))?;
    let length = match &length {
        Some(length) => {
            self::length(length, address).ok_or_else(|| format!("{} is no netmask", shown(length)))?
        }
        None if address.is_ipv6() => 64,
        None => 24,
    };
    Prefix::new(address, length).ok_or_else(|| format!("/{length} is longer than {address}"))
}

/// A prefix length or a mask of the family of `address`.
fn length(text: &str, address: IpAddr) -> Option<u8> {
    if let Ok(length) = text.parse() {
        return Some(length);
    }
    let mask: IpAddr = text.parse().ok()?;
    (mask.is_ipv6() == address.is_ipv6()).then(|| mask_length(mask)).flatten()
}

/// An MTU in bytes; 0 leaves the kernel's.
pub(super) fn mtu(value: &Value<'_>) -> Result<Option<u32>, String> {
    match integer(value) {
        Some(0) => Ok(None),
        Some(bytes) if MTU.contains(&bytes) => Ok(u32::try_from(bytes).ok()),
        _ => Err(format!("must be a number from {} to {}", MTU.start(), MTU.end())),
    }
}

/// A search domain.
pub(super) fn domain(value: &Value<'_>) -> Result<Domain, String> {
    let text = value.as_str().map(str::trim).unwrap_or_default();
    Domain::new(text).ok_or_else(|| format!("{} is no domain name", shown(text)))
}

/// Every item of `value`, be it a list, a string of words or a scalar, read by
/// `read`; what cannot be is a problem.
pub(super) fn each<T>(
    value: Option<&Value<'_>>,
    what: &str,
    problems: &mut Problems,
    read: impl Fn(&Value<'_>) -> Result<T, String>,
) -> Vec<T> {
    let mut values = Vec::new();
    let mut one = |item: &Value<'_>| match read(item) {
        Ok(value) => values.push(value),
        Err(cause) => problems.add(item, what, cause),
    };
    match value.map(|value| (value, &value.data)) {
        None => {}
        Some((_, Data::Seq(items))) => items.iter().for_each(one),
        Some((value, Data::Str(words))) => words
            .split_ascii_whitespace()
            .for_each(|word| one(&Value { place: value.place, data: Data::Str(Cow::Borrowed(word)) })),
        Some((value, _)) => one(value),
    }
    values
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
            prefix(&string(address), mask.as_ref()).map(|prefix| prefix.to_string())
        };
        let yes = |text: &str| Ok(text.to_string());
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
            assert!(read(address, Some(string(mask))).is_err(), "{address} {mask}");
        }
    }

    #[test]
    fn foreign_text_cannot_forge_a_line_of_log() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(100)).len(), SHOWN + 3);
    }
}
