//! Scalars of a description as typed values, and the errors that name them.

use crate::error::Error;
use crate::ip::Ip;
use crate::limits;
use crate::network::model::{Address, Dns, Domain, LinkId, Mac, Parameter, Plain, Prefix, Setting};
use crate::syntax::value::{Data, Value};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Characters of a foreign text that a message repeats.
const SHOWN: usize = 64;

/// The smallest MTU of IPv4 (RFC 791) and the largest a packet's length field
/// allows.
const MTU: core::ops::RangeInclusive<u32> = 68..=65_535;

/// Words for true and false by turns; 2 is for interfaces(5), whose `accept_ra`
/// has it.
const FLAGS: &str = "true false yes no on off 1 0 2";

/// Reads parts of a description and collects what is wrong with it. A part
/// that is wrong is left out; what it belongs to stays.
pub(super) struct Reader<'v> {
    file: &'v str,
    /// What is being read, with a space where an id follows: `link eth0`.
    kind: &'static str,
    id: &'v str,
    problems: Vec<Error>,
}

impl<'v> Reader<'v> {
    /// `file` is what messages call the description.
    pub(super) fn new(file: &'v str) -> Self {
        Self { file, kind: "", id: "", problems: Vec::new() }
    }

    /// From here on messages are about this entry.
    pub(super) fn enter(&mut self, kind: &'static str, id: &'v str) {
        (self.kind, self.id) = (kind, id);
    }

    /// As [`Reader::enter`], for another file.
    pub(super) fn enter_file(&mut self, file: &'v str) {
        self.file = file;
        self.enter("", "");
    }

