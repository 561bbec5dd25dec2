//! Changes of passwd(5), group(5), shadow(5) and gshadow(5), text to text:
//! what useradd(8), groupadd(8), usermod(8) and passwd(1) would write. Lines of
//! others stay as they are, to the byte.

use super::table::Table;
use crate::action::{AccountChange, NewUser};
use crate::error::{Error, Result};
use crate::text::fill;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The account files of a root; `None`: it has no such file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFiles {
    /// /etc/passwd.
    pub passwd: Option<String>,
    /// /etc/group.
    pub group: Option<String>,
    /// /etc/shadow.
    pub shadow: Option<String>,
    /// /etc/gshadow.
    pub gshadow: Option<String>,
}

/// Numbers of users and groups: ordinary ones are counted up, the system's
/// down (login.defs(5) as distributions have it).
const ORDINARY: (u32, u32) = (1000, 60_000);
const SYSTEM: (u32, u32) = (100, 999);

/// Changes account files in memory, each change at the cost of what it changes.
pub struct Editor {
    passwd: Table,
    group: Table,
    shadow: Table,
    gshadow: Table,
    /// Days since 1970.
    today: u64,
}

impl Editor {
    /// Takes the files as they are; `today` is counted in days since 1970.
    pub fn new(files: &AccountFiles, today: u64) -> Self {
        Self {
            passwd: Table::of(files.passwd.as_deref()),
            group: Table::of(files.group.as_deref()),
            shadow: Table::of(files.shadow.as_deref()),
            gshadow: Table::of(files.gshadow.as_deref()),
            today,
        }
    }

    /// The files with the changes made.
    pub fn files(&self) -> AccountFiles {
        AccountFiles {
            passwd: self.passwd.text(),
            group: self.group.text(),
            shadow: self.shadow.text(),
            gshadow: self.gshadow.text(),
        }
    }

    /// Makes a change; one that fails changes nothing.
    pub fn change(&mut self, change: &AccountChange) -> Result<()> {
        match change {
            AccountChange::AddGroup { name, system } => {
                if self.group.number(name).is_some() {
                    self.complete_group(name);
                } else {
                    let number = free(self.group.numbers(), *system, name)?;
                    self.add_group(name, number);
                }
                Ok(())
            }
            AccountChange::AddUser(user) => self.add_user(user),
            AccountChange::AddMember { user, group } => self.add_member(user, group),
            AccountChange::SetPassword { user, hash } => {
                self.password(user, "set", Some(self.today), &|_| hash.clone())
            }
            AccountChange::LockPassword { user } => self.password(user, "lock", None, &|old| {
                if old.starts_with('!') { old.into() } else { ["!", old].concat() }
            }),
            AccountChange::ExpirePassword { user } => {
                self.password(user, "expire", Some(0), &|old| old.into())
            }
        }
    }

    fn add_group(&mut self, name: &str, number: u32) {
        self.group.append(fill("{}:x:{}:", &[name, &number.to_string()]));
        self.complete_group(name);
    }

    /// Gives a group its line of gshadow where it was interrupted before that.
    fn complete_group(&mut self, name: &str) {
        if self.gshadow.is_there() && self.gshadow.line(name).is_none() {
            self.gshadow.append(fill("{}:!::", &[name]));
        }
    }

    fn add_user(&mut self, user: &NewUser) -> Result<()> {
        let name = user.name.as_str();
        if self.passwd.line(name).is_some() {
            return Ok(());
        }
        let taken = self.passwd.numbers();
        let uid = match user.uid {
            Some(uid) if taken.contains(&uid) => {
                let why = fill("the number {} belongs to another user", &[&uid.to_string()]);
                return Err(Error::new("add user", name, why));
            }
            Some(uid) => uid,
            None => free(taken, user.system, name)?,
        };
        let gid = match &user.group {
            Some(group) => match self.group.number(group).or_else(|| group.parse().ok()) {
                Some(gid) => gid,
                None => return Err(Error::new("add user", name, fill("the root has no group {}", &[group]))),
            },
            None => self.own_group(name, uid, user.system)?,
        };
        let (uid, gid) = (uid.to_string(), gid.to_string());
        let fields = [name, &uid, &gid, &user.gecos, &user.home, &user.shell];
        self.passwd.append(fill("{}:x:{}:{}:{}:{}:{}", &fields));
        let days = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
        let fields = [name, &self.today.to_string(), &days(user.inactive), &days(user.expires)];
        // A line that was left without its user is not the new one's.
        if self.shadow.line(name).is_none() {
            self.shadow.append(fill("{}:!:{}:0:99999:7:{}:{}:", &fields));
        }
        Ok(())
    }

