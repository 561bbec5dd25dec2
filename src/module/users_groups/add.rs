//! Groups, users and passwords through the system's own programs, or by the
//! account files where it has none.

use super::home;
use super::{Context, Plan};
use crate::accounts::Accounts;
use crate::action::{AccountChange, Again, Effect, NewUser, Program, Task};
use crate::cloud_config::users::User;
use crate::error::Error;
use crate::fetch::{Fetch, may_exist};
use crate::module::password;
use crate::module::system::has_program;
use crate::text::fill;
use alloc::boxed::Box;
use alloc::string::{String, ToString};

/// How accounts are changed.
pub(in crate::module) struct Tools {
    /// Through useradd(8) and its kin.
    has_shadow: bool,
    /// passwd(1) may be there without them.
    has_passwd: bool,
}

/// Makes a group where an earlier groupadd(8) was interrupted: $1 is the group, the rest the command,
/// which ends with 9 if the group is there. It writes group first, then gshadow, in which grpconv(8)
/// puts x for the password and groupadd ! (no password).
const COMPLETE_GROUP: &str = "\
group=$1; shift
\"$@\"; status=$?
[ $status = 9 ] || exit $status
grep -q \"^$group:\" /etc/gshadow 2>/dev/null && exit
grpconv
gpasswd -R \"$group\"
";

