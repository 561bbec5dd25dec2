//! Changes of passwd(5), group(5), shadow(5) and gshadow(5), text to text:
//! what useradd(8), groupadd(8), usermod(8) and passwd(1) would write. Lines of
//! others stay as they are, to the byte.

use crate::action::{AccountChange, NewUser};
use crate::error::{Error, Result};
use crate::text::fill;
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

/// Makes a change; `today` is counted in days since 1970.
pub fn edit(files: &mut AccountFiles, change: &AccountChange, today: u64) -> Result<()> {
    match change {
        AccountChange::AddGroup { name, system } => {
            if group_number(files, name).is_some() {
                complete_group(files, name);
            } else {
                let taken = numbers(files.group.as_deref(), 2);
                add_group(files, name, free(&taken, *system, name)?);
            }
            Ok(())
        }
        AccountChange::AddUser(user) => add_user(files, user, today),
        AccountChange::AddMember { user, group } => add_member(files, user, group),
        AccountChange::SetPassword { user, hash } => {
            password(files, user, "set", Some(today), &|_| hash.clone())
        }
        AccountChange::LockPassword { user } => password(files, user, "lock", None, &|old| {
            if old.starts_with('!') { old.into() } else { ["!", old].concat() }
        }),
        AccountChange::ExpirePassword { user } => password(files, user, "expire", Some(0), &|old| old.into()),
    }
}

/// The line whose first field is `name`.
fn line<'t>(text: Option<&'t str>, name: &str) -> Option<&'t str> {
    text?.lines().find(|line| line.split(':').next() == Some(name))
}

/// Field `at` of every line as a number.
fn numbers(text: Option<&str>, at: usize) -> Vec<u32> {
    text.unwrap_or_default().lines().filter_map(|line| line.split(':').nth(at)?.parse().ok()).collect()
}

fn group_number(files: &AccountFiles, name: &str) -> Option<u32> {
    line(files.group.as_deref(), name)?.split(':').nth(2)?.parse().ok()
}

/// The next free number: after the highest ordinary one, before the lowest of
/// the system's; where that is at its end, the first free one.
fn free(taken: &[u32], system: bool, name: &str) -> Result<u32> {
    let (first, last) = if system { SYSTEM } else { ORDINARY };
    let inside = taken.iter().copied().filter(|number| (first..=last).contains(number));
    let next = if system {
        inside.min().map_or(last, |low| low - 1)
    } else {
        inside.max().map_or(first, |high| high + 1)
    };
    if (first..=last).contains(&next) {
        return Ok(next);
    }
    let none = || Error::new("add", name, "no number is free");
    (first..=last).find(|number| !taken.contains(number)).ok_or_else(none)
}

/// Puts a line at the end of a file, behind a newline where that lacks one.
fn append(text: &mut Option<String>, line: &str) {
    let text = text.get_or_insert_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    text.push('\n');
}

