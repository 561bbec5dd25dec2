use alloc::boxed::Box;
use core::fmt;
use core::ops::Deref;

/// The name of a link as the kernel takes it: 1 to 15 bytes of printable
/// ASCII, no `/`, no `:`, no space, not `.` or `..` (`dev_valid_name` in
/// net/core/dev.c), not `all` or `default`, which are all links' settings under
/// /proc/sys/net (`sysctl_dev_name_is_allowed`). It is safe as a part of a file name and of every back
/// end's syntax, so quotes, brackets and the like are refused as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkName(Box<str>);

/// IFNAMSIZ without its NUL.
pub(crate) const LONGEST: usize = 15;

impl LinkName {
    /// `None` when the kernel or a back end would not take `name`.
    #[inline(never)]
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=LONGEST).contains(&name.len()) && !matches!(name, "." | ".." | "all" | "default");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte);
        (fits && name.bytes().all(plain)).then(|| Self(name.into()))
    }
}

impl Deref for LinkName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_kernel_and_a_file_name_take() {
        for name in ["e", "eth0", "enp0s31f6", "fifteen-bytes-1", "eth0.7", "..."] {
            assert!(LinkName::new(name).is_some(), "{name}");
        }
        for name in ["all", "default"] {
            assert!(LinkName::new(name).is_none(), "{name}: the kernel answers EINVAL");
        }
        for name in ["", ".", "..", "sixteen-bytes-12", "a/b", "a b", "eth0:1", "a\n", "a\"", "ü", "[Match]"]
        {
            assert!(LinkName::new(name).is_none(), "{name}");
        }
    }
}