    /// The group called as the user, made with the user's number where that is free.
    fn own_group(&mut self, name: &str, uid: u32, system: bool) -> Result<u32> {
        if let Some(gid) = self.group.number(name) {
            self.complete_group(name);
            return Ok(gid);
        }
        let taken = self.group.numbers();
        let gid = if taken.contains(&uid) { free(taken, system, name)? } else { uid };
        self.add_group(name, gid);
        Ok(gid)
    }

    fn add_member(&mut self, user: &str, group: &str) -> Result<()> {
        if self.group.number(group).is_none() {
            let whom = fill("{} to group {}", &[user, group]);
            return Err(Error::new("add", whom, "the root has no such group"));
        }
        self.group.add_member(group, user);
        self.gshadow.add_member(group, user);
        Ok(())
    }

    /// Changes the password field of a user where it is: in shadow, or in passwd
    /// itself (passwd(5): anything but `x`). `day` becomes the day of the last change.
    fn password(
        &mut self,
        user: &str,
        doing: &str,
        day: Option<u64>,
        change: &dyn Fn(&str) -> String,
    ) -> Result<()> {
        let Some(account) = self.passwd.line(user) else {
            return Err(Error::new(doing, fill("the password of {}", &[user]), "the root has no such user"));
        };
        let field = account.split(':').nth(1).unwrap_or_default();
        let is_elsewhere = field == "x";
        if !is_elsewhere && !self.shadow.is_there() {
            let new = with_field(account, &change(field));
            self.passwd.replace(user, new);
            return Ok(());
        }
        // What passwd said of it counts no more.
        let account = (!is_elsewhere).then(|| with_field(account, "x"));
        self.shadow_password(user, day, change);
        if let Some(account) = account {
            self.passwd.replace(user, account);
        }
        Ok(())
    }

    fn shadow_password(&mut self, user: &str, day: Option<u64>, change: &dyn Fn(&str) -> String) {
        let blank = fill("{}:!:::::::", &[user]);
        let present = self.shadow.line(user);
        let mut fields: Vec<&str> = present.unwrap_or(&blank).split(':').collect();
        fields.resize(9, "");
        let (new, day) = (change(fields[1]), day.map(|day| day.to_string()));
        fields[1] = &new;
        if let Some(day) = &day {
            fields[2] = day;
        }
        let new = fields.join(":");
        if present.is_some() {
            self.shadow.replace(user, new);
        } else {
            self.shadow.append(new);
        }
    }
}

/// A line of passwd(5) with another password field.
fn with_field(line: &str, field: &str) -> String {
    let mut fields: Vec<&str> = line.split(':').collect();
    if let Some(old) = fields.get_mut(1) {
        *old = field;
    }
    fields.join(":")
}

