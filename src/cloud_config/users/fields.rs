//! The keys of one user.

use super::super::passwords::line_of;
use super::entries::Source;
use super::{CloudConfig, FLAGS, OPTIONS, Setting, User, check_name, names, sudoers};
use crate::error::Error;
use crate::instance::public_keys;
use crate::syntax::value::{Data, Value};
use crate::text::{fill, is_space};
use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

/// What Python takes for true, but for the words that say no.
pub(super) fn is_set(value: &Value<'_>) -> bool {
    match &value.data {
        Data::Null => false,
        Data::Bool(value) => *value,
        Data::Int(number) => *number != 0,
        Data::Str(text) => {
            let no = ["", "0", "false", "no", "off", "none"];
            !no.iter().any(|word| text.trim_ascii().eq_ignore_ascii_case(word))
        }
        Data::Seq(items) => !items.is_empty(),
        Data::Map(entries) => !entries.is_empty(),
        _ => true,
    }
}

/// What useradd(8) takes for an option; the error is what it wants.
fn check_option(key: &str, text: &str) -> Result<(), &'static str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match key {
        "uid" if text.parse::<u32>().is_err() => Err("a number"),
        "inactive" if !is_number(text) && text != "-1" => Err("a number of days"),
        "expiredate" if !text.is_empty() && text != "-1" && !text.split('-').all(is_number) => {
            Err("a date (YYYY-MM-DD) or a number of days")
        }
        _ => Ok(()),
    }
}

/// The keys of one user.
pub(super) struct Fields<'a, 'c> {
    pub(super) config: &'c CloudConfig<'a>,
    /// The one that wins first.
    pub(super) sources: &'c [Source<'a>],
}

