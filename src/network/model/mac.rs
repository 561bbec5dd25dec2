use core::fmt;

/// An Ethernet address. Reads and compares in any case, writes lower-case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Six pairs of hexadecimal digits, joined by `:` or by `-` throughout.
    pub fn parse(text: &str) -> Option<Self> {
        let mut mac = [0; 6];
        read_pairs(text, &mut mac).then_some(Self(mac))
    }
}

/// The address of an InfiniBand port: queue pair and port GID (RFC 4391 §9.1.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InfinibandAddress(pub [u8; 20]);

impl InfinibandAddress {
    /// Twenty pairs of hexadecimal digits, joined as a [`Mac`]'s.
    pub fn parse(text: &str) -> Option<Self> {
        let mut address = [0; 20];
        read_pairs(text, &mut address).then_some(Self(address))
    }
}

/// Fills `address` from as many pairs of digits.
fn read_pairs(text: &str, address: &mut [u8]) -> bool {
    let text = text.as_bytes();
    let separator = text.get(2).copied().filter(|byte| matches!(byte, b':' | b'-'));
    if text.len() + 1 != address.len() * 3 || separator.is_none() {
        return false;
    }
    for (group, byte) in text.chunks(3).zip(address) {
        let [high, low, rest @ ..] = group else { return false };
        let (Some(high), Some(low)) = (hexadecimal(*high), hexadecimal(*low)) else { return false };
        if rest.first().is_some_and(|found| Some(*found) != separator) {
            return false;
        }
        *byte = high << 4 | low;
    }
    true
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_pairs(f, &self.0)
    }
}

impl fmt::Display for InfinibandAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_pairs(f, &self.0)
    }
}

fn write_pairs(f: &mut fmt::Formatter<'_>, address: &[u8]) -> fmt::Result {
    for (at, byte) in address.iter().enumerate() {
        write!(f, "{}{byte:02x}", if at == 0 { "" } else { ":" })?;
    }
    Ok(())
}

impl fmt::Debug for InfinibandAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_and_writes_one() {
        for text in ["FA:16:3e:12:34:0A", "fa-16-3E-12-34-0a"] {
            assert_eq!(Mac::parse(text).map(|mac| mac.to_string()).as_deref(), Some("fa:16:3e:12:34:0a"));
        }
        for text in [
            "",
            "fa:16:3e:12:34",
            "fa:16:3e:12:34:0",
            "fa:16:3e:12-34:0a",
            "fa:16:3e:12:34:0g",
            "fa:16:3e:12:34:0a:",
            "+a:16:3e:12:34:0a",
            "fa163e12340a",
            "é:16:3e:12:34:0a",
        ] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
        let port = "80:00:00:48:fe:80:00:00:00:00:00:00:00:11:22:03:00:33:44:56";
        assert_eq!(InfinibandAddress::parse(port).map(|port| port.to_string()).as_deref(), Some(port));
        assert!(InfinibandAddress::parse("fa:16:3e:12:34:0a").is_none() && Mac::parse(port).is_none());
    }
}
