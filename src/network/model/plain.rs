use alloc::boxed::Box;
use core::ops::Deref;

/// A word or a few of a description that can stand as a value in every back
/// end's files as it is: letters, digits, blanks and `-_.:/+,@%*?=[]`, at
/// most 255 bytes. No quotes and no character that a shell (ifcfg files are
/// sourced), an INI file or a line of interfaces(5) takes for its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain(Box<str>);

/// NAME_MAX: longer than any name of a driver, an option or a value.
const LONGEST: usize = 255;

impl Plain {
    /// `None` when a back end could take `text` for something else, and for
    /// an empty one.
    #[inline(never)]
    pub fn new(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.:/+,@%*?=[]".contains(&byte);
        let fits = (1..=LONGEST).contains(&text.len()) && text.trim_ascii().len() == text.len();
        (fits && text.bytes().all(plain)).then(|| Self(text.into()))
    }
}

impl Deref for Plain {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What a description calls a link: a word that can be a part of a file name.
/// A name of the kernel's is one; an id of a host or of netplan may be longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkId(Box<str>);

impl LinkId {
    /// `None` when `id` would lead out of a file name or a line.
    #[inline(never)]
    pub fn new(id: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@+".contains(&byte);
        let fits = (1..=LONGEST).contains(&id.len()) && id != "." && id != "..";
        (fits && id.bytes().all(plain)).then(|| Self(id.into()))
    }
}

impl Deref for LinkId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_break_out() {
        for text in ["802.3ad", "layer3+4", "eth0 50", "10.0.0.1,10.0.0.2", "hv_netvsc", "en*"] {
            assert!(Plain::new(text).is_some(), "{text}");
        }
        for text in ["", " a", "a\nb", "a\"", "$(x)", "`x`", "a;b", "a#b", "a\\", "a'", "a|b", "ü"] {
            assert!(Plain::new(text).is_none(), "{text}");
        }
        assert!(LinkId::new("2ecc7709-b3f7-4448-9580-e1ec32d75bbd").is_some());
        for id in ["", "..", "a/b", "a b", "a\n"] {
            assert!(LinkId::new(id).is_none(), "{id}");
        }
    }
}
