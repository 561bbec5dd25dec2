//! Users and groups of a root, from its own /etc/passwd and /etc/group
//! (passwd(5), group(5)).

use crate::fetch::Fetch;
use crate::limits;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// One line of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Home directory.
    pub home: String,
}

/// The users and groups of one root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    users: Vec<User>,
    groups: Vec<(String, u32)>,
}

impl Accounts {
    /// Reads them; a file that is missing or can't be read has no accounts,
    /// a line that is not one is passed over.
    pub fn read(root: &dyn Fetch) -> Self {
        let text = |path: &str| {
            let content = root.read(path, limits::ROOT_FILE).ok().flatten().unwrap_or_default();
            String::from_utf8_lossy(&content).into_owned()
        };
        Self { users: users(&text("/etc/passwd")), groups: groups(&text("/etc/group")) }
    }

    /// The user called `name`, or numbered so.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The number of a user, given by name or as digits.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.user(name).map(|user| user.uid).or_else(|| name.parse().ok())
    }

    /// The number of a group, given by name or as digits.
    pub fn gid(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|(group, _)| group == name).map(|&(_, gid)| gid).or_else(|| name.parse().ok())
    }
}

fn users(text: &str) -> Vec<User> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            let home = fields.nth(1)?.to_owned();
            Some(User { name, uid, gid, home })
        })
        .collect()
}

fn groups(text: &str) -> Vec<(String, u32)> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            Some((fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_none_are_passed_over() {
        let users = users(
            "root:x:0:0:root:/root:/bin/sh\n# no\nadmin:x:1000:1001::/home/admin:\nx:y:z\n:x:1:1::/:\n",
        );
        assert_eq!(
            users.iter().map(|user| (user.name.as_str(), user.uid)).collect::<Vec<_>>(),
            [("root", 0), ("admin", 1000)]
        );
        assert_eq!(users[1].home, "/home/admin");
        let accounts = Accounts { users, groups: groups("wheel:x:10:\nbad\n") };
        assert_eq!(accounts.gid("wheel"), Some(10));
        assert_eq!(accounts.uid("1234"), Some(1234));
        assert_eq!(accounts.uid("nobody"), None);
    }
}
