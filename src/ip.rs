//! IP addresses of both families in one plain type. core's are an enum whose
//! reading and writing cost the agent four times as much.

use crate::text::has;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// An IPv4 or IPv6 address, its bytes in network order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ip {
    /// IPv4 has the first four; the rest are zero.
    octets: [u8; 16],
    ipv6: bool,
}

/// A text that is no IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAddress;

impl Ip {
    /// From 4 or 16 bytes; `None` for any other number.
    pub fn from_octets(bytes: &[u8]) -> Option<Self> {
        let mut octets = [0; 16];
        for (place, byte) in octets.iter_mut().zip(bytes) {
            *place = *byte;
        }
        matches!(bytes.len(), 4 | 16).then_some(Self { octets, ipv6: bytes.len() == 16 })
    }

    /// `0.0.0.0` or `::`.
    pub const fn unspecified(ipv6: bool) -> Self {
        Self { octets: [0; 16], ipv6 }
    }

    /// The mask whose first `length` bits are ones.
    pub fn mask(ipv6: bool, length: u8) -> Self {
        let mut mask = Self::unspecified(ipv6);
        let mut left = length.min(mask.bits());
        for octet in &mut mask.octets {
            *octet = !u8::MAX.checked_shr(left.into()).unwrap_or(0);
            left = left.saturating_sub(8);
        }
        mask
    }

    /// Whether this is IPv6.
    pub fn is_ipv6(self) -> bool {
        self.ipv6
    }

    /// Bits of an address of this family: 32 or 128.
    pub fn bits(self) -> u8 {
        if self.ipv6 { 128 } else { 32 }
    }

    /// The 4 or 16 bytes, in network order.
    pub fn octets(&self) -> &[u8] {
        if self.ipv6 { &self.octets } else { &self.octets[..4] }
    }

    /// Whether this is `0.0.0.0` or `::`.
    pub fn is_unspecified(self) -> bool {
        self == Self::unspecified(self.ipv6)
    }

    /// Whether this is in `fe80::/10`.
    pub fn is_ipv6_link_local(self) -> bool {
        self.ipv6 && self.octets[0] == 0xfe && self.octets[1] & 0xc0 == 0x80
    }

    /// The first address of its network: bits behind `length` are zeros.
    #[must_use]
    pub fn network(mut self, length: u8) -> Self {
        for (octet, mask) in self.octets.iter_mut().zip(Self::mask(self.ipv6, length).octets) {
            *octet &= mask;
        }
        self
    }

    /// The last address of its network: bits behind `length` are ones.
    #[must_use]
    pub fn last_of_network(mut self, length: u8) -> Self {
        let wide = self.octets().len();
        for (octet, mask) in self.octets.iter_mut().zip(Self::mask(self.ipv6, length).octets).take(wide) {
            *octet |= !mask;
        }
        self
    }

    /// The length of the network whose mask this is: 24 of `255.255.255.0`,
    /// 32 of `ffff:ffff::`. `None` when its ones do not all come first.
    pub fn mask_length(self) -> Option<u8> {
        (0..=self.bits()).find(|length| Self::mask(self.ipv6, *length) == self)
    }
}

impl FromStr for Ip {
    type Err = NoAddress;

    /// Reads what [`core::net::IpAddr`] reads.
    #[inline(never)]
    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let mut octets = [0; 16];
        let ipv6 = has(text, b':');
        let fits = if ipv6 {
            read_ipv6(text, &mut octets).is_some()
        } else {
            read_ipv4(text, &mut octets).is_some()
        };
        if fits { Ok(Self { octets, ipv6 }) } else { Err(NoAddress) }
    }
}

/// Four decimal numbers without leading zeros.
fn read_ipv4(text: &str, octets: &mut [u8]) -> Option<()> {
    let mut parts = text.as_bytes().split(|byte| *byte == b'.');
    for octet in octets.iter_mut().take(4) {
        let part = parts.next().filter(|part| part.len() == 1 || part.first() != Some(&b'0'))?;
        *octet = u8::try_from(number(part, 10, 3)?).ok()?;
    }
    parts.next().is_none().then_some(())
}

/// RFC 4291 §2.2; `::` stands for at least one group.
fn read_ipv6(text: &str, octets: &mut [u8; 16]) -> Option<()> {
    let gap = text.as_bytes().windows(2).position(|two| two == b"::");
    let (head, tail) = match gap {
        Some(at) => (text.get(..at)?, Some(text.get(at + 2..)?)),
        None => (text, None),
    };
    let before = read_groups(head, tail.is_none(), octets)?;
    let Some(tail) = tail else { return (before == 16).then_some(()) };
    let mut end = [0; 16];
    let after = read_groups(tail, true, &mut end)?;
    if before + after > 14 {
        return None;
    }
    octets.get_mut(16 - after..)?.copy_from_slice(end.get(..after)?);
    Some(())
}

