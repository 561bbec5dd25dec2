//! Users and groups that `users_groups` makes in this boot, and the files of
//! `write_files` that wait for them.

use super::Context;
use super::users_groups::home;
use crate::accounts::Accounts;
use crate::action::{Action, Effect, Owner, WriteFile};
use crate::cloud_config::CloudConfig;
use crate::cloud_config::users::{groups, users};
use crate::syntax::value::Value;
use alloc::string::String;
use alloc::vec::Vec;

/// Those of the configuration that the root does not have.
#[derive(Debug, Default)]
pub(super) struct Newcomers<'a> {
    users: Vec<&'a str>,
    groups: Vec<String>,
    homes: Vec<String>,
}

impl<'a> Newcomers<'a> {
    /// None where cloud.cfg's lists keep one of the two modules from running.
    pub(super) fn of(context: &Context<'a>, present: &Accounts) -> Self {
        let mut new = Self::default();
        if !is_listed(context.config, "users_groups") || !is_listed(context.config, "write_files") {
            return new;
        }
        // What is wrong with them, users_groups tells.
        new.groups.extend(groups(context.config, &mut Vec::new()).iter().map(|group| group.name.into()));
        for user in users(context.config, &mut Vec::new()) {
            if present.user(user.name).is_some() {
                continue;
            }
            new.users.push(user.name);
            new.groups.push(user.name.into());
            new.groups.extend(user.groups.iter().map(|&name| name.into()));
            new.groups.extend(user.option("primary_group").map(String::from));
            new.homes.push(home::of(context, present, &user));
        }
        new.groups.retain(|group| present.gid(group).is_none());
        new
    }

    /// The files that wait for one of them, and the others. A file that comes
    /// after one of its own path waits with it.
    pub(super) fn split(&self, files: Vec<Action>) -> (Vec<Action>, Vec<Action>) {
        let (mut waiting, mut others): (Vec<Action>, Vec<Action>) = (Vec::new(), Vec::new());
        for action in files {
            let is_behind = waiting.iter().any(|other| other.path() == action.path());
            if is_behind || file(&action).is_some_and(|file| self.own(file)) {
                waiting.push(action);
            } else {
                others.push(action);
            }
        }
        (waiting, others)
    }

    fn own(&self, file: &WriteFile) -> bool {
        let is_theirs = match &file.owner {
            Owner::Named { user, group } => {
                let in_group = |name: &str| self.groups.iter().any(|group| group == name);
                self.users.contains(&&**user) || group.as_deref().is_some_and(in_group)
            }
            _ => false,
        };
        is_theirs || self.homes.iter().any(|home| is_below(&file.path, home))
    }
}

/// Whether cloud.cfg's list of the init stage names a module, or there is none.
fn is_listed(config: &CloudConfig<'_>, module: &str) -> bool {
    let Some(list) = config.get("cloud_init_modules") else { return true };
    let name = |item: &Value<'_>| {
        let first = item.items().and_then(|words| words.first()?.as_str()).map(String::from);
        let name = item.as_str().or_else(|| item.get("name")?.as_str()).map(String::from).or(first);
        name.unwrap_or_default().replace('-', "_")
    };
    list.value.items().unwrap_or_default().iter().any(|item| name(item).contains(module))
}

/// What an action writes, if that is a file.
pub(super) fn file(action: &Action) -> Option<&WriteFile> {
    match action {
        Action::WriteFile(file) => Some(file),
        Action::Task(task) => match &task.effect {
            Effect::Fetch(fetched) => Some(&fetched.file),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `path` lies below the directory `home`.
pub(super) fn is_below(path: &str, home: &str) -> bool {
    path.strip_prefix(home.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/') && home.len() > 1)
}
