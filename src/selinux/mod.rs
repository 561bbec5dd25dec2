//! The label that a root's SELinux policy gives a path: selinux_config(5),
//! file_contexts(5), selabel_file(5). The answers are those of libselinux,
//! whose file formats have no other description than its code.

mod class;
mod group;
mod pattern;

use crate::fetch::{self, Fetch};
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
pub use pattern::Matcher;

/// What kind of file a label is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
}

/// The file contexts of one policy.
#[derive(Debug, Default)]
pub struct FileContexts {
    /// file_contexts, .homedirs and .local.
    text: String,
    /// Where each line of it begins, in the order of preference: patterns,
    /// then plain paths; the last that matches wins.
    lines: Vec<u32>,
    /// .subs, then .subs_dist: prefixes that stand for others.
    substitutions: [String; 2],
}

/// Where the policy in use is named.
const CONFIG: &str = "/etc/selinux/config";

impl FileContexts {
    /// Those of the policy that `root` boots with; `None` where it has none or
    /// SELinux is disabled.
    #[inline(never)]
    pub fn read(root: &dyn Fetch) -> Option<Self> {
        let config = fetch::text(root, CONFIG)?;
        if setting(&config, "SELINUX=")?.eq_ignore_ascii_case("disabled") {
            return None;
        }
        let policy = setting(&config, "SELINUXTYPE=").unwrap_or("targeted");
        let file = |suffix: &str| {
            fetch::text(root, &fill("/etc/selinux/{}/contexts/files/file_contexts{}", &[policy, suffix]))
        };
        let mut text = file("")?;
        for suffix in &[".homedirs", ".local"] {
            text.push('\n');
            text.push_str(&file(suffix).unwrap_or_default());
        }
        let substitutions = [file(".subs").unwrap_or_default(), file(".subs_dist").unwrap_or_default()];
        let mut lines = lines(&text);
        regroup(&mut text, &mut lines);
        Some(Self { text, lines, substitutions })
    }

    /// The label of the file of this `kind` at `path`, absolute and without
    /// symbolic links; `None` where the policy gives it none (`<<none>>`).
    ///
    /// The last line that matches wins, but a plain path goes before every
    /// pattern.
    #[inline(never)]
    pub fn label(&self, path: &str, kind: Kind, matcher: &mut Matcher) -> Option<&str> {
        let mut path = path.to_owned();
        for list in &self.substitutions {
            path = substituted(list, path);
        }
        let wanted = match kind {
            Kind::File => "--",
            Kind::Directory => "-d",
            Kind::Link => "-l",
        };
        for &start in self.lines.iter().rev() {
            let line = self.text.get(start as usize..).unwrap_or_default();
            if !pattern::may_match(line.as_bytes(), path.as_bytes()) {
                continue;
            }
            let Some(line) = Line::parse(line) else { continue };
            if line.kind.is_none_or(|kind| kind == wanted) && matcher.matches(line.pattern, &path) {
                return (line.label != "<<none>>").then_some(line.label);
            }
        }
        None
    }
}

/// Where the lines of a text begin, the patterns first.
#[inline(never)]
fn lines(text: &str) -> Vec<u32> {
    let mut starts = Vec::new();
    for plain in [false, true] {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let end = rest.bytes().position(|byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
            let indent = rest.len() - rest.trim_ascii_start().len();
            if indent < end
                && Line::parse(rest).is_some_and(|line| pattern::is_plain(line.pattern) == plain)
                && let Ok(start) = u32::try_from(at + indent)
            {
                starts.push(start);
            }
            at += end;
        }
    }
    starts
}

/// Gives the lines whose pattern has alternatives outside of brackets another
/// that says the same in brackets.
#[inline(never)]
fn regroup(text: &mut String, lines: &mut [u32]) {
    for start in lines {
        let Some(line) = text.get(*start as usize..).and_then(Line::parse) else { continue };
        let Some(group) = group::grouped(line.pattern) else { continue };
        let line = fill("\n{} {} {}", &[&group, line.kind.unwrap_or_default(), line.label]);
        if let Ok(place) = u32::try_from(text.len() + 1) {
            text.push_str(&line);
            *start = place;
        }
    }
}

/// A line of file_contexts: `PATTERN [TYPE] LABEL`.
struct Line<'t> {
    pattern: &'t str,
    kind: Option<&'t str>,
    label: &'t str,
}

impl<'t> Line<'t> {
    /// Reads the line a text begins with.
    #[inline(never)]
    fn parse(text: &'t str) -> Option<Self> {
        let mut fields = text.lines().next()?.split_ascii_whitespace();
        let pattern = fields.next()?;
        if pattern.starts_with('#') {
            return None;
        }
        let (second, third) = (fields.next()?, fields.next());
        let kind = third.map(|_| second);
        Some(Self { pattern, kind, label: third.unwrap_or(second) })
    }
}

/// Takes the last line off a text.
fn last_line<'t>(text: &mut &'t str) -> &'t str {
    let end = text.trim_end_matches('\n');
    let start = end.bytes().rposition(|byte| byte == b'\n').map_or(0, |newline| newline + 1);
    *text = end.get(..start).unwrap_or_default();
    end.get(start..).unwrap_or_default()
}