    /// Records that `value` cannot be used: `part` (a key, or nothing) of the
    /// present entry, and why, in pieces that may be foreign text.
    #[inline(never)]
    pub(super) fn add(&mut self, value: &Value<'_>, part: &str, cause: &[&str]) {
        let mut text = String::new();
        let of = if part.is_empty() || self.kind.is_empty() { "" } else { " of " };
        for piece in [part, of, self.kind, self.id] {
            push_shown(&mut text, piece);
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        for piece in cause {
            push_shown(&mut text, piece);
        }
        let place = value.place;
        let problem = if place.line == 0 {
            Error::new("read", self.file, text)
        } else {
            Error::at("read", self.file, place.line, place.column, text)
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn into_problems(self) -> Vec<Error> {
        self.problems
    }

    /// The list under `key`, cut at the bound; absent and null are empty.
    #[inline(never)]
    pub(super) fn items<'d, 'a>(&mut self, parent: &'d Value<'a>, key: &str) -> &'d [Value<'a>] {
        let Some(value) = parent.get_set(key) else { return &[] };
        let Some(items) = value.items() else {
            self.add(value, key, &["must be a list, not ", value.kind()]);
            return &[];
        };
        let kept = items.get(..limits::NETWORK_ENTRIES);
        if kept.is_some_and(|kept| kept.len() < items.len()) {
            self.add(value, key, &["more than ", &limits::NETWORK_ENTRIES.to_string(), " entries"]);
        }
        kept.unwrap_or(items)
    }

    /// The value under the first of `keys` that is an address.
    #[inline(never)]
    pub(super) fn address(&mut self, parent: &Value<'_>, keys: &[&str]) -> Option<Address> {
        let (key, value) = first(parent, keys)?;
        self.one_address(value, key, text(value))
    }

    fn one_address(&mut self, value: &Value<'_>, part: &str, text: &str) -> Option<Address> {
        let address = Address::parse(text);
        if address.is_none() {
            self.add(value, part, &[text, " is no IP address"]);
        }
        address
    }

    /// `10.0.0.5/24`, or an address whose length `prefix` or `netmask` of
    /// `parent` tell as a mask or a number. Without any a network is taken for
    /// a /24 or a /64, as cloud-init does.
    #[inline(never)]
    pub(super) fn prefix(&mut self, parent: &Value<'_>, part: &str, value: &Value<'_>) -> Option<Prefix> {
        let (bare, length) = split_length(text(value));
        let address = self.one_address(value, part, bare)?;
        let mask = first(parent, &["prefix", "netmask"]).map(|(_, mask)| mask);
        let shown = length.or(mask.map(text)).unwrap_or_default();
        let length = match (length, mask) {
            (Some(length), _) => self::length(length, &address),
            (None, Some(mask)) => match mask.data {
                Data::Int(length) => u8::try_from(length).ok(),
                _ => self::length(text(mask), &address),
            },
            (None, None) => Some(if address.is_ipv6() { 64 } else { 24 }),
        };
        let prefix = length.and_then(|length| Prefix::new(address, length));
        if prefix.is_none() {
            self.add(value, part, &[shown, " is no netmask of ", bare]);
        }
        prefix
    }

    /// The numbers under each of the keys.
    #[inline(never)]
    pub(super) fn numbers(&mut self, parent: &Value<'_>, fields: &mut [(&str, &mut Option<u32>)]) {
        for (key, number) in fields {
            let Some(value) = parent.get_set(key) else { continue };
            let found = integer(value).and_then(|number| u32::try_from(number).ok());
            if found.is_none() {
                self.add(value, key, &["must be a number from 0 to 4294967295"]);
            }
            **number = found;
        }
    }

    /// A truth value, however it is put; `None` where there is none.
    #[inline(never)]
    pub(super) fn flag(&mut self, parent: &Value<'_>, key: &str) -> Option<bool> {
        let value = parent.get_set(key)?;
        if let Data::Bool(on) = value.data {
            return Some(on);
        }
        let written = as_text("", "", value);
        let found = FLAGS.split(' ').position(|word| written.eq_ignore_ascii_case(word));
        if found.is_none() {
            self.add(value, key, &[&written, " is neither true nor false"]);
        }
        found.map(|at| at % 2 == 0)
    }

    /// The largest packet in bytes; 0 leaves the kernel's.
    #[inline(never)]
    pub(super) fn mtu(&mut self, parent: &Value<'_>) -> Option<u32> {
        let mut mtu = None;
        self.numbers(parent, &mut [("mtu", &mut mtu)]);
        let fits = mtu.is_none_or(|bytes| bytes == 0 || MTU.contains(&bytes));
        if !fits && let Some(value) = parent.get("mtu") {
            self.add(value, "mtu", &["must be a number from 68 to 65535"]);
        }
        mtu.filter(|bytes| fits && *bytes > 0)
    }

    /// The MAC address under `key`.
    #[inline(never)]
    pub(super) fn mac(&mut self, parent: &Value<'_>, key: &str) -> Option<Mac> {
        let value = parent.get_set(key).filter(|value| value.as_str() != Some(""))?;
        let mac = mac_of(value);
        if let (Data::Int(_), Some(mac)) = (&value.data, mac) {
            self.add(
                value,
                key,
                &["put ", &mac.to_string(), " between quotes: without them YAML reads a number"],
            );
        }
        if mac.is_none() {
            self.add(value, key, &[text(value), " is no MAC address"]);
        }
        mac
    }

    /// Adds the name servers and search domains under two keys.
    #[inline(never)]
    pub(super) fn dns(&mut self, dns: &mut Dns, parent: &Value<'_>, servers: &str, search: &str) {
        let value = parent.get_set(servers);
        for word in words(value) {
            dns.servers.extend(self.one_address(value.unwrap_or(parent), servers, word));
        }
        let value = parent.get_set(search);
        for word in words(value) {
            match Domain::new(word) {
                Some(domain) => dns.search.push(domain),
                None => self.add(value.unwrap_or(parent), search, &[word, " is no domain name"]),
            }
        }
    }

    /// The ids of links under `key`.
    #[inline(never)]
    pub(super) fn ids(&mut self, parent: &Value<'_>, key: &str) -> Vec<LinkId> {
        let mut ids = Vec::new();
        for word in words(parent.get_set(key)).iter().take(limits::NETWORK_ENTRIES) {
            // interfaces(5) says so where there are none.
            if *word != "none" {
                ids.extend(self.id(parent, key, word));
            }
        }
        ids
    }

    /// The id of a link.
    pub(super) fn id(&mut self, value: &Value<'_>, part: &str, text: &str) -> Option<LinkId> {
        let id = LinkId::new(text);
        if id.is_none() {
            self.add(value, part, &[text, " is no name of a link"]);
        }
        id
    }

    /// A word that back ends can repeat.
    pub(super) fn plain(&mut self, value: &Value<'_>, part: &str, text: &str) -> Option<Plain> {
        let plain = Plain::new(text);
        if plain.is_none() {
            self.add(value, part, &[text, " has characters that no configuration file could take"]);
        }
        plain
    }

    /// As [`Reader::plain`], of letters and digits: anything else could be more than one argument to
    /// ip(8).
    pub(super) fn word(&mut self, value: &Value<'_>, part: &str, text: &str) -> Option<Plain> {
        let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        if !is_word {
            self.add(value, part, &[text, " is no word"]);
        }
        if is_word { self.plain(value, part, text) } else { None }
    }

    /// Sets the parameter that `name` is put together to; null sets none, and
    /// past the bound nothing is set.
    #[inline(never)]
    pub(super) fn parameter(&mut self, to: &mut Vec<Parameter>, name: &[&str], value: &Value<'_>) {
        let name = name.concat();
        let part = name.as_str();
        let setting = match &value.data {
            Data::Null => return,
            Data::Bool(on) => Setting::Bool(*on),
            Data::Int(number) => Setting::Int(*number),
            Data::Seq(_) | Data::Map(_) => Setting::List(self.list(value, part)),
            _ => match self.plain(value, part, text(value)) {
                Some(text) => Setting::Text(text),
                None => return,
            },
        };
        let Some(name) = self.plain(value, part, part) else { return };
        let is_full = to.len() >= limits::LINK_PARAMETERS;
        match to.iter_mut().find(|other| other.name == name) {
            Some(other) => other.value = setting,
            None if is_full => {}
            None => to.push(Parameter { name, value: setting }),
        }
    }

    /// The items of a list; of a mapping as cloud-init has it of old: of
    /// `{eth0: 50}` `eth0 50`.
    #[inline(never)]
    fn list(&mut self, value: &Value<'_>, part: &str) -> Vec<Plain> {
        let mut list = Vec::new();
        for item in value.items().unwrap_or_default() {
            list.extend(self.plain(item, part, &as_text("", "", item)));
        }
        for (port, number) in value.entries() {
            list.extend(self.plain(number, part, &as_text(text(port), " ", number)));
        }
        list
    }
}

/// The first of `keys` that is set, with its value.
pub(super) fn first<'d, 'a, 'k>(parent: &'d Value<'a>, keys: &[&'k str]) -> Option<(&'k str, &'d Value<'a>)> {
    keys.iter().find_map(|key| {
        let value = parent.get_set(key)?;
        (value.as_str() != Some("")).then_some((*key, value))
    })
}

