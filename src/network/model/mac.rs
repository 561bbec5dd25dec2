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

    /// The address of decimal digits that, without quotes, is this number of
    /// base 60 in YAML 1.1: of 41135085296 52:54:00:12:34:56.
    pub fn of_sexagesimal(number: i64) -> Option<Self> {
        let mut rest = u64::try_from(number).ok()?;
        let mut mac = [0; 6];
        for (at, byte) in mac.iter_mut().enumerate().rev() {
            let group = if at == 0 { rest } else { rest % 60 };
            rest /= 60;
            // The decimal digits of a group are hexadecimal ones here.
            *byte = u8::try_from(group / 10 * 16 + group % 10).ok().filter(|_| group < 100)?;
        }
        (number >= 10 * 60_i64.pow(5)).then_some(Self(mac))
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
    fn a_number_of_base_60_is_taken_back_to_what_was_written() {
        let mac = |number| Mac::of_sexagesimal(number).map(|mac| mac.to_string());
        assert_eq!(mac(41_135_085_296).as_deref(), Some("52:54:00:12:34:56"));
        assert_eq!(mac(10 * 60_i64.pow(5)).as_deref(), Some("10:00:00:00:00:00"));
        assert_eq!(mac(100 * 60_i64.pow(5) - 1).as_deref(), Some("99:59:59:59:59:59"));
        for number in [-1, 0, 1, 10 * 60_i64.pow(5) - 1, 100 * 60_i64.pow(5), i64::MAX, i64::MIN] {
            assert_eq!(mac(number), None, "{number}");
        }
    }

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
