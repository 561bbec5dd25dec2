use alloc::boxed::Box;
use alloc::string::String;
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
    /// Whether a name may have this byte.
    fn takes(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte)
    }

    /// `None` when the kernel or a back end would not take `name`.
    #[inline(never)]
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=LONGEST).contains(&name.len()) && !matches!(name, "." | ".." | "all" | "default");
        (fits && name.bytes().all(Self::takes)).then(|| Self(name.into()))
    }

    /// A name that fits in place of one that is too long: of `LINK.NUMBER` the
    /// first part is cut, of others the end. Where another link has that name,
    /// the last four bytes of the part are a digest of the long name. `None`
    /// when `long` is no name for other reasons.
    #[inline(never)]
    pub fn shortened(long: &str, is_taken: &dyn Fn(&Self) -> bool) -> Option<Self> {
        let is_number =
            |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let dot = long.rfind('.').filter(|dot| long.get(dot + 1..).is_some_and(is_number));
        let (stem, tail) = long.split_at_checked(dot.unwrap_or(long.len()))?;
        let room = LONGEST.checked_sub(tail.len())?;
        let fits = |digest: &str| {
            let cut = stem.get(..room.checked_sub(digest.len())?)?;
            let name = Self::new(&[cut.trim_end_matches(['-', '_', '.']), digest, tail].concat());
            name.filter(|name| stem.bytes().all(Self::takes) && !is_taken(name))
        };
        // FNV-1a, 32 bits folded to 16.
        let mut value = 0x811c_9dc5_u32;
        for byte in long.bytes() {
            value = (value ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        value ^= value >> 16;
        let digit = |shift: u32| char::from_digit(value >> shift & 15, 16).unwrap_or('0');
        let digest = String::from_iter([digit(12), digit(8), digit(4), digit(0)]);
        (long.len() > LONGEST).then(|| fits("").or_else(|| fits(&digest)))?
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
        let shortened = |long, taken: &str| {
            LinkName::shortened(long, &|name| name.0 == taken.into()).map(|name| name.to_string())
        };
        assert_eq!(shortened("enp175s0f1np1.1234", "").as_deref(), Some("enp175s0f1.1234"));
        let other = shortened("enp175s0f1np1.1234", "enp175s0f1.1234").unwrap();
        assert!(other.starts_with("enp175") && other.ends_with(".1234") && other.len() == 15, "{other}");
        assert_ne!(Some(other), shortened("enp175s0f1np0.1234", "enp175s0f1.1234"));
        assert_eq!(shortened("storage-network-a", "").as_deref(), Some("storage-network"));
        assert_eq!(shortened("frontend-cloud-.network", "").as_deref(), Some("frontend-cloud"));
        for name in ["eth0", "../../etc/passwd-x", "a name of sixteen", "übermäßig-lang-0"] {
            assert_eq!(shortened(name, ""), None, "{name}");
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
