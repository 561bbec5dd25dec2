//! Which paths of a root lie under other mounts once it runs, from its fstab
//! and mount units: what is written there before would be covered.

use crate::fetch::{self, Fetch};
use alloc::string::String;
use alloc::vec::Vec;

/// Mount points every Linux system has on top of its root.
static ALWAYS: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/tmp"];

/// What lies over every path: an fstab that can't be read may have any mount.
const UNKNOWN: &str = "";

/// Where systemd looks for units, the first first.
static UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// The mount points of a running root, `/` left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    points: Vec<String>,
}

impl Covered {
    /// Reads them from the root's /etc/fstab (`noauto` left out) and from the
    /// mount units that some target wants. Where /usr is `merged`, /lib is a
    /// link into it.
    #[inline(never)]
    pub fn read(root: &dyn Fetch, merged: bool) -> Self {
        let mut points = Vec::new();
        for point in &ALWAYS {
            points.push(String::from(*point));
        }
        match fetch::read(root, "/etc/fstab") {
            Ok(text) => points.extend(text.unwrap_or_default().lines().filter_map(mount_point)),
            Err(_) => points.push(String::from(UNKNOWN)),
        }
        let mut covered = Self { points };
        let (mut wants, mut has_units) = (Vec::new(), false);
        for folder in UNITS.iter().take(UNITS.len() - usize::from(merged)) {
            for name in names(root, folder) {
                has_units |= covered.lacks(&name).is_some();
                if name.ends_with(".wants") || name.ends_with(".requires") {
                    wants.push([folder, "/", &name].concat());
                }
            }
        }
        // most roots have mount units below /dev and /sys alone: who wants them is nothing to us
        for folder in wants.iter().filter(|_| has_units) {
            for unit in &names(root, folder) {
                if let Some(point) = covered.lacks(unit) {
                    covered.points.push(point);
                }
            }
        }
        covered
    }

    /// The mount point of a unit, where it is a mount unit's and not yet covered.
    #[inline(never)]
    fn lacks(&self, unit: &str) -> Option<String> {
        let point = unit_path(unit.strip_suffix(".mount")?)?;
        self.by(&point).is_none().then_some(point)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Drops the mount points that don't `stay`.
    pub fn retain(&mut self, stay: &dyn Fn(&str) -> bool) {
        self.points.retain(|point| stay(point));
    }

    /// The mount point `path` (absolute, symbolic links resolved) lies under; empty
    /// when the root's fstab can't be read.
    #[inline(never)]
    pub fn by(&self, path: &str) -> Option<&str> {
        let lies_under = |point: &&String| {
            path.strip_prefix(point.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.points.iter().find(lies_under).map(String::as_str)
    }
}

/// The names in a folder of the root; none where there is no such folder.
#[inline(never)]
fn names(root: &dyn Fetch, folder: &str) -> Vec<String> {
    root.list(folder).ok().flatten().unwrap_or_default()
}

/// The mount point in a line of fstab(5).
#[inline(never)]
fn mount_point(line: &str) -> Option<String> {
    let mut fields = line.split_ascii_whitespace();
    if fields.next()?.starts_with('#') {
        return None;
    }
    let mut point = unescape(fields.next()?, "\\", 3, 8)?;
    while point.ends_with('/') {
        point.pop();
    }
    let automatic = !fields.nth(1).unwrap_or("").split(',').any(|option| option == "noauto");
    (automatic && point.starts_with('/')).then_some(point)
}

/// systemd.unit(5): `-` stands for `/`, `\x2d` for `-`.
fn unit_path(unit: &str) -> Option<String> {
    if unit == "-" {
        return None;
    }
    unescape(&["/", &unit.replace('-', "/")].concat(), "\\x", 2, 16)
}

/// The text without its escapes: `introduction`, then the `digits` of a byte
/// in `base`. What is no escape stays; `None` when it is not UTF-8 then.
#[inline(never)]
fn unescape(text: &str, introduction: &str, digits: usize, base: u32) -> Option<String> {
    let escaped = |rest: &[u8]| {
        let number = rest.strip_prefix(introduction.as_bytes())?.get(..digits)?;
        let mut byte = 0;
        for digit in number {
            byte = byte * base + char::from(*digit).to_digit(base)?;
        }
        u8::try_from(byte).ok()
    };
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let byte = escaped(rest);
        bytes.push(byte.unwrap_or(*first));
        rest =
            if byte.is_some() { rest.get(introduction.len() + digits..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    #[test]
    fn fstab_names_what_covers_the_root() {
        let text = "# /dev/sda1 /old\nLABEL=root / ext4 defaults 0 1\n/dev/vdb\t/var ext4 defaults 0 2\n\
                    swap none swap sw 0 0\n/dev/vdc /mnt ext4 noauto,user 0 0\n//nas/x /home/a\\040b cifs\nbroken\n";
        assert_eq!(text.lines().filter_map(mount_point).collect::<Vec<_>>(), ["/var", "/home/a b"]);
    }

    #[test]
    fn wanted_mount_units_cover_and_others_do_not() {
        let root = Tree::of(
            "",
            &[
                ("/usr/lib/systemd/system/var.mount", ""),
                ("/usr/lib/systemd/system/srv-unwanted.mount", ""),
                ("/usr/lib/systemd/system/dev-mqueue.mount", ""),
                ("/usr/lib/systemd/system/sysinit.target.wants/dev-mqueue.mount", ""),
                ("/etc/systemd/system/local-fs.target.requires/var.mount", ""),
            ],
        );
        assert_eq!(Covered::read(&root, false).points, ["/dev", "/proc", "/run", "/sys", "/tmp", "/var"]);
    }

    #[test]
    fn nothing_is_written_under_the_mounts_of_an_fstab_that_can_not_be_read() {
        let covered = Covered::read(&Tree::default().failing("/etc/fstab", 5), false);
        assert_eq!((covered.by("/etc/motd"), covered.by("/var/lib/cloud")), (Some(""), Some("")));
    }

    #[test]
    fn a_mount_point_in_another_character_set_is_one() {
        let root =
            Tree::default().with_bytes("/etc/fstab", b"/dev/sdb /srv/caf\xe9 ext4 defaults 0 0\n", 0o100_644);
        let covered = Covered::read(&root, false);
        let path = crate::text::of_bytes(b"/srv/caf\xe9/x".to_vec());
        assert!(covered.by(&path).is_some() && covered.by("/srv").is_none());
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
