//! Which paths of a root lie under other mounts once it runs, from its fstab
//! and mount units: what is written there before would be covered.

use crate::fetch::{self, Fetch};
use alloc::string::String;
use alloc::vec::Vec;

/// Mount points every Linux system has on top of its root.
const ALWAYS: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/tmp"];

/// Where systemd looks for units, the first first.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// The mount points of a running root, `/` left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    points: Vec<String>,
}

impl Covered {
    /// Reads them from the root's /etc/fstab (`noauto` left out) and from the
    /// mount units that some target wants.
    #[inline(never)]
    pub fn read(root: &dyn Fetch) -> Self {
        let mut points: Vec<String> = ALWAYS.iter().map(|&point| point.into()).collect();
        let fstab = fetch::text(root, "/etc/fstab").unwrap_or_default();
        points.extend(fstab.lines().filter_map(mount_point));
        let list = |folder: &str| root.list(folder).ok().flatten().unwrap_or_default();
        for folder in UNITS {
            for name in list(folder) {
                if matches!(name.rsplit_once('.'), Some((_, "wants" | "requires"))) {
                    let units = list(&[folder, "/", &name].concat());
                    points.extend(units.iter().filter_map(|unit| unit_path(unit.strip_suffix(".mount")?)));
                }
            }
        }
        Self { points }
    }

    /// The mount point `path` (absolute, symbolic links resolved) lies under.
    #[inline(never)]
    pub fn by(&self, path: &str) -> Option<&str> {
        let lies_under = |point: &&String| {
            path.strip_prefix(point.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.points.iter().find(lies_under).map(String::as_str)
    }
}

/// The mount point in a line of fstab(5).
fn mount_point(line: &str) -> Option<String> {
    let mut fields = line.split_ascii_whitespace();
    if fields.next()?.starts_with('#') {
        return None;
    }
    let point = unescape(fields.next()?);
    let automatic = !fields.nth(1).unwrap_or("").split(',').any(|option| option == "noauto");
    let point = point.trim_end_matches('/');
    (automatic && point.starts_with('/')).then(|| point.into())
}

/// fstab(5): blanks in a field are written as octal escapes.
fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

/// systemd.unit(5): `-` stands for `/`, `\x2d` for `-`.
fn unit_path(unit: &str) -> Option<String> {
    if unit == "-" {
        return None;
    }
    let mut path = String::from("/");
    let mut rest = unit;
    while let Some(c) = rest.chars().next() {
        let escaped = rest
            .strip_prefix("\\x")
            .and_then(|code| code.get(..2))
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = escaped {
            path.push(char::from(byte));
            rest = &rest[4..];
        } else {
            path.push(if c == '-' { '/' } else { c });
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fstab_names_what_covers_the_root() {
        let text = "# /dev/sda1 /old\nLABEL=root / ext4 defaults 0 1\n/dev/vdb\t/var ext4 defaults 0 2\n\
                    swap none swap sw 0 0\n/dev/vdc /mnt ext4 noauto,user 0 0\n//nas/x /home/a\\040b cifs\nbroken\n";
        assert_eq!(text.lines().filter_map(mount_point).collect::<Vec<_>>(), ["/var", "/home/a b"]);
    }

    #[test]
    fn only_whole_components_count() {
        let covered = Covered { points: vec!["/var".into()] };
        assert_eq!(covered.by("/var/lib/cloud"), Some("/var"));
        assert_eq!(covered.by("/var"), Some("/var"));
        assert_eq!(covered.by("/variety"), None);
    }

    #[test]
    fn units_name_paths() {
        assert_eq!(unit_path("var-lib").as_deref(), Some("/var/lib"));
        assert_eq!(unit_path("srv-a\\x2db").as_deref(), Some("/srv/a-b"));
        assert_eq!(unit_path("-"), None);
        assert_eq!(unit_path("x\\x").as_deref(), Some("/x\\x"));
    }
}