/// Hexadecimal groups, the last of which may be an IPv4 address when they end
/// the text; tells the bytes they fill.
fn read_groups(text: &str, ends: bool, octets: &mut [u8; 16]) -> Option<usize> {
    let mut filled = 0;
    if text.is_empty() {
        return Some(0);
    }
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        let place = octets.get_mut(filled..)?;
        if has(part, b'.') {
            read_ipv4(part, place.get_mut(..4)?)?;
            return (ends && parts.peek().is_none()).then_some(filled + 4);
        }
        let group = number(part.as_bytes(), 16, 4)?.to_be_bytes();
        place.get_mut(..2)?.copy_from_slice(&group);
        filled += 2;
    }
    Some(filled)
}

/// A number of 1 to `most` digits.
fn number(digits: &[u8], base: u16, most: usize) -> Option<u16> {
    if digits.is_empty() || digits.len() > most {
        return None;
    }
    let mut value: u16 = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(base.into())?;
        value = value.wrapping_mul(base).wrapping_add(u16::try_from(digit).ok()?);
    }
    Some(value)
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Writes `number` without leading zeros.
fn push_number(text: &mut String, number: u16, base: u16) {
    if number >= base {
        push_number(text, number / base, base);
    }
    text.extend(char::from_digit((number % base).into(), base.into()));
}

impl Ip {
    /// RFC 5952: lower case, the longest run of two or more zero groups as
    /// `::`, IPv4-mapped addresses with dots.
    #[inline(never)]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mapped = self.octets.strip_prefix(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
        let dotted = match mapped {
            Some(tail) if self.ipv6 => {
                text.push_str("::ffff");
                tail
            }
            _ if self.ipv6 => &[],
            _ => self.octets(),
        };
        let mut between = if self.ipv6 { ":" } else { "" };
        for octet in dotted {
            text.push_str(between);
            push_number(&mut text, (*octet).into(), 10);
            between = ".";
        }
        if !dotted.is_empty() {
            return text;
        }
        let (from, to) = self.zeros();
        between = "";
        for (at, group) in self.octets.as_chunks().0.iter().enumerate() {
            if at == from && to > from {
                text.push_str("::");
                between = "";
            }
            if at < from || at >= to {
                text.push_str(between);
                push_number(&mut text, u16::from_be_bytes(*group), 16);
                between = ":";
            }
        }
        text
    }

    /// The first longest run of zero groups, two at least; `(0, 0)` for none.
    fn zeros(self) -> (usize, usize) {
        let (mut best, mut start) = ((0, 0), 0);
        for (at, group) in self.octets.chunks(2).enumerate() {
            if group != [0, 0] {
                start = at + 1;
            } else if at + 1 - start > (best.1 - best.0).max(1) {
                best = (start, at + 1);
            }
        }
        best
    }
}

impl fmt::Debug for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::IpAddr;

    fn agrees(text: &str) {
        let (ours, cores) = (text.parse::<Ip>().ok(), text.parse::<IpAddr>().ok());
        assert_eq!(ours.map(|ip| ip.to_string()), cores.map(|ip| ip.to_string()), "{text:?}");
    }

    #[test]
    fn reads_and_writes_as_core_does() {
        for text in [
            "",
            ".",
            ":",
            "::",
            ":::",
            "0.0.0.0",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3.4 ",
            "+1.2.3.4",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::2::3",
            "::1.2.3.4",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4",
            "1.2.3.4::",
            "1.2.3.4::1",
            "::1.2.3.4:1",
            "12345::",
            "::g",
            "::-1",
            "fe80::1%eth0",
            "[::1]",
            "1:0:0:2:0:0:0:3",
            "1:0:0:2:0:0:3:4",
            "1:0:2:0:3:0:4:0",
            "0:0:1::",
            "é::",
            "1:2:3:4:5:6:7",
            "1::2:3:4:5:6:7:8",
            ":1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:",
            "2001:DB8::A",
        ] {
            agrees(text);
        }
        // Every pattern of zero groups, written and read back.
        for pattern in 0..=255_u8 {
            let mut octets = [0; 16];
            for group in 0..8_usize {
                octets[group * 2 + 1] = pattern >> group & 1;
            }
            let text = IpAddr::from(octets).to_string();
            assert_eq!(Ip::from_octets(&octets).map(|ip| ip.to_string()), Some(text.clone()));
            agrees(&text);
        }
    }

    #[test]
    fn networks() {
        let ip = |text: &str| text.parse::<Ip>().unwrap();
        assert_eq!(ip("10.1.2.3").network(12), ip("10.0.0.0"));
        assert_eq!(ip("10.1.2.3").last_of_network(22), ip("10.1.3.255"));
        assert_eq!(ip("2001:db8::5").network(127), ip("2001:db8::4"));
        assert_eq!(ip("::5").network(0), ip("::"));
        assert_eq!(Ip::from_octets(&[1, 2, 3]), None);
        assert!(ip("febf::1").is_ipv6_link_local() && !ip("fec0::1").is_ipv6_link_local());
    }

    #[test]
    fn masks() {
        let length = |text: &str| text.parse::<Ip>().unwrap().mask_length();
        for (mask, expected) in [
            ("0.0.0.0", 0),
            ("255.255.255.0", 24),
            ("255.255.255.255", 32),
            ("::", 0),
            ("ffff:ffff:ffff:ffff::", 64),
        ] {
            assert_eq!(length(mask), Some(expected), "{mask}");
        }
        assert_eq!((length("255.0.255.0"), length("0.0.0.255")), (None, None));
    }
}
