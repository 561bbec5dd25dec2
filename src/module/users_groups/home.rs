//! Home directories: where they are, and what is put into a new one.

use super::{Context, Plan};
use crate::accounts::{Accounts, home_mode};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::cloud_config::users::User;
use crate::fetch;
use crate::limits;
use crate::os_release::field;
use alloc::string::String;

/// Directories below /etc/skel that are followed.
const DEPTH: usize = 8;

/// The home of a user who is there, or who is about to be made.
pub(in crate::module) fn of(context: &Context<'_>, present: &Accounts, user: &User<'_>) -> String {
    if let Some(present) = present.user(user.name) {
        return present.home.into();
    }
    match user.option("homedir") {
        Some(home) => home.into(),
        None => [&base(context), "/", user.name].concat(),
    }
}

/// Where homes are made (useradd(8)'s `HOME`).
fn base(context: &Context<'_>) -> String {
    let text = fetch::text(context.root, "/etc/default/useradd").unwrap_or_default();
    let base = field(&text, "HOME").trim_end_matches('/');
    if base.starts_with('/') { base.into() } else { "/home".into() }
}

/// Makes a home as useradd(8) does: a directory of the user's with a copy of
/// /etc/skel. What is there already stays.
pub(in crate::module) fn make(context: &Context<'_>, home: &str, user: &str, plan: &mut Plan) {
    if !matches!(plan.finds(context, home), Ok(false)) {
        return;
    }
    let (mode, owner) = (home_mode(context.root), Owner::User(user.into()));
    plan.actions.push(Action::MakeDirectory { path: home.into(), mode, owner });
    copy(context, "/etc/skel", home, user, DEPTH, plan);
}

fn copy(context: &Context<'_>, from: &str, to: &str, user: &str, depth: usize, plan: &mut Plan) {
    let names = match context.root.list(from) {
        Ok(names) => names.unwrap_or_default(),
        Err(error) => return plan.problems.push(error),
    };
    let owner = || Owner::User(user.into());
    for name in names {
        let (from, to) = ([from, "/", &name].concat(), [to, "/", &name].concat());
        let Ok(mode) = plan.mode_of(context, &from) else { continue };
        let mode = mode.unwrap_or(0);
        if mode & 0o170_000 == 0o040_000 && depth > 0 {
            plan.actions.push(Action::MakeDirectory { path: to.clone(), mode: mode & 0o777, owner: owner() });
            copy(context, &from, &to, user, depth - 1, plan);
        } else if mode & 0o170_000 == 0o100_000 {
            match context.root.read(&from, limits::ROOT_FILE) {
                Ok(content) => plan.actions.push(
                    WriteFile {
                        path: to,
                        content: content.unwrap_or_default(),
                        mode: mode & 0o777,
                        owner: owner(),
                        existing: Existing::KeepMetadata,
                    }
                    .into(),
                ),
                Err(error) => plan.problems.push(error),
            }
        }
    }
}