/// The MAC address that `value` is, as a text or as the number YAML makes of it.
pub(super) fn mac_of(value: &Value<'_>) -> Option<Mac> {
    match value.data {
        Data::Int(number) => Mac::of_sexagesimal(number),
        _ => Mac::parse(text(value)),
    }
}

/// The string under `key`.
pub(super) fn string<'d>(value: &'d Value<'_>, key: &str) -> Option<&'d str> {
    value.get(key)?.as_str()
}

/// An address, and what stands behind a slash.
pub(super) fn split_length(text: &str) -> (&str, Option<&str>) {
    text.split_once('/').map_or((text, None), |(bare, length)| (bare, Some(length)))
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

/// A scalar as it is written, without spaces around it; of anything else, and
/// of integers, what it is, which nothing takes for an address or a name.
pub(super) fn text<'d>(value: &'d Value<'_>) -> &'d str {
    match &value.data {
        Data::Str(text) | Data::Float(text) | Data::BigInt(text) | Data::Timestamp(text) => text.trim_ascii(),
        Data::Null => "a null",
        _ => value.kind(),
    }
}

/// `value` as it is written, behind `before` and `between`.
fn as_text(before: &str, between: &str, value: &Value<'_>) -> String {
    match value.data {
        Data::Int(number) => [before, between, &number.to_string()].concat(),
        _ => [before, between, text(value)].concat(),
    }
}

/// An integer, or a string that holds one.
pub(super) fn integer(value: &Value<'_>) -> Option<i64> {
    match &value.data {
        Data::Int(number) => Some(*number),
        Data::Str(text) => text.trim_ascii().parse().ok(),
        _ => None,
    }
}

/// A prefix length, or that of a mask of the family of `address`.
pub(super) fn length(text: &str, address: &Address) -> Option<u8> {
    if let Ok(length) = text.parse() {
        return Some(length);
    }
    let mask: Ip = text.parse().ok()?;
    mask.mask_length().filter(|_| mask.is_ipv6() == address.is_ipv6())
}

/// The words of `value`, be it a list of strings, a string of words or nothing;
/// of other items what they are.
#[inline(never)]
pub(super) fn words<'d>(value: Option<&'d Value<'_>>) -> Vec<&'d str> {
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
        let read = |address, mask: Option<Value<'static>>| {
            let mut reader = Reader::new("x");
            let parent =
                Value::bare(Data::Map(mask.map(|mask| (string("netmask"), mask)).into_iter().collect()));
            let prefix = reader.prefix(&parent, "", &string(address));
            assert_eq!(prefix.is_some(), reader.into_problems().is_empty());
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
            [("10.0.0.5", "ffff::"), ("10.0.0.5", "x"), ("10.0.0.5/33", "24"), ("::1/129", "24")]
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

    #[test]
    fn a_number_is_in_its_range() {
        let value = Value::bare(Data::Map(alloc::vec![(string("mtu"), string("1e3"))]));
        let mut reader = Reader::new("x");
        reader.enter("link ", "eth0");
        assert_eq!(reader.mtu(&value), None);
        let problems = reader.into_problems();
        assert_eq!(
            problems[0].to_string(),
            "unable to read x: mtu of link eth0: must be a number from 0 to 4294967295"
        );
    }
}
