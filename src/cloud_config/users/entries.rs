//! The entries of `users`, each with the places its keys come from.

use super::fields::{Fields, is_set};
use super::{CloudConfig, Setting, User, names};
use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Where the keys of one user are looked up, the first that has one wins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// A mapping of the merged configuration.
    Path(&'static str),
    /// An entry of `users` for the default user.
    Default(Setting<'a>),
    /// An entry of `users` with a name of its own.
    Entry(Setting<'a>),
}

/// A user's name and its sources.
struct Entry<'a> {
    name: &'a str,
    sources: Vec<Source<'a>>,
}

/// The users in the order they are made: the default user comes last. One that
/// is none is a problem, and the others count.
pub fn users<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Vec<User<'a>> {
    let mut entries = entries(config, problems);
    let mut default = None;
    if let Some(at) = entries.iter().position(|entry| entry.name == "default") {
        let of_default = entries.remove(at);
        match config.default_user_name() {
            Some(name) => {
                let at = entries.iter().position(|entry| entry.name == name);
                let own = at.map(|at| entries.remove(at).sources).unwrap_or_default();
                entries.push(Entry { name, sources: default_sources(of_default.sources, own) });
                default = Some(name);
            }
            None => problems.push(Error::new("add", "the default user", "the root's cloud.cfg names none")),
        }
    }
    let user = |entry: &Entry<'a>| {
        let fields = Fields { config, sources: &entry.sources };
        let is_default = default == Some(entry.name);
        fields.user(entry.name, is_default, default.is_some(), problems)
    };
    entries.iter().filter_map(user).collect()
}

fn default_sources<'a>(of_default: Vec<Source<'a>>, own: Vec<Source<'a>>) -> Vec<Source<'a>> {
    let mut sources = Vec::from([Source::Path("user"), Source::Path("system_info.default_user")]);
    sources.extend(of_default.into_iter().map(|source| match source {
        Source::Entry(setting) => Source::Default(setting),
        other => other,
    }));
    sources.extend(own);
    sources
}

/// The entries of `users`, an entry `default` where one is meant.
fn entries<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut places = BTreeMap::new();
    let mut add = |name: &'a str, source: Option<Source<'a>>| {
        let name = name.trim_ascii();
        if name.is_empty() {
            return;
        }
        let at = *places.entry(name).or_insert(entries.len());
        match entries.get_mut(at) {
            Some(entry) => entry.sources.extend(source),
            None => entries.push(Entry { name, sources: source.into_iter().collect() }),
        }
    };
    if let Some(setting) = config.get("users") {
        match &setting.value.data {
            Data::Str(_) => {
                let mut sorted = names(setting.value).unwrap_or_default();
                sorted.sort_unstable();
                for name in sorted {
                    add(name, None);
                }
            }
            Data::Map(users) => {
                for (key, value) in users {
                    of_mapping(&setting, key, value, &mut add).unwrap_or_else(|error| problems.push(error));
                }
            }
            Data::Seq(items) => {
                for value in items {
                    of_item(&setting, value, &mut add).unwrap_or_else(|error| problems.push(error));
                }
            }
            _ => problems.push(setting.mismatch("read", setting.value, "users", "a list")),
        }
    }
    if config.get("user").is_some() {
        add("default", None);
    }
    entries
}

/// `NAME: {…}`, or `NAME: true` for one without more.
fn of_mapping<'a>(
    setting: &Setting<'a>,
    key: &'a Value<'a>,
    value: &'a Value<'a>,
    add: &mut dyn FnMut(&'a str, Option<Source<'a>>),
) -> Result<()> {
    let source = Source::Entry(Setting { value, ..*setting });
    match (key.as_str(), &value.data) {
        (Some(name), Data::Map(_)) => add(name, Some(source)),
        (Some(name), Data::Bool(_) | Data::Int(_) | Data::Str(_)) if is_set(value) => add(name, None),
        (Some(_), Data::Bool(_) | Data::Int(_) | Data::Str(_)) => {}
        _ => return Err(setting.mismatch("add the user at", value, "it", "a mapping")),
    }
    Ok(())
}

/// An item of the list: a mapping with `name`, or names alone.
fn of_item<'a>(
    setting: &Setting<'a>,
    value: &'a Value<'a>,
    add: &mut dyn FnMut(&'a str, Option<Source<'a>>),
) -> Result<()> {
    let source = Source::Entry(Setting { value, ..*setting });
    if let Data::Map(_) = value.data {
        let why = match value.get_set("name").map(Value::as_str) {
            Some(Some(name)) => {
                add(name, Some(source));
                return Ok(());
            }
            Some(None) => "its name is not a string",
            None => {
                // As with cloud-init such an entry asks for the default user: without any user the
                // machine takes no login.
                add("default", None);
                if value.get("username").is_some() {
                    "it has no name; username is none"
                } else {
                    "it has no name"
                }
            }
        };
        return Err(setting.error("add the user at", value, why));
    }
    let Some(names) = names(value) else {
        return Err(setting.mismatch("add the user at", value, "it", "a name or a mapping"));
    };
    for name in names {
        add(name, None);
    }
    Ok(())
}
