//! `users_groups`: groups, users, what they may do, and their keys.

mod add;
pub(super) mod home;
mod rules;

use super::authorized_keys::{Account, authorize, keys};
use super::newcomers::Newcomers;
use super::write_files;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::accounts::Accounts;
use crate::action::Owner;
use crate::cloud_config::ssh::{DISABLE_ROOT, redirect_options};
use crate::cloud_config::users::{User, groups, users};
use crate::error::Error;
use crate::state::paths::Frequency;
use crate::text::fill;
pub(super) use add::Tools;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "users_groups",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Ok(present) = plan.accounts(context) else { return };
    let tools = Tools::of(context.root);
    let groups = groups(context.config, &mut plan.problems);
    let users = users(context.config, &mut plan.problems);
    let mut made = BTreeSet::new();
    for group in &groups {
        add_group(&tools, &present, group.name, &mut made, plan);
        for member in &group.members {
            if present.user(member).is_some() {
                tools.add_member(member, group.name, plan);
            } else {
                let why = "there is no such user; users are made after groups, and take `groups` themselves";
                let whom = fill("{} to group {}", &[member, group.name]);
                plan.problems.push(Error::new("add", whom, why));
            }
        }
    }
    let is_new = |user: &User<'_>| present.user(user.name).is_none();
    for user in &users {
        if is_new(user) {
            let primary = user.option("primary_group").filter(|name| name.parse::<u32>().is_err());
            for group in user.groups.iter().copied().chain(primary).filter(|_| user.has("create_groups")) {
                add_group(&tools, &present, group, &mut made, plan);
            }
            tools.add_user(context, user, plan);
        }
        passwords(&tools, context, user, is_new(user), plan);
    }
    for user in users.iter().filter(|user| is_new(user)) {
        tools.make_home(context, user, plan);
    }
    let default = users.iter().find(|user| user.is_default).map(|user| user.name);
    for user in &users {
        authorized(context, &present, user, default, plan);
    }
    let with_rules = users.iter().filter(|user| !user.sudo.is_empty());
    let rules: Vec<_> = with_rules.map(|user| (user.name, &*user.sudo)).collect();
    rules::sudo(context, &rules, plan);
    rules::doas(context, &users, plan);
    write_files::plan_of_newcomers(context, &Newcomers::of(context, &present), plan);
}

/// Makes a group that is not there yet.
fn add_group<'a>(
    tools: &Tools,
    present: &Accounts,
    name: &'a str,
    made: &mut BTreeSet<&'a str>,
    plan: &mut Plan,
) {
    // A number is one of a group that is there, or else no name.
    if present.gid(name).is_none() && made.insert(name) {
        tools.add_group(name, plan);
    }
}

fn passwords(tools: &Tools, context: &Context<'_>, user: &User<'_>, is_new: bool, plan: &mut Plan) {
    if let Some(hash) = user.passwd.as_deref().filter(|_| is_new) {
        tools.set_hash(user.name, hash, plan);
    }
    if let Some(password) = &user.plain_text_passwd {
        tools.set_password(context, user.name, password, plan);
    }
    if let Some(hash) = &user.hashed_passwd {
        tools.set_hash(user.name, hash, plan);
    }
    if user.has("lock_passwd") {
        tools.lock(user.name, plan);
    } else if !is_new && user.plain_text_passwd.is_none() && user.hashed_passwd.is_none() {
        unlock(tools, context, user.name, plan);
    }
}

/// Takes the lock off a password. One that is a lock and nothing else stays: without it anybody
/// could log in.
fn unlock(tools: &Tools, context: &Context<'_>, user: &str, plan: &mut Plan) {
    let Ok(shadow) = plan.old(context, "/etc/shadow") else { return };
    let shadow = shadow.unwrap_or_default();
    let of_user = |line: &&str| line.split(':').next() == Some(user);
    let password = shadow.lines().find(of_user).and_then(|line| line.split(':').nth(1)).unwrap_or_default();
    let hash = password.trim_start_matches('!');
    if hash.len() < password.len() && !matches!(hash, "" | "*") {
        tools.unlock(user, hash, plan);
    }
}

/// The keys of a user, or the cloud's where they only tell whom to log in as.
fn authorized(
    context: &Context<'_>,
    present: &Accounts,
    user: &User<'_>,
    default: Option<&str>,
    plan: &mut Plan,
) {
    let (lines, options): (Vec<&str>, String) = match default.filter(|_| user.redirect) {
        Some(default) => {
            let lines = context.instance.metadata.public_keys.iter().map(String::as_str).collect();
            (lines, redirect_options(DISABLE_ROOT, default, user.name))
        }
        None => (user.keys.clone(), String::new()),
    };
    if user.redirect && lines.is_empty() {
        let why = "the cloud gives no keys to redirect";
        plan.problems.push(Error::new("redirect", user.name, why));
    }
    let keys = keys(&lines, &[" of ", user.name].concat(), plan);
    if keys.is_empty() {
        return;
    }
    let home = home::of(context, present, user);
    let owner = Owner::User(user.name.into());
    authorize(context, &Account { name: user.name, home: &home, owner }, &keys, &options, plan);
}

#[cfg(test)]
mod tests;
