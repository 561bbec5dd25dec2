//! `users`, `user`, `groups` and `system_info.default_user`: who is to be on
//! the machine.

mod entries;
mod fields;
mod sudoers;

pub use entries::users;

use super::schema::{Key, Kind};
use super::{CloudConfig, Setting};
use crate::error::Error;
use crate::syntax::value::{Data, Value};
use crate::text::{fill, is_space};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("groups", Kind::Either(&[Kind::Text, Kind::List(&GROUP), GROUP_MAP])),
    Key::new("users", Kind::Either(&[Kind::List(&ENTRY), Kind::Text, Kind::MapOf(&ENTRY)])),
    Key::new("user", Kind::Either(&[Kind::Text, Kind::Map(USER)])),
];

const NAMES: Kind = Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)]);
const GROUP_MAP: Kind = Kind::MapOf(&NAMES);
static GROUP: Kind = Kind::Either(&[Kind::Text, GROUP_MAP]);
static ENTRY: Kind = Kind::Either(&[Kind::Text, Kind::Bool, Kind::List(&Kind::Text), Kind::Map(USER)]);

/// The keys of one user.
static USER: &[Key] = &[
    Key::new("name", Kind::Text),
    Key::new("create_groups", Kind::Bool),
    Key::new("doas", NAMES),
    Key::new("expiredate", Kind::Scalar),
    Key::new("gecos", Kind::Scalar),
    Key::new("groups", Kind::Either(&[NAMES, Kind::MapOf(&Kind::Any)])),
    Key::new("hashed_passwd", Kind::Scalar),
    Key::new("homedir", Kind::Text),
    Key::new("inactive", Kind::Scalar),
    Key::new("lock_passwd", Kind::Bool),
    Key::new("lock-passwd", Kind::Bool),
    Key::new("no_create_home", Kind::Bool),
    Key::new("no_log_init", Kind::Bool),
    Key::new("no_user_group", Kind::Bool),
    Key::new("passwd", Kind::Scalar),
    Key::new("plain_text_passwd", Kind::Scalar),
    Key::new("primary_group", Kind::Scalar),
    Key::new("selinux_user", Kind::Text),
    Key::new("shell", Kind::Text),
    Key::new("ssh_authorized_keys", Kind::Either(&[NAMES, Kind::MapOf(&Kind::Text)])),
    Key::new("ssh-authorized-keys", NAMES),
    Key::new("ssh_import_id", NAMES),
    Key::new("ssh_redirect_user", Kind::Either(&[Kind::Bool, Kind::OneOf(&["default"])])),
    Key::new("sudo", Kind::Either(&[NAMES, Kind::Bool])),
    Key::new("system", Kind::Bool),
    Key::new("uid", Kind::Scalar),
];

/// A group and the users that are to be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Its name.
    pub name: &'a str,
    /// Names of users, sorted, each once.
    pub members: Vec<&'a str>,
}

/// A user. Texts are without `:` and line ends where they go into a line of
/// passwd(5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User<'a> {
    /// Login name.
    pub name: &'a str,
    /// Whether this is the default user.
    pub is_default: bool,
    /// Options of useradd(8) with a value, by their keys here.
    pub options: Vec<(&'static str, Cow<'a, str>)>,
    /// Those of the keys that are on or off that are on: flags of useradd(8),
    /// `create_groups` (groups that are missing are made) and `lock_passwd` (no
    /// logging in with a password).
    pub flags: Vec<&'static str>,
    /// Names of the groups to be in beside the primary one.
    pub groups: Vec<&'a str>,
    /// A password's hash that a user who is there already does not get.
    pub passwd: Option<Cow<'a, str>>,
    /// A password.
    pub plain_text_passwd: Option<Cow<'a, str>>,
    /// A password's hash.
    pub hashed_passwd: Option<Cow<'a, str>>,
    /// Rules for sudoers(5), without the name.
    pub sudo: Vec<&'a str>,
    /// Rules for doas.conf(5).
    pub doas: Vec<&'a str>,
    /// Lines of `authorized_keys`.
    pub keys: Vec<&'a str>,
    /// Whether the cloud's keys only tell to log in as the default user.
    pub redirect: bool,
}

/// Keys whose value becomes the argument of an option of useradd(8).
const OPTIONS: [&str; 8] =
    ["expiredate", "gecos", "homedir", "inactive", "primary_group", "selinux_user", "shell", "uid"];

