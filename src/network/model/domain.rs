use alloc::boxed::Box;

/// A DNS search domain: letters, digits, `-`, `_` and `.`, at most 253 bytes
/// (RFC 1035 §2.3.4), or a networkd routing domain (`~example.org`). It can
/// be written into any configuration file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(Box<str>);

impl Domain {
    /// `None` when `name` is no domain.
    #[inline(never)]
    pub fn new(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let bare = name.strip_prefix('~').unwrap_or(name);
        let fits = (1..=253).contains(&bare.len());
        (fits && bare.bytes().all(plain)).then(|| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_break_out_of_a_line() {
        assert!(Domain::new("example.org").is_some() && Domain::new("~.").is_some());
        for name in ["", "a b", "a\nb", "a;b", "a\"", &"a".repeat(254)] {
            assert!(Domain::new(name).is_none(), "{name}");
        }
    }
}