/// The value of `KEY=` in /etc/selinux/config; the last one counts.
#[inline(never)]
fn setting<'t>(config: &'t str, key: &str) -> Option<&'t str> {
    let value = |line: &'t str| line.trim_ascii_start().strip_prefix(key).map(str::trim_ascii);
    config.lines().rev().find_map(value)
}

/// `path` with a prefix replaced where a line `PREFIX REPLACEMENT` has it; of
/// several the last line counts.
#[inline(never)]
fn substituted(list: &str, path: String) -> String {
    let mut rest = list;
    while !rest.is_empty() {
        let mut fields = last_line(&mut rest).split_ascii_whitespace();
        let (Some(prefix), Some(mut by)) = (fields.next(), fields.next()) else { continue };
        if prefix.starts_with('#') {
            continue;
        }
        if let Some(tail) = path.strip_prefix(prefix)
            && (tail.is_empty() || tail.starts_with('/'))
        {
            if by == "/" && !tail.is_empty() {
                by = "";
            }
            return [by, tail].concat();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    const CONTEXTS: &str = "# a policy\n\
        /.*\tsystem_u:object_r:default_t:s0\n\
        /etc(/.*)?\tsystem_u:object_r:etc_t:s0\n\
        /etc/plain\t--\tsystem_u:object_r:plain_t:s0\n\
        /etc/pl.*\tsystem_u:object_r:pattern_t:s0\n\
        /etc/d\t-d\tsystem_u:object_r:dir_t:s0\n\
        /usr/bin/.*\tsystem_u:object_r:bin_t:s0\n\
        /mnt(/.*)?\t<<none>>\n\
        /broken\n";

    fn contexts(more: &[(&str, &str)]) -> FileContexts {
        let folder = "/etc/selinux/mine/contexts/files/file_contexts";
        let mut tree = Tree::of("", &[(CONFIG, "SELINUX=enforcing\n# SELINUXTYPE=no\nSELINUXTYPE=mine \n")])
            .with(folder, CONTEXTS, 0o100_644);
        for (suffix, text) in more {
            tree = tree.with(&[folder, suffix].concat(), text, 0o100_644);
        }
        FileContexts::read(&tree).unwrap()
    }

    fn kind_of(contexts: &FileContexts, path: &str, kind: Kind) -> String {
        let label = contexts.label(path, kind, &mut Matcher::default());
        label.and_then(|label| label.split(':').nth(2)).unwrap_or("none").to_owned()
    }

    #[test]
    fn the_last_line_wins_and_plain_paths_before_patterns() {
        let contexts = contexts(&[]);
        for (path, kind, label) in [
            ("/x", Kind::File, "default_t"),
            ("/etc/x", Kind::File, "etc_t"),
            ("/etc/plain", Kind::File, "plain_t"),
            ("/etc/plain", Kind::Link, "pattern_t"),
            ("/etc/d", Kind::Directory, "dir_t"),
            ("/etc/d", Kind::File, "etc_t"),
            ("/mnt/x", Kind::File, "none"),
        ] {
            assert_eq!(kind_of(&contexts, path, kind), label, "{path}");
        }
    }

    #[test]
    fn what_is_local_wins_and_prefixes_stand_for_others() {
        let contexts = contexts(&[
            (".homedirs", "/home/[^/]+ -d u:r:home_t\n/etc/a u:r:homedirs_t\n"),
            (".local", "/etc/a u:r:local_t\n/etc/(a|b) u:r:pattern_t\n/srv/a|/srv/b -d u:r:either_t\n"),
            (".subs", "/my /sbin\n/top /\n"),
            (".subs_dist", "# no\n/sbin /never\n/sbin /usr/bin\nbroken\n"),
        ]);
        for (path, kind, label) in [
            ("/home/me", Kind::Directory, "home_t"),
            ("/home/me", Kind::File, "default_t"),
            ("/etc/a", Kind::File, "local_t"),
            ("/etc/b", Kind::File, "pattern_t"),
            ("/srv/a/x", Kind::Directory, "either_t"),
            ("/srv/x/srv/b", Kind::Directory, "either_t"),
            ("/srv/b", Kind::File, "default_t"),
            ("/sbin/x", Kind::File, "bin_t"),
            ("/my/x", Kind::File, "bin_t"),
            ("/sbinx", Kind::File, "default_t"),
            ("/top/etc/x", Kind::File, "etc_t"),
        ] {
            assert_eq!(kind_of(&contexts, path, kind), label, "{path}");
        }
    }

    #[test]
    fn a_root_without_a_policy_has_no_labels() {
        for files in [
            &[][..],
            &[(CONFIG, "SELINUX=Disabled\nSELINUXTYPE=mine\n")],
            &[(CONFIG, "SELINUX=enforcing\nSELINUXTYPE=mine\n")],
        ] {
            assert!(FileContexts::read(&Tree::of("", files)).is_none(), "{files:?}");
        }
    }
}