/// Keys that are on or off, and what they are where nothing is said.
const FLAGS: [(&str, bool); 6] = [
    ("create_groups", true),
    ("lock_passwd", true),
    ("no_create_home", false),
    ("no_log_init", false),
    ("no_user_group", false),
    ("system", false),
];

impl User<'_> {
    /// The value of an option.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| *name == key).map(|(_, value)| &**value)
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }
}

/// The groups in the order of their first mention. What is no group is a
/// problem, and the others count.
pub fn groups<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Vec<Group<'a>> {
    let Some(setting) = config.get("groups") else { return Vec::new() };
    let mut groups = Groups::default();
    match &setting.value.data {
        Data::Str(text) => text.split(',').for_each(|name| groups.add(name, Vec::new())),
        Data::Map(_) => group_entries(&setting, setting.value, &mut groups, problems),
        Data::Seq(items) => {
            for item in items {
                match &item.data {
                    Data::Str(name) => groups.add(name, Vec::new()),
                    Data::Map(_) => group_entries(&setting, item, &mut groups, problems),
                    _ => {
                        problems.push(setting.mismatch(
                            "add the group at",
                            item,
                            "it",
                            "a name or a mapping",
                        ));
                    }
                }
            }
        }
        _ => problems.push(setting.mismatch("read", setting.value, "groups", "a list")),
    }
    let mut groups = groups.found;
    for group in &mut groups {
        group.members.sort_unstable();
        group.members.dedup();
    }
    groups.retain(|group: &Group<'_>| match check_name(group.name) {
        Ok(()) => true,
        Err(why) => {
            problems.push(setting.error(
                "add the groups at",
                setting.value,
                &fill("{}: {}", &[group.name, why]),
            ));
            false
        }
    });
    groups
}

/// `{group: [member, …]}`.
fn group_entries<'a>(
    setting: &Setting<'a>,
    value: &'a Value<'a>,
    groups: &mut Groups<'a>,
    problems: &mut Vec<Error>,
) {
    for (key, members) in value.entries() {
        let Some(name) = key.as_str() else {
            problems.push(setting.mismatch("add the group at", key, "its name", "a string"));
            continue;
        };
        match names(members) {
            Some(members) => groups.add(name, members),
            None if members.data == Data::Null => groups.add(name, Vec::new()),
            None => problems.push(setting.mismatch("add members at", members, "it", "a list of names")),
        }
    }
}

/// Groups as they are found.
#[derive(Default)]
struct Groups<'a> {
    /// Members in no order yet.
    found: Vec<Group<'a>>,
    /// Where among them each name is.
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Groups<'a> {
    fn add(&mut self, name: &'a str, members: Vec<&'a str>) {
        let name = name.trim_ascii();
        if name.is_empty() {
            return;
        }
        let at = *self.places.entry(name).or_insert(self.found.len());
        match self.found.get_mut(at) {
            Some(group) => group.members.extend(members),
            None => self.found.push(Group { name, members }),
        }
    }
}

/// Names in a list, or in a text with commas between; `None` for anything else.
fn names<'a>(value: &'a Value<'a>) -> Option<Vec<&'a str>> {
    let mut found = match &value.data {
        Data::Str(text) => text.split(',').map(str::trim_ascii).collect::<Vec<_>>(),
        Data::Seq(items) => {
            items.iter().map(|item| item.as_str().map(str::trim_ascii)).collect::<Option<_>>()?
        }
        Data::Map(entries) => entries.iter().map(|(key, _)| key.as_str()).collect::<Option<_>>()?,
        _ => return None,
    };
    found.retain(|name| !name.is_empty());
    Some(found)
}

/// Why a text is no name of a user or group.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    // Blanks, and what means something to a shell or in a file that names users.
    let is_kept = |c: char| matches!(c, '_' | '.' | '-' | '$' | '@' | '+');
    let is_bad = |c: char| c.is_control() || is_space(c) || (c.is_ascii_punctuation() && !is_kept(c));
    if matches!(name, "" | "." | "..") || name.starts_with(['-', '+', '@', '$']) || name.chars().any(is_bad) {
        Err("it is not a name")
    } else if name.len() > 32 {
        Err("the name has more than 32 bytes")
    } else {
        Ok(())
    }
}