/// The next free number: after the highest ordinary one, before the lowest of
/// the system's; where that is at its end, the first free one.
fn free(taken: &BTreeSet<u32>, system: bool, name: &str) -> Result<u32> {
    let (first, last) = if system { SYSTEM } else { ORDINARY };
    let mut inside = taken.range(first..=last);
    let next = if system {
        inside.next().map_or(last, |low| low - 1)
    } else {
        inside.next_back().map_or(first, |high| high + 1)
    };
    if (first..=last).contains(&next) {
        return Ok(next);
    }
    let none = || Error::new("add", name, "no number is free");
    (first..=last).find(|number| !taken.contains(number)).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> AccountFiles {
        AccountFiles {
            passwd: Some("root:x:0:0:root:/root:/bin/sh\nold:y:1000:1000::/home/old:/bin/sh".into()),
            group: Some("root:x:0:\nwheel:x:10:root\nold:x:1000:\n".into()),
            shadow: Some("root:*:::::::\n".into()),
            gshadow: Some("root:*::\nwheel:!::root\n".into()),
        }
    }

    fn user(name: &str) -> NewUser {
        let home = ["/home/", name].concat();
        NewUser { name: name.into(), home, shell: "/bin/sh".into(), ..NewUser::default() }
    }

    fn all(files: &mut AccountFiles, changes: &[AccountChange]) {
        let mut editor = Editor::new(files, 20_000);
        for change in changes {
            editor.change(change).unwrap();
        }
        *files = editor.files();
    }

    fn set(user: &str) -> AccountChange {
        AccountChange::SetPassword { user: user.into(), hash: "$6$s$h".into() }
    }

    #[test]
    fn a_user_gets_its_lines_and_twice_is_once() {
        let changes = [
            AccountChange::AddGroup { name: "app".into(), system: false },
            AccountChange::AddUser(Box::new(NewUser {
                gecos: "A B".into(),
                expires: Some(30_000),
                ..user("ann")
            })),
            AccountChange::AddUser(Box::new(NewUser {
                system: true,
                group: Some("wheel".into()),
                inactive: Some(5),
                ..user("svc")
            })),
            AccountChange::AddMember { user: "ann".into(), group: "wheel".into() },
            AccountChange::AddMember { user: "ann".into(), group: "app".into() },
        ];
        let mut files = files();
        all(&mut files, &changes);
        let once = files.clone();
        all(&mut files, &changes);
        assert_eq!(files, once);
        assert_eq!(
            files.passwd.as_deref(),
            Some(
                "root:x:0:0:root:/root:/bin/sh\nold:y:1000:1000::/home/old:/bin/sh\n\
                 ann:x:1001:1002:A B:/home/ann:/bin/sh\nsvc:x:999:10::/home/svc:/bin/sh\n"
            )
        );
        assert_eq!(
            files.group.as_deref(),
            Some("root:x:0:\nwheel:x:10:root,ann\nold:x:1000:\napp:x:1001:ann\nann:x:1002:\n")
        );
        assert_eq!(
            files.shadow.as_deref(),
            Some("root:*:::::::\nann:!:20000:0:99999:7::30000:\nsvc:!:20000:0:99999:7:5::\n")
        );
        assert_eq!(files.gshadow.as_deref(), Some("root:*::\nwheel:!::root,ann\napp:!::ann\nann:!::\n"));
    }

    #[test]
    fn passwords_are_changed_where_they_are() {
        let lock = |user: &str| AccountChange::LockPassword { user: user.into() };
        let mut both = files();
        all(&mut both, &[set("root"), lock("root"), lock("root"), set("old")]);
        assert_eq!(both.shadow.as_deref(), Some("root:!$6$s$h:20000::::::\nold:$6$s$h:20000::::::\n"));
        assert!(both.passwd.unwrap().ends_with("\nold:x:1000:1000::/home/old:/bin/sh"));
        let mut alone = AccountFiles { shadow: None, ..files() };
        all(&mut alone, &[set("old"), lock("old")]);
        assert!(alone.passwd.unwrap().ends_with("\nold:!$6$s$h:1000:1000::/home/old:/bin/sh"));
        assert_eq!(alone.shadow, None);
        let mut expired = files();
        all(&mut expired, &[AccountChange::ExpirePassword { user: "root".into() }]);
        assert_eq!(expired.shadow.as_deref(), Some("root:*:0::::::\n"));
    }

    #[test]
    fn what_can_not_be_is_told() {
        let error = |change: AccountChange| Editor::new(&files(), 0).change(&change).unwrap_err().to_string();
        assert_eq!(error(set("no")), "unable to set the password of no: the root has no such user");
        let taken = NewUser { uid: Some(1000), ..user("ann") };
        assert_eq!(
            error(AccountChange::AddUser(Box::new(taken))),
            "unable to add user ann: the number 1000 belongs to another user"
        );
        let lost = NewUser { group: Some("no".into()), ..user("ann") };
        assert_eq!(
            error(AccountChange::AddUser(Box::new(lost))),
            "unable to add user ann: the root has no group no"
        );
        let member = AccountChange::AddMember { user: "a".into(), group: "no".into() };
        assert_eq!(error(member), "unable to add a to group no: the root has no such group");
    }

    #[test]
    fn numbers_run_out_and_gaps_are_found() {
        let next = |taken: &[u32], system| free(&taken.iter().copied().collect(), system, "a");
        assert_eq!(next(&[], false).unwrap(), 1000);
        assert_eq!(next(&[1000, 1007, 65_534], false).unwrap(), 1008);
        assert_eq!(next(&[1000, 60_000], false).unwrap(), 1001);
        assert_eq!(next(&[100, 998], true).unwrap(), 101);
        let all: Vec<u32> = (100..=999).collect();
        assert!(next(&all, true).is_err());
    }
}
