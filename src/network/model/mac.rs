use core::fmt;

/// An Ethernet address. Reads and compares in any case, writes lower-case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Six pairs of hexadecimal digits, joined by `:` or by `-` throughout.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let separator = *bytes.get(2)?;
        if bytes.len() != 17 || !matches!(separator, b':' | b'-') {
            return None;
        }
        let mut mac = [0; 6];
        for (group, byte) in bytes.chunks(3).zip(&mut mac) {
            if group.get(2).is_some_and(|found| *found != separator) {
                return None;
            }
            *byte = hexadecimal(group[0])? << 4 | hexadecimal(group[1])?;
        }
        Some(Self(mac))
    }
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
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02x}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
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
    }
}
