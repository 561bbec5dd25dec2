//! Users and groups of a root, from its own /etc/passwd and /etc/group
//! (passwd(5), group(5)).

pub mod edit;

use crate::error::Result;
use crate::fetch::{self, Fetch};
use alloc::string::String;

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

/// The users and groups of one root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    passwd: String,
    group: String,
}

impl Accounts {
    /// Reads them; a file that is missing has no accounts, a line that is not one
    /// is passed over. A name that is not UTF-8 is as [`crate::text::of_bytes`] has it.
    pub fn read(root: &dyn Fetch) -> Result<Self> {
        let text = |path: &str| Ok(fetch::read(root, path)?.unwrap_or_default());
        Ok(Self { passwd: text("/etc/passwd")?, group: text("/etc/group")? })
    }

    /// The user called `name`.
    #[inline(never)]
    pub fn user(&self, name: &str) -> Option<User<'_>> {
        self.passwd.lines().find_map(|line| user(line).filter(|user| user.name == name))
    }

    /// The number of a user, given by name or as digits.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.user(name).map(|user| user.uid).or_else(|| name.parse().ok())
    }

    /// The number of a group, given by name or as digits.
    pub fn gid(&self, name: &str) -> Option<u32> {
        self.group.lines().find_map(|line| group(line, name)).or_else(|| name.parse().ok())
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
        let accounts = Accounts { passwd: passwd.into(), group: "wheel:y\nwheel:x:10:\nbad\n".into() };
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
