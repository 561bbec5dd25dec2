//! os-release(5): which distribution a root is.

use crate::fetch::{self, Fetch};
use alloc::string::String;

/// What tells a distribution from before there was os-release.
static BEFORE: [(&str, &str); 3] = [
    ("/etc/redhat-release", "ID=rhel\n"),
    ("/etc/SuSE-release", "ID=suse\n"),
    ("/etc/debian_version", "ID=debian\n"),
];

/// The root's os-release: that of /etc, else that of /usr/lib, else what a file
/// of the distribution's own says; empty where there is nothing.
#[inline(never)]
pub(crate) fn text(root: &dyn Fetch) -> String {
    for path in &["/etc/os-release", "/usr/lib/os-release"] {
        if let Some(text) = fetch::text(root, path) {
            return text;
        }
    }
    let before = BEFORE.iter().find(|(path, _)| fetch::may_exist(root, path));
    before.map_or("", |(_, text)| text).into()
}

/// The value of a field, without its quotes; empty where there is none.
#[inline(never)]
pub(crate) fn field<'t>(text: &'t str, name: &str) -> &'t str {
    let of_line = |line: &'t str| line.trim_ascii().strip_prefix(name)?.strip_prefix('=');
    let value = text.split('\n').find_map(of_line).unwrap_or_default().trim_ascii();
    match value.as_bytes() {
        [quote @ (b'"' | b'\''), inner @ .., end] if end == quote => {
            value.get(1..=inner.len()).unwrap_or_default()
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    #[test]
    fn a_distribution_from_before_os_release_is_told_by_its_own_file() {
        let of = |files: &[(&str, &str)]| text(&Tree::of("", files));
        assert_eq!(of(&[("/etc/redhat-release", "CentOS release 6.10 (Final)\n")]), "ID=rhel\n");
        assert_eq!(of(&[("/etc/SuSE-release", ""), ("/usr/lib/os-release", "ID=sles\n")]), "ID=sles\n");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn a_value_loses_its_quotes() {
        let text = "NAME=\"Rocky Linux\"\nID='rocky'\r\n  ID_LIKE=rhel\nEMPTY=\"\"\nODD=\"x\nONE=\"\n";
        for (name, value) in [
            ("NAME", "Rocky Linux"),
            ("ID", "rocky"),
            ("ID_LIKE", "rhel"),
            ("EMPTY", ""),
            ("ODD", "\"x"),
            ("ONE", "\""),
            ("I", ""),
        ] {
            assert_eq!(field(text, name), value, "{name}");
        }
    }
}
