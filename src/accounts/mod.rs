//! Users and groups of a root, from its own /etc/passwd and /etc/group
//! (passwd(5), group(5)).

pub mod edit;
mod table;

use crate::error::Result;
use crate::fetch::{self, Fetch};
use crate::syntax::order::order;
use alloc::string::String;
use alloc::vec::Vec;

/// One line of /etc/passwd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User<'a> {
    /// Login name.
    pub name: &'a str,
    /// Number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Home directory.
    pub home: &'a str,
}

/// Permission bits of a new home, as the root's login.defs(5) wants them.
pub fn home_mode(root: &dyn Fetch) -> u32 {
    let text = fetch::text(root, "/etc/login.defs").unwrap_or_default();
    let setting = |name: &str| {
        let of_line = |line: &str| {
            let mut words = line.split_ascii_whitespace();
            (words.next() == Some(name)).then(|| u32::from_str_radix(words.next()?, 8).ok()).flatten()
        };
        text.lines().find_map(of_line)
    };
    setting("HOME_MODE").unwrap_or(0o777 & !setting("UMASK").unwrap_or(0o022)) & 0o777
}

/// The users and groups of one root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    passwd: Lines,
    group: Lines,
}

/// Lines of which each begins with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lines {
    text: String,
    /// Where each line begins, by name; equal names in the order of the file.
    starts: Vec<usize>,
}

impl Lines {
    #[inline(never)]
    fn of(text: String) -> Self {
        let mut starts = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            starts.push(at);
            at += line.len();
        }
        let unsorted = Self { text, starts };
        let by_name = order(unsorted.starts.len(), &|one, other| {
            let name = |at: usize| name(unsorted.line(unsorted.starts[at]));
            name(one).cmp(name(other))
        });
        let starts = by_name.into_iter().map(|at| unsorted.starts[at]).collect();
        Self { text: unsorted.text, starts }
    }

    fn line(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default()
    }

    /// The lines of `wanted`.
    #[inline(never)]
    fn of_name(&self, wanted: &str) -> impl Iterator<Item = &str> {
        let first = self.starts.partition_point(|start| name(self.line(*start)) < wanted);
        let rest = self.starts.get(first..).unwrap_or_default();
        rest.iter().map(|start| self.line(*start)).take_while(move |line| name(line) == wanted)
    }
}

fn name(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

impl Accounts {
    /// Reads them; a file that is missing has no accounts, a line that is not one
    /// is passed over. A name that is not UTF-8 is as [`crate::text::of_bytes`] has it.
    pub fn read(root: &dyn Fetch) -> Result<Self> {
        let lines = |path: &str| Ok(Lines::of(fetch::read(root, path)?.unwrap_or_default()));
        Ok(Self { passwd: lines("/etc/passwd")?, group: lines("/etc/group")? })
    }

    /// The user called `name`.
    #[inline(never)]
    pub fn user(&self, name: &str) -> Option<User<'_>> {
        self.passwd.of_name(name).find_map(user)
    }

    /// Every user, by name.
    pub fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.passwd.starts.iter().filter_map(|start| user(self.passwd.line(*start)))
    }

    /// The number of a user, given by name or as digits.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.user(name).map(|user| user.uid).or_else(|| name.parse().ok())
    }

    /// The number of a group, given by name or as digits.
    pub fn gid(&self, name: &str) -> Option<u32> {
        self.group.of_name(name).find_map(|line| group(line, name)).or_else(|| name.parse().ok())
    }
}

fn user(line: &str) -> Option<User<'_>> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(User { name, uid, gid, home: fields.nth(1)? })
}

fn group(line: &str, name: &str) -> Option<u32> {
    let mut fields = line.split(':');
    fields.next().filter(|group| *group == name)?;
    fields.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_none_are_passed_over() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n# no\nadmin:y:z\n\
                      admin:x:1000:1001::/home/admin:\nx:y:z\n:x:1:1::/:\n";
        let accounts = Accounts {
            passwd: Lines::of(passwd.into()),
            group: Lines::of("wheel:y\nwheel:x:10:\nbad\n".into()),
        };
        assert_eq!(accounts.uid("root"), Some(0));
        let admin = User { name: "admin", uid: 1000, gid: 1001, home: "/home/admin" };
        assert_eq!(accounts.user("admin"), Some(admin));
        assert_eq!(accounts.user("x"), None);
        assert_eq!(accounts.user(""), None);
        assert_eq!(accounts.gid("wheel"), Some(10));
        assert_eq!(accounts.gid("bad"), None);
        assert_eq!(accounts.uid("1234"), Some(1234));
        assert_eq!(accounts.uid("nobody"), None);
    }
}