/// Makes a user where an earlier useradd(8) was interrupted: $1 is the user, $2 its groups, the rest the
/// command, which ends with 9 if the user is there. It writes passwd first, then shadow and the groups:
/// what is missing of these is completed. The home is what it makes last.
const COMPLETE: &str = "\
user=$1; groups=$2; shift 2
\"$@\"; status=$?
[ $status = 9 ] || exit $status
grep -q \"^$user:\" /etc/shadow 2>/dev/null; shadow=$?
grep -q \"^$user:\" /etc/gshadow 2>/dev/null; gshadow=$?
pwconv; grpconv
[ $shadow = 0 ] || usermod -p '!' \"$user\"
IFS=: read -r _ _ _ gid _ <<END
$(grep \"^$user:\" /etc/passwd)
END
cut -d: -f3 /etc/group | grep -qx \"$gid\" || groupadd -g \"$gid\" \"$user\" || exit
[ $gshadow = 0 ] || ! grep -q \"^$user:.*:$gid:\" /etc/group || gpasswd -R \"$user\"
[ -z \"$groups\" ] || usermod -a -G \"$groups\" \"$user\"
";

/// Keys of a user and the options of useradd(8) they become, as cloud-init
/// sorts them.
const OPTIONS: [(&str, &str); 12] = [
    ("expiredate", "--expiredate"),
    ("gecos", "--comment"),
    ("groups", "--groups"),
    ("homedir", "--home"),
    ("inactive", "--inactive"),
    ("no_log_init", "--no-log-init"),
    ("no_user_group", "--no-user-group"),
    ("primary_group", "--gid"),
    ("selinux_user", "--selinux-user"),
    ("shell", "--shell"),
    ("system", "--system"),
    ("uid", "--uid"),
];

impl Tools {
    /// Looks what the root has.
    pub(in crate::module) fn of(root: &dyn Fetch) -> Self {
        let has_shadow =
            ["useradd", "groupadd", "usermod", "chpasswd"].iter().all(|name| has_program(root, name));
        Self { has_shadow, has_passwd: has_program(root, "passwd") }
    }

    pub(super) fn add_group(&self, name: &str, plan: &mut Plan) {
        plan.actions.push(if self.has_shadow {
            let argv = ["groupadd", name];
            let again = Program::new(&["sh", "-c", COMPLETE_GROUP, "sh", name, "groupadd", name]);
            Program { again: Again::Instead(alloc::vec![again.into()]), ..Program::new(&argv) }.into()
        } else {
            AccountChange::AddGroup { name: name.into(), system: false }.into()
        });
    }

    pub(super) fn add_member(&self, user: &str, group: &str, plan: &mut Plan) {
        plan.actions.push(if self.has_shadow {
            Program::repeatable(&["usermod", "-a", "-G", group, user]).into()
        } else {
            AccountChange::AddMember { user: user.into(), group: group.into() }.into()
        });
    }

    pub(super) fn add_user(&self, context: &Context<'_>, user: &User<'_>, plan: &mut Plan) {
        if self.has_shadow {
            plan.actions.push(useradd(context, user).into());
            return;
        }
        let home = home::of(context, &Accounts::default(), user);
        let new = new_user(context, user, &home, plan);
        plan.actions.push(AccountChange::AddUser(Box::new(new)).into());
        for group in &user.groups {
            self.add_member(user.name, group, plan);
        }
    }

    /// Makes the home of a new user where useradd(8) has not: changes of accounts that follow each
    /// other are written together.
    pub(super) fn make_home(&self, context: &Context<'_>, user: &User<'_>, plan: &mut Plan) {
        if !self.has_shadow && has_home(user) {
            let home = home::of(context, &Accounts::default(), user);
            home::make(context, &home, user.name, plan);
        }
    }

    /// Sets a password from its hash.
    pub(in crate::module) fn set_hash(&self, user: &str, hash: &str, plan: &mut Plan) {
        plan.actions.push(if self.has_shadow {
            let input = fill("{}:{}\n", &[user, hash]).into_bytes();
            Program { input, ..Program::repeatable(&["chpasswd", "-e"]) }.into()
        } else {
            AccountChange::SetPassword { user: user.into(), hash: hash.into() }.into()
        });
    }

    /// Sets a password.
    pub(in crate::module) fn set_password(
        &self,
        context: &Context<'_>,
        user: &str,
        password: &str,
        plan: &mut Plan,
    ) {
        if self.has_shadow {
            let input = fill("{}:{}\n", &[user, password]).into_bytes();
            return plan.actions.push(Program { input, ..Program::repeatable(&["chpasswd"]) }.into());
        }
        match password::hash(context.host, password) {
            Ok(hash) => self.set_hash(user, &hash, plan),
            Err(error) => plan.problems.push(error),
        }
    }

    pub(super) fn lock(&self, user: &str, plan: &mut Plan) {
        plan.actions.push(match (self.has_shadow, self.has_passwd) {
            (true, true) => Program::repeatable(&["passwd", "-l", user]).into(),
            (true, false) => Program::repeatable(&["usermod", "--lock", user]).into(),
            (false, _) => AccountChange::LockPassword { user: user.into() }.into(),
        });
    }

    /// Takes the lock off a password, which is `hash` without it.
    pub(super) fn unlock(&self, user: &str, hash: &str, plan: &mut Plan) {
        match (self.has_shadow, self.has_passwd) {
            (true, true) => plan.actions.push(Program::repeatable(&["passwd", "-u", user]).into()),
            (true, false) => plan.actions.push(Program::repeatable(&["usermod", "--unlock", user]).into()),
            (false, _) => self.set_hash(user, hash, plan),
        }
    }

    /// Has a password changed at the next login.
    pub(in crate::module) fn expire(&self, user: &str, plan: &mut Plan) {
        plan.actions.push(if self.has_shadow && self.has_passwd {
            Program::repeatable(&["passwd", "--expire", user]).into()
        } else {
            AccountChange::ExpirePassword { user: user.into() }.into()
        });
    }
}

/// Whether a home is made for a user.
fn has_home(user: &User<'_>) -> bool {
    !user.has("no_create_home") && !user.has("system")
}

fn useradd(context: &Context<'_>, user: &User<'_>) -> Program {
    let groups = user.groups.join(",");
    let mut argv = alloc::vec!["useradd", user.name];
    for (key, option) in OPTIONS {
        let value = if key == "groups" {
            Some(&*groups).filter(|groups| !groups.is_empty())
        } else {
            user.option(key)
        };
        if user.has(key) {
            argv.push(option);
        } else if let Some(value) = value {
            argv.extend([option, value]);
        }
    }
    argv.push(if has_home(user) { "-m" } else { "-M" });
    let mut completing = alloc::vec!["sh", "-c", COMPLETE, "sh", user.name, groups.as_str()];
    completing.extend(&argv);
    let mut again = alloc::vec![Program::new(&completing).into()];
    // One that was there before gets nothing of useradd(8) either.
    if has_home(user) && !may_exist(context.root, &home::of(context, &Accounts::default(), user)) {
        let what = fill("complete the home of {}", &[user.name]);
        again.push(Task { what, effect: Effect::CompleteHome { user: user.name.into() } }.into());
    }
    Program { again: Again::Instead(again), ..Program::new(&argv) }
}

fn new_user(context: &Context<'_>, user: &User<'_>, home: &str, plan: &mut Plan) -> NewUser {
    let mut number = |key: &str, read: &dyn Fn(&str) -> Option<u32>| {
        let text = user.option(key)?;
        let number = read(text);
        if number.is_none() {
            let why = fill("{} makes no sense: {}", &[key, text]);
            plan.problems.push(Error::new("add user", user.name, why));
        }
        number
    };
    let digits = |text: &str| text.parse().ok();
    let shell = user.option("shell").map_or_else(|| default_shell(context), String::from);
    NewUser {
        name: user.name.into(),
        uid: number("uid", &digits),
        group: match user.option("primary_group") {
            Some(group) => Some(group.into()),
            // useradd(8)'s own default where the user gets no group.
            None => user.has("no_user_group").then(|| 100.to_string()),
        },
        gecos: user.option("gecos").unwrap_or_default().into(),
        home: home.into(),
        shell,
        system: user.has("system"),
        expires: number("expiredate", &password::days_of),
        inactive: number("inactive", &digits),
    }
}

/// The first of the usual shells that the root has.
fn default_shell(context: &Context<'_>) -> String {
    let shells = ["/bin/bash", "/bin/sh"];
    shells.iter().find(|path| may_exist(context.root, path)).unwrap_or(&"/bin/sh").to_string()
}