/// The text with the line of `name` replaced.
fn with_line(text: &str, name: &str, new: &str) -> String {
    let mut changed = String::with_capacity(text.len() + new.len());
    for line in text.split_inclusive('\n') {
        if line.split([':', '\n']).next() == Some(name) {
            changed.push_str(new);
            changed.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else {
            changed.push_str(line);
        }
    }
    changed
}

fn add_group(files: &mut AccountFiles, name: &str, number: u32) {
    append(&mut files.group, &fill("{}:x:{}:", &[name, &number.to_string()]));
    complete_group(files, name);
}

/// Gives a group its line of gshadow where it was interrupted before that.
fn complete_group(files: &mut AccountFiles, name: &str) {
    if files.gshadow.is_some() && line(files.gshadow.as_deref(), name).is_none() {
        append(&mut files.gshadow, &fill("{}:!::", &[name]));
    }
}

fn add_user(files: &mut AccountFiles, user: &NewUser, today: u64) -> Result<()> {
    let name = user.name.as_str();
    if line(files.passwd.as_deref(), name).is_some() {
        return Ok(());
    }
    let taken = numbers(files.passwd.as_deref(), 2);
    let uid = match user.uid {
        Some(uid) if taken.contains(&uid) => {
            let why = fill("the number {} belongs to another user", &[&uid.to_string()]);
            return Err(Error::new("add user", name, why));
        }
        Some(uid) => uid,
        None => free(&taken, user.system, name)?,
    };
    let gid = match &user.group {
        Some(group) => match group_number(files, group).or_else(|| group.parse().ok()) {
            Some(gid) => gid,
            None => return Err(Error::new("add user", name, fill("the root has no group {}", &[group]))),
        },
        None => own_group(files, name, uid, user.system)?,
    };
    let (uid, gid) = (uid.to_string(), gid.to_string());
    append(
        &mut files.passwd,
        &fill("{}:x:{}:{}:{}:{}:{}", &[name, &uid, &gid, &user.gecos, &user.home, &user.shell]),
    );
    let days = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
    let fields = [name, &today.to_string(), &days(user.inactive), &days(user.expires)];
    // A line that was left without its user is not the new one's.
    if line(files.shadow.as_deref(), name).is_none() {
        append(&mut files.shadow, &fill("{}:!:{}:0:99999:7:{}:{}:", &fields));
    }
    Ok(())
}

/// The group called as the user, made with the user's number where that is free.
fn own_group(files: &mut AccountFiles, name: &str, uid: u32, system: bool) -> Result<u32> {
    if let Some(gid) = group_number(files, name) {
        complete_group(files, name);
        return Ok(gid);
    }
    let taken = numbers(files.group.as_deref(), 2);
    let gid = if taken.contains(&uid) { free(&taken, system, name)? } else { uid };
    add_group(files, name, gid);
    Ok(gid)
}

fn add_member(files: &mut AccountFiles, user: &str, group: &str) -> Result<()> {
    if group_number(files, group).is_none() {
        return Err(Error::new("add", fill("{} to group {}", &[user, group]), "the root has no such group"));
    }
    for text in [&mut files.group, &mut files.gshadow] {
        let Some(old) = line(text.as_deref(), group) else { continue };
        let (front, members) = old.rsplit_once(':').unwrap_or((old, ""));
        if !members.split(',').any(|member| member == user) {
            let comma = if members.is_empty() { "" } else { "," };
            let new = [front, ":", members, comma, user].concat();
            *text = text.as_deref().map(|text| with_line(text, group, &new));
        }
    }
    Ok(())
}

/// Changes the password field of a user where it is: in shadow, or in passwd
/// itself (passwd(5): anything but `x`). `day` becomes the day of the last change.
fn password(
    files: &mut AccountFiles,
    user: &str,
    doing: &str,
    day: Option<u64>,
    change: &dyn Fn(&str) -> String,
) -> Result<()> {
    let Some(account) = line(files.passwd.as_deref(), user) else {
        return Err(Error::new(doing, fill("the password of {}", &[user]), "the root has no such user"));
    };
    let mut account: Vec<&str> = account.split(':').collect();
    let in_shadow = line(files.shadow.as_deref(), user);
    let is_elsewhere = account.get(1).is_some_and(|&field| field == "x");
    if in_shadow.is_none() && !is_elsewhere && files.shadow.is_none() {
        let new = change(account.get(1).copied().unwrap_or_default());
        if let Some(field) = account.get_mut(1) {
            *field = &new;
        }
        let new = account.join(":");
        files.passwd = files.passwd.as_deref().map(|text| with_line(text, user, &new));
        return Ok(());
    }
    let blank = fill("{}:!:::::::", &[user]);
    let mut fields: Vec<&str> = in_shadow.unwrap_or(&blank).split(':').collect();
    fields.resize(9, "");
    let (new, day) = (change(fields[1]), day.map(|day| day.to_string()));
    fields[1] = &new;
    if let Some(day) = &day {
        fields[2] = day;
    }
    let new = fields.join(":");
    if in_shadow.is_some() {
        files.shadow = files.shadow.as_deref().map(|text| with_line(text, user, &new));
    } else {
        append(&mut files.shadow, &new);
    }
    // What passwd said of it counts no more.
    if !is_elsewhere {
        if let Some(field) = account.get_mut(1) {
            *field = "x";
        }
        let new = account.join(":");
        files.passwd = files.passwd.as_deref().map(|text| with_line(text, user, &new));
    }
    Ok(())
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
        for change in changes {
            edit(files, change, 20_000).unwrap();
        }
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
        let error = |change: AccountChange| edit(&mut files(), &change, 0).unwrap_err().to_string();
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
        assert_eq!(free(&[], false, "a").unwrap(), 1000);
        assert_eq!(free(&[1000, 1007, 65_534], false, "a").unwrap(), 1008);
        assert_eq!(free(&[1000, 60_000], false, "a").unwrap(), 1001);
        assert_eq!(free(&[100, 998], true, "a").unwrap(), 101);
        let all: Vec<u32> = (100..=999).collect();
        assert!(free(&all, true, "a").is_err());
    }
}