impl<'a> Fields<'a, '_> {
    /// The value of a key, `null` too; entries may write it with `-` for `_`.
    fn find(&self, key: &str) -> Option<Setting<'a>> {
        self.sources.iter().find_map(|source| match source {
            Source::Path(path) => self.config.find(&fill("{}.{}", &[path, key])),
            Source::Default(setting) | Source::Entry(setting) => {
                let same = |name: &str| name.trim_ascii().replace('-', "_") == key;
                let found = setting.value.entries().iter().find(|(name, _)| name.as_str().is_some_and(same));
                found.map(|(_, value)| Setting { value, ..*setting })
            }
        })
    }

    fn get(&self, key: &str) -> Option<Setting<'a>> {
        self.find(key).filter(|setting| setting.value.data != Data::Null)
    }

    fn is_set(&self, key: &str, default: bool) -> bool {
        self.find(key).map_or(default, |setting| is_set(setting.value))
    }

    /// A value that fits one field of passwd(5).
    fn field(&self, key: &str, problems: &mut Vec<Error>) -> Option<Cow<'a, str>> {
        let setting = self.get(key)?;
        let text = match &setting.value.data {
            Data::Str(text) | Data::Timestamp(text) | Data::BigInt(text) => Cow::Borrowed(&**text),
            Data::Int(number) => Cow::Owned(number.to_string()),
            _ => {
                problems.push(setting.mismatch("add the user at", setting.value, key, "a string"));
                return None;
            }
        };
        if text.contains(|c: char| c == ':' || c.is_control()) {
            let why = fill("{} has colons or line ends", &[key]);
            problems.push(setting.error("add the user at", setting.value, &why));
            return None;
        }
        if key == "primary_group"
            && !text.is_empty()
            && let Err(why) = check_name(&text)
        {
            problems.push(setting.error("add the user at", setting.value, &fill("{}: {}", &[key, why])));
            return None;
        }
        if let Err(wanted) = check_option(key, &text) {
            let why = fill("{} is \"{}\", not {}", &[key, &text, wanted]);
            problems.push(setting.error("add the user at", setting.value, &why));
            return None;
        }
        Some(text).filter(|text| !text.is_empty())
    }

    /// A password or its hash, without the line end that YAML leaves on a block.
    fn secret(&self, key: &str, problems: &mut Vec<Error>) -> Option<Cow<'a, str>> {
        let setting = self.get(key)?;
        let why = match line_of(setting.value) {
            Some(text) if text.is_empty() => return None,
            Some(text) if key != "plain_text_passwd" && text.contains(|c: char| c == ':' || is_space(c)) => {
                "has colons or blanks, as no hash has"
            }
            Some(text) if text.contains(char::is_control) => "has line ends",
            Some(text) => return Some(text),
            None => {
                problems.push(setting.mismatch("set the password at", setting.value, key, "a string"));
                return None;
            }
        };
        problems.push(setting.error("set the password at", setting.value, &fill("{} {}", &[key, why])));
        None
    }

    /// The rules under `key`, one or many, that `check` takes.
    fn rules(
        &self,
        key: &str,
        check: &dyn Fn(&str) -> Result<(), &'static str>,
        problems: &mut Vec<Error>,
    ) -> Vec<&'a str> {
        let Some(setting) = self.get(key) else { return Vec::new() };
        let items = match &setting.value.data {
            Data::Bool(false) => return Vec::new(),
            Data::Seq(items) => items,
            _ => core::slice::from_ref(setting.value),
        };
        let mut rules = Vec::new();
        for item in items {
            match item.as_str().map(str::trim_ascii).map(|text| check(text).map(|()| text)) {
                Some(Ok(text)) => rules.push(text),
                Some(Err(why)) => {
                    let why = fill("{}; the rule is left out of {}", &[why, key]);
                    problems.push(setting.error("take the rule at", item, &why));
                }
                None => problems.push(setting.mismatch("read the rule at", item, key, "a line of text")),
            }
        }
        rules
    }

    /// The groups whose names are names.
    fn named_groups(&self, is_default: bool, problems: &mut Vec<Error>) -> Vec<&'a str> {
        let mut groups = self.groups(is_default, problems);
        groups.retain(|group| match (check_name(group), self.get("groups")) {
            (Err(why), Some(setting)) => {
                let why = fill("{}: {}", &[group, why]);
                problems.push(setting.error("add the groups at", setting.value, &why));
                false
            }
            (named, _) => named.is_ok(),
        });
        groups
    }

    fn groups(&self, is_default: bool, problems: &mut Vec<Error>) -> Vec<&'a str> {
        let of = |setting: Option<Setting<'a>>, problems: &mut Vec<Error>| {
            let Some(setting) = setting else { return Vec::new() };
            names(setting.value).unwrap_or_else(|| {
                problems.push(setting.mismatch("read", setting.value, "groups", "a list"));
                Vec::new()
            })
        };
        if !is_default {
            return of(self.get("groups"), problems);
        }
        // The default user's own groups add to what the distribution gives it;
        // those of an entry called `default` replace both.
        let by = |wanted: fn(&Source<'a>) -> bool| {
            let sources: Vec<_> = self.sources.iter().copied().filter(wanted).collect();
            Fields { config: self.config, sources: &sources }.get("groups")
        };
        let of_default = by(|source| matches!(source, Source::Default(_)));
        if of_default.is_some() {
            return of(of_default, problems);
        }
        let mut groups = of(by(|source| matches!(source, Source::Entry(_))), problems);
        groups.extend(of(by(|source| matches!(source, Source::Path(_))), problems));
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The user; `None`, with a problem, where the keys contradict each other.
    pub(super) fn user(
        &self,
        name: &'a str,
        is_default: bool,
        has_default: bool,
        problems: &mut Vec<Error>,
    ) -> Option<User<'a>> {
        let redirect = match self.contradiction(name) {
            Ok(()) => self.is_set("ssh_redirect_user", false),
            Err(problem) => {
                problems.push(problem);
                return None;
            }
        };
        if redirect && !has_default {
            let why = "ssh_redirect_user is ignored: there is no default user";
            problems.push(Error::new("redirect", name, why));
        }
        let mut options = Vec::new();
        for key in OPTIONS {
            if let Some(value) = self.field(key, problems) {
                options.push((key, value));
            }
        }
        let mut keys = Vec::new();
        if let Some(setting) = self.get("ssh_authorized_keys") {
            public_keys(setting.value, &mut |key| keys.push(key));
        }
        Some(User {
            name,
            is_default,
            options,
            flags: FLAGS.iter().filter(|(key, on)| self.is_set(key, *on)).map(|(key, _)| *key).collect(),
            groups: self.named_groups(is_default, problems),
            passwd: self.secret("passwd", problems),
            plain_text_passwd: self.secret("plain_text_passwd", problems),
            hashed_passwd: self.secret("hashed_passwd", problems),
            sudo: self.rules(
                "sudo",
                &|rule| sudoers::user(name).and_then(|()| sudoers::sudo(rule)),
                problems,
            ),
            doas: self.rules("doas", &|rule| sudoers::doas(rule, name), problems),
            keys,
            redirect: redirect && has_default,
        })
    }

    /// What keeps a user from being made.
    fn contradiction(&self, name: &str) -> Result<(), Error> {
        let entry = self.sources.iter().find_map(|source| match source {
            Source::Default(setting) | Source::Entry(setting) => Some(setting),
            Source::Path(_) => None,
        });
        let because = |why: &str| {
            Err(match entry {
                Some(entry) => entry.error("add the user at", entry.value, &fill("{}: {}", &[name, why])),
                None => Error::new("add user", name, why),
            })
        };
        check_name(name).or_else(because)?;
        if self.get("snapuser").is_some() {
            return because("snapuser is not known here");
        }
        let set = |keys: &[&'static str]| keys.iter().copied().find(|key| self.is_set(key, false));
        let need_home = set(&["ssh_authorized_keys", "ssh_import_id", "ssh_redirect_user"]);
        if let (Some(no_home), Some(need_home)) = (set(&["no_create_home", "system"]), need_home) {
            return because(&fill("{} needs a home, and {} makes none", &[need_home, no_home]));
        }
        let redirect = self.get("ssh_redirect_user").filter(|setting| is_set(setting.value));
        let Some(redirect) = redirect else { return Ok(()) };
        if !matches!(redirect.value.data, Data::Bool(true)) && redirect.value.as_str() != Some("default") {
            let why = "ssh_redirect_user is neither true nor \"default\"";
            return Err(redirect.error("add the user at", redirect.value, why));
        }
        if self.find("ssh_authorized_keys").or_else(|| self.find("ssh_import_id")).is_some() {
            return because("ssh_redirect_user and keys of its own contradict each other");
        }
        Ok(())
    }
}
